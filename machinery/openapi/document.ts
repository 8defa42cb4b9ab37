/** An OpenAPI document before it is written: what is large in it is made member by member, when the writer comes to it. */

import type { JsonSchema } from './json-schema.ts';

export type Entry = readonly [name: string, make: () => JsonSchema];

/** Read once, in this order: definitions are those that the paths refer to. */
export interface OpenApiDocument {
  /** All but what follows. */
  readonly head: JsonSchema;
  readonly paths: Iterable<Entry>;
  readonly definitions: Iterable<Entry>;
}

/** The text of a document, piece by piece. `definitionsAt`: the members that lead to the definitions. */
export function* jsonPieces(
  { head, paths, definitions }: OpenApiDocument,
  definitionsAt: readonly string[],
): Generator<string> {
  yield `${JSON.stringify(head).slice(0, -1)},"paths":`;
  yield* members(paths);
  yield `,${definitionsAt.map((name) => `${JSON.stringify(name)}:`).join('{')}`;
  yield* members(definitions);
  yield '}'.repeat(definitionsAt.length);
}

function* members(entries: Iterable<Entry>): Generator<string> {
  let before = '{';
  for (const [name, make] of entries) {
    yield `${before}${JSON.stringify(name)}:${JSON.stringify(make())}`;
    before = ',';
  }
  yield before === '{' ? '{}' : '}';
}
