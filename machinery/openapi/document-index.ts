/**
 * Which documents there are of the kinds of one time, and the hash of each. A hash is made of what its kinds say of
 * themselves, once for each kind: a change of one definition costs one.
 */

import { createHash } from 'node:crypto';
import type { DescribedResource } from '../schema/described-resource.ts';
import { isPublished, openApiFacts } from '../schema/schema.ts';
import { readDescriptions } from './descriptions.ts';
import { discoveryPaths, openApiPathOf } from './openapi-v3.ts';
import { pathsOfKind } from './operations.ts';

export class DocumentIndex {
  readonly kinds: readonly DescribedResource[];
  /** By path (`apis/apps/v1`). */
  readonly #byPath = new Map<string, DescribedResource[]>();
  /** What answers there. */
  readonly #discovery: ReadonlyMap<string, string>;
  readonly #hashes = new Map<string, string>();
  #text: string | undefined;

  constructor(kinds: readonly DescribedResource[]) {
    this.kinds = kinds;
    this.#discovery = discoveryPaths(kinds);
    for (const kind of kinds) {
      const path = openApiPathOf(kind);
      const known = this.#byPath.get(path);
      if (known) known.push(kind);
      else this.#byPath.set(path, [kind]);
    }
  }

  kindsAt(path: string): readonly DescribedResource[] {
    return this.#byPath.get(path) ?? [];
  }

  discoveryAt(path: string): string | undefined {
    return this.#discovery.get(path);
  }

  /** The answer to `/openapi/v3`, as JSON: documents are named by hash, so that clients may keep them for ever. */
  get text(): string {
    this.#text ??= JSON.stringify({
      paths: Object.fromEntries(this.#paths().map((path) => [path, this.#entry(path)])),
    });
    return this.#text;
  }

  /** Changes whenever the document may have changed; an empty path stands for the whole API. Undefined: there is none. */
  hash(path: string): string | undefined {
    let hash = this.#hashes.get(path);
    if (hash !== undefined) return hash;
    const kinds = path === '' ? this.kinds : this.kindsAt(path);
    if (kinds.length === 0 && !this.#discovery.has(path)) return undefined;
    hash = sha512([factsHash(), path, ...kinds.map(revisionOf)]);
    this.#hashes.set(path, hash);
    return hash;
  }

  #paths(): string[] {
    return [...new Set([...this.#discovery.keys(), ...this.#byPath.keys()])].sort();
  }

  #entry(path: string): { readonly serverRelativeURL: string } {
    return { serverRelativeURL: `/openapi/v3/${path}?hash=${this.hash(path)}` };
  }
}

const sha512 = (parts: readonly unknown[]): string =>
  createHash('sha512').update(JSON.stringify(parts)).digest('hex').toUpperCase();

let hashOfFacts: string | undefined;

function factsHash(): string {
  hashOfFacts ??= sha512([openApiFacts(), readDescriptions()]);
  return hashOfFacts;
}

const revisions = new WeakMap<DescribedResource, string>();

/** Changes with what documents say of the kind. */
function revisionOf(kind: DescribedResource): string {
  if (kind.description !== undefined) return `${kind.plural} ${kind.description.revision}`;
  let revision = revisions.get(kind);
  if (revision === undefined) {
    const { definition, fact } = kind.schema;
    revision = sha512([pathsOfKind(kind), isPublished(definition) ? '' : fact]);
    revisions.set(kind, revision);
  }
  return revision;
}
