/** Definitions as OpenAPI writes them, version 2 or 3, from the facts, the sentences, and nothing else. */

import { openApiFacts } from '../schema/schema.ts';
import type { Descriptions } from './descriptions.ts';

export type JsonSchema = Readonly<Record<string, unknown>>;

export type Dialect = 'v2' | 'v3';

/** The names of all definitions that `roots` lead to, themselves included, in alphabetical order. */
export function reachableDefinitions(roots: Iterable<string>): string[] {
  const { definitions } = openApiFacts();
  const found = new Set<string>();
  const visit = (name: string): void => {
    if (found.has(name) || !Object.hasOwn(definitions, name)) return;
    found.add(name);
    for (const [, next = ''] of JSON.stringify(definitions[name]).matchAll(/"\$ref":"([^"]+)"/g)) visit(next);
  };
  for (const root of roots) visit(root);
  return [...found].sort();
}

/** One definition in full. */
export function definitionSchema(name: string, dialect: Dialect, descriptions: Descriptions): JsonSchema {
  const fact = openApiFacts().definitions[name] ?? {};
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

function convertProperties(
  properties: object,
  sentences: Readonly<Record<string, string>>,
  dialect: Dialect,
): JsonSchema {
  return Object.fromEntries(
    Object.entries(properties).map(([name, fact]) => [name, convert(fact as Fact, dialect, sentences[name])]),
  );
}

function convert(fact: Fact, dialect: Dialect, sentence?: string): JsonSchema {
  const { $ref, items, additionalProperties, ...rest } = fact;
  return {
    ...described(sentence),
    ...(typeof $ref === 'string' && reference($ref, dialect, sentence !== undefined || Object.keys(rest).length > 0)),
    ...(items !== undefined && { items: convert(items as Fact, dialect) }),
    ...(additionalProperties !== undefined && { additionalProperties: convert(additionalProperties as Fact, dialect) }),
    ...rest,
  };
}

/** In version 3 nothing may stand beside a `$ref`. What the facts do not describe is any object. */
export function reference(name: string, dialect: Dialect, hasSiblings = false): JsonSchema {
  if (!Object.hasOwn(openApiFacts().definitions, name)) return { type: 'object' };
  if (dialect === 'v2') return { $ref: `#/definitions/${name}` };
  const ref = { $ref: `#/components/schemas/${name}` };
  return hasSiblings ? { allOf: [ref] } : ref;
}
