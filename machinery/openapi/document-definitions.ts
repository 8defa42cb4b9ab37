/**
 * The definitions of one document: published ones, as far as its requests and answers lead to them, those of kinds that
 * nobody has published, and those of custom kinds, which refer to nothing but metadata.
 */

import { compareKeys } from '../../base/compare.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { isPublished, openApiFacts } from '../schema/schema.ts';
import { customDefinitions, isCustom, referredDefinitions } from './custom-definitions.ts';
import { type Descriptions, readDescriptions } from './descriptions.ts';
import type { Entry } from './document.ts';
import {
  type Definitions,
  type Dialect,
  definitionSchema,
  type JsonSchema,
  reachableDefinitions,
  reference,
  unpublishedDefinitions,
} from './json-schema.ts';

export class DocumentDefinitions {
  readonly #dialect: Dialect;
  readonly #roots: Set<string>;
  readonly #facts: Definitions;
  readonly #custom: ReadonlyMap<string, Entry[1]>;
  readonly #descriptions: Descriptions = readDescriptions();

  constructor(kinds: readonly DescribedResource[], dialect: Dialect) {
    this.#dialect = dialect;
    const custom = kinds.filter(isCustom);
    const others = kinds.filter((kind) => !isCustom(kind));
    this.#roots = new Set(others.map(({ schema }) => schema.definition));
    if (custom.length > 0) for (const name of referredDefinitions) this.#roots.add(name);
    const unpublished = others.filter(({ schema }) => !isPublished(schema.definition));
    const { definitions } = openApiFacts();
    this.#facts =
      unpublished.length === 0
        ? definitions
        : { ...definitions, ...Object.fromEntries(unpublished.flatMap(unpublishedDefinitions)) };
    this.#custom = new Map(custom.flatMap((kind) => customDefinitions(kind, dialect, this.#descriptions)));
  }

  /** Those that were referred to by then, and what they lead to, in alphabetical order. Read once, after all paths. */
  *entries(): Generator<Entry> {
    const facts = reachableDefinitions(this.#roots, this.#facts).map(
      (fact): Entry => [fact[0], () => definitionSchema(fact, this.#dialect, this.#descriptions)],
    );
    yield* [...facts, ...this.#custom].sort(compareKeys);
  }

  /** What is not described is any object. */
  reference(name: string): JsonSchema {
    if (this.#custom.has(name)) return reference(name, this.#dialect);
    if (!Object.hasOwn(this.#facts, name)) return { type: 'object' };
    this.#roots.add(name);
    return reference(name, this.#dialect);
  }
}
