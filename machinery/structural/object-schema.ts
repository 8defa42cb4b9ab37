/**
 * A structural schema as server-side apply and patches see it (`ObjectSchema`): which parts of an object have owners of
 * their own, and what identifies the items of a list.
 */

import { type Field, type ObjectReader, type ObjectSchema, objectSchemaOf, type Schema } from '../schema/schema.ts';
import type { StructuralNode } from './structural-node.ts';

const objectMeta = 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta';
const raw: Schema = { type: 'raw' };

export interface ObjectSchemaOptions {
  readonly definition: string;
  readonly gvk: readonly [group: string, version: string, kind: string];
  readonly reader: ObjectReader;
}

/** Of whole objects. */
export function customObjectSchema(root: StructuralNode, options: ObjectSchemaOptions): ObjectSchema {
  const { definition, gvk, reader } = options;
  return new StructuralObject({ ...root, isEmbedded: true }, definition, { gvk, reader });
}

interface Whole {
  readonly gvk: ObjectSchemaOptions['gvk'];
  readonly reader: ObjectReader;
}

/** Builds its fields when they are first read: most kinds are never applied. */
class StructuralObject implements ObjectSchema {
  readonly type = 'object';
  readonly definition: string;
  readonly goType: string;
  readonly atomic: boolean;
  readonly isOpen: boolean;
  readonly fact: ObjectSchema['fact'];
  readonly reader?: ObjectReader;
  readonly #node: StructuralNode;
  #fields: ReadonlyMap<string, Field> | undefined;

  constructor(node: StructuralNode, definition: string, whole?: Whole) {
    this.#node = node;
    this.definition = definition;
    this.goType = definition.split('.').slice(-2).join('.');
    this.atomic = node.schema['x-kubernetes-map-type'] === 'atomic';
    this.isOpen = node.preservesUnknown;
    this.fact = { type: 'object', ...(whole && { gvk: whole.gvk }) };
    if (whole !== undefined) this.reader = whole.reader;
  }

  get fields(): ReadonlyMap<string, Field> {
    this.#fields ??= this.#buildFields();
    return this.#fields;
  }

  #buildFields(): ReadonlyMap<string, Field> {
    const fields = new Map<string, Field>();
    for (const [name, node] of this.#node.properties)
      fields.set(name, this.#field(name, schemaOf(node, `${this.definition}.${name}`)));
    if (this.#node.isEmbedded) {
      for (const name of ['apiVersion', 'kind']) fields.set(name, this.#field(name, { type: 'string' }));
      fields.set('metadata', this.#field('metadata', objectSchemaOf(objectMeta)));
    }
    return fields;
  }

  #field(name: string, schema: Schema): Field {
    const required = this.#node.schema.required?.includes(name) ?? false;
    return { name, schema, required, patchStrategies: [], patchMergeKey: undefined };
  }
}

function schemaOf(node: StructuralNode, definition: string): Schema {
  const { schema } = node;
  switch (schema.type) {
    case 'object':
      return objectOrMap(node, definition);
    case 'array':
      return {
        type: 'list',
        items: node.items ? schemaOf(node.items, definition) : raw,
        listType: listTypeOf(schema['x-kubernetes-list-type']),
        keys: schema['x-kubernetes-list-map-keys'] ?? [],
      };
    case 'boolean':
    case 'string':
      return { type: schema.type };
    case 'integer':
      return { type: 'int64' };
    case 'number':
      return { type: 'double' };
    default:
      return raw;
  }
}

function objectOrMap(node: StructuralNode, definition: string): Schema {
  if (node.properties.size > 0 || node.isEmbedded) return new StructuralObject(node, definition);
  const atomic = node.schema['x-kubernetes-map-type'] === 'atomic';
  return { type: 'map', values: node.additional?.node ? schemaOf(node.additional.node, definition) : raw, atomic };
}

const listTypeOf = (type: string | undefined) => (type === 'set' || type === 'map' ? type : 'atomic');
