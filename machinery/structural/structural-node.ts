/**
 * A structural schema as a tree that objects are walked with: what prunes, fills in and validates asks each node what is
 * below it, and whether it needs to look there at all. Value validations (`value-schema.ts`) and CEL rules (`rules/`)
 * are compiled beside it.
 */

import { isSchema, type JsonSchema } from './json-schema.ts';

export interface StructuralNode {
  readonly schema: JsonSchema;
  readonly properties: ReadonlyMap<string, StructuralNode>;
  /** Members that `properties` does not name are kept, and are of this schema where there is one. */
  readonly additional: { readonly node: StructuralNode | undefined } | undefined;
  readonly items: StructuralNode | undefined;
  readonly preservesUnknown: boolean;
  /** `apiVersion`, `kind` and `metadata` are here what they are in any object. */
  readonly isEmbedded: boolean;
  readonly isNullable: boolean;
  /** Pruned; undefined: none. Copied before it goes into an object. */
  default: unknown;
  /** How many schemas it is made of. */
  readonly size: number;
  /** How long the CEL rules are, its own and those below. */
  readonly ruleLength: number;
  /** Whether it, or anything below it, has … */
  readonly has: { readonly defaults: boolean; readonly embedded: boolean; readonly listTypes: boolean };
}

/** What may be in an object beside what its schema names. */
export const isMetaField = (name: string): boolean => name === 'apiVersion' || name === 'kind' || name === 'metadata';

export function buildNode(schema: JsonSchema): StructuralNode {
  const properties = new Map(
    Object.entries(schema.properties ?? {}).map(([name, child]) => [name, buildNode(child)] as const),
  );
  const { additionalProperties } = schema;
  const additional =
    additionalProperties === undefined
      ? undefined
      : { node: isSchema(additionalProperties) ? buildNode(additionalProperties) : undefined };
  const items = isSchema(schema.items) ? buildNode(schema.items) : undefined;
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const listType = schema['x-kubernetes-list-type'];
  const below = [...properties.values(), additional?.node, items].filter((node) => node !== undefined);
  const hasDefault = schema.default !== undefined && schema.default !== null;
  return {
    schema,
    properties,
    additional,
    items,
    preservesUnknown: schema['x-kubernetes-preserve-unknown-fields'] === true,
    isEmbedded,
    isNullable: schema.nullable === true,
    default: hasDefault ? schema.default : undefined,
    size: sum(below, ({ size }) => size) + 1,
    ruleLength: sum(below, ({ ruleLength }) => ruleLength) + ownRuleLength(schema),
    has: {
      defaults: hasDefault || below.some(({ has }) => has.defaults),
      embedded: isEmbedded || below.some(({ has }) => has.embedded),
      listTypes: listType === 'set' || listType === 'map' || below.some(({ has }) => has.listTypes),
    },
  };
}

const sum = (nodes: readonly StructuralNode[], of: (node: StructuralNode) => number): number =>
  nodes.reduce((total, node) => total + of(node), 0);

const ownRuleLength = (schema: JsonSchema): number =>
  (schema['x-kubernetes-validations'] ?? []).reduce(
    (total, { rule = '', messageExpression = '' }) => total + rule.length + messageExpression.length,
    0,
  );

/** The node of a member of an object; undefined: nothing is known of it. */
export function memberNode(node: StructuralNode, name: string): StructuralNode | undefined {
  return node.properties.get(name) ?? node.additional?.node;
}
