/** Definitions as OpenAPI writes them, version 2 or 3, from the facts, the sentences, and nothing else. */

import { isRecord } from '../../api/json-record.ts';
import { compareKeys } from '../../base/compare.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import type { FactSchema } from '../schema/schema.ts';
import type { Descriptions } from './descriptions.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export type Dialect = 'v2' | 'v3';

/** By name. */
export type Definitions = Readonly<Record<string, FactSchema>>;

/** Of a kind that nobody has published, and of its list. */
export function unpublishedDefinitions({ group, version, kind, schema }: DescribedResource): [string, FactSchema][] {
  const { definition, fact } = schema;
  const list: FactSchema = {
    type: 'object',
    required: ['items'],
    properties: {
      apiVersion: { type: 'string' },
      items: { type: 'array', items: { $ref: definition } },
      kind: { type: 'string' },
      metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ListMeta' },
    },
    gvk: [group, version, `${kind}List`],
  };
  return [
    [definition, { ...fact, gvk: [group, version, kind] }],
    [`${definition}List`, list],
  ];
}

/** All definitions that `roots` lead to, themselves included, by name in alphabetical order. */
export function reachableDefinitions(roots: Iterable<string>, definitions: Definitions): [string, FactSchema][] {
  const found = new Map<string, FactSchema>();
  const visit = (name: string): void => {
    const fact = Object.hasOwn(definitions, name) ? definitions[name] : undefined;
    if (found.has(name) || fact === undefined) return;
    found.set(name, fact);
    for (const [, next = ''] of JSON.stringify(fact).matchAll(/"\$ref":"([^"]+)"/g)) visit(next);
  };
  for (const root of roots) visit(root);
  return [...found].sort(compareKeys);
}

/** One definition in full. */
export function definitionSchema(
  [name, fact]: readonly [string, FactSchema],
  dialect: Dialect,
  descriptions: Descriptions,
): JsonSchema {
  const sentences = descriptions[name] ?? {};
  const { gvk, properties, ...rest } = fact;
  return {
    ...described(sentences['']),
    ...convert(rest, dialect),
    ...(unions[name] !== undefined && dialect === 'v3' && unions[name]),
    ...(properties && { properties: convertProperties(properties, sentences, dialect) }),
    ...(gvk && { 'x-kubernetes-group-version-kind': [{ group: gvk[0], kind: gvk[2], version: gvk[1] }] }),
  };
}

/** Strings that may also be numbers: version 2 has no way to say so. */
const unions: Readonly<Record<string, JsonSchema>> = {
  'io.k8s.apimachinery.pkg.util.intstr.IntOrString': {
    type: undefined,
    oneOf: [{ type: 'integer' }, { type: 'string' }],
  },
  'io.k8s.apimachinery.pkg.api.resource.Quantity': {
    type: undefined,
    oneOf: [{ type: 'string' }, { type: 'number' }],
  },
};

const described = (sentence: string | undefined): { description?: string } =>
  sentence === undefined ? {} : { description: sentence };

type Fact = Readonly<Record<string, unknown>>;

/** What is true or false where a schema may stand says nothing of fields. */
const factOf = (value: unknown): Fact => (isRecord(value) ? value : {});

function convertProperties(
  properties: object,
  sentences: Readonly<Record<string, string>>,
  dialect: Dialect,
): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, fact]) => [name, convert(fact, dialect, sentences[name])]),
  );
}

function convert(fact: Fact, dialect: Dialect, sentence?: string): JsonSchema {
  const { $ref, items, additionalProperties, properties, ...rest } = fact;
  return {
    ...described(sentence),
    ...(typeof $ref === 'string' && reference($ref, dialect, sentence !== undefined || Object.keys(rest).length > 0)),
    ...(items !== undefined && { items: convert(factOf(items), dialect) }),
    ...(additionalProperties !== undefined && { additionalProperties: convert(factOf(additionalProperties), dialect) }),
    ...(properties !== undefined && { properties: convertProperties(factOf(properties), {}, dialect) }),
    ...rest,
  };
}

/** In version 3 nothing may stand beside a `$ref`. */
export function reference(name: string, dialect: Dialect, hasSiblings = false): JsonSchema {
  if (dialect === 'v2') return { $ref: `#/definitions/${name}` };
  const ref = { $ref: `#/components/schemas/${name}` };
  return hasSiblings ? { allOf: [ref] } : ref;
}
