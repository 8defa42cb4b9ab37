/**
 * CONTRACT: which kinds there are now. A value, made when a server starts and handed to whatever asks: routing, storage,
 * discovery, OpenAPI, codecs. It begins with the table of kinds; others come and go while the server runs.
 *
 * Invariants:
 * - no two kinds have one place in URLs, or one name;
 * - a kind is known before its listeners hear of it, and unknown before they hear that it is gone;
 * - `all()` answers with the same array for as long as nothing has changed.
 */

import { type Resource, resourceKeyOf } from '../api/resource.ts';
import type { Kind } from './kind.ts';

export type KindChange =
  | { readonly type: 'added' | 'removed'; readonly kind: Kind }
  /** The same kind is shown otherwise: what is read and written of it stays as it is. */
  | { readonly type: 'replaced'; readonly kind: Kind; readonly previous: Kind };

/** What an object names in `apiVersion` and `kind`. */
type KindName = Pick<Resource, 'group' | 'version' | 'kind'>;
/** What a URL names. */
export type ResourceName = Pick<Resource, 'group' | 'version' | 'plural'>;

/** What readers need: nobody but the owner of the registry changes it. */
export interface Kinds {
  /** The kind behind a resource in a URL. */
  find(resource: ResourceName): Kind | undefined;
  /** The kind that an object names. */
  findByName(name: KindName): Kind | undefined;
  /** In the order in which they came. */
  all(): readonly Kind[];
  hasGroup(group: string): boolean;
  /** Called, in the order of calls to this, after each change, in the same turn. Must not throw. The answer ends it. */
  onChange(listener: (change: KindChange) => void): () => void;
}

export class KindRegistry implements Kinds {
  readonly #byResource = new Map<string, Kind>();
  readonly #byName = new Map<string, Kind>();
  readonly #listeners = new Set<(change: KindChange) => void>();
  #all: readonly Kind[] | undefined;
  #groups: ReadonlySet<string> | undefined;

  constructor(kinds: Iterable<Kind> = []) {
    for (const kind of kinds) this.#put(kind);
  }

  find(resource: ResourceName): Kind | undefined {
    return this.#byResource.get(resourceKeyOf(resource));
  }

  findByName(name: KindName): Kind | undefined {
    return this.#byName.get(nameKey(name));
  }

  all(): readonly Kind[] {
    this.#all ??= [...this.#byResource.values()];
    return this.#all;
  }

  hasGroup(group: string): boolean {
    this.#groups ??= new Set(this.all().map((kind) => kind.group));
    return this.#groups.has(group);
  }

  onChange(listener: (change: KindChange) => void): () => void {
    this.#listeners.add(listener);
    return () => this.#listeners.delete(listener);
  }

  /** Throws when another kind has the place or the name. */
  add(kind: Kind): void {
    this.#put(kind);
    this.#tell({ type: 'added', kind });
  }

  /** Nothing happens when the kind is not there. Its objects stay where they are stored. */
  remove(kind: Kind): void {
    if (this.find(kind) !== kind) return;
    this.#byResource.delete(resourceKeyOf(kind));
    this.#byName.delete(nameKey(kind));
    this.#forgetLists();
    this.#tell({ type: 'removed', kind });
  }

  /** `kind` stands where `previous` stood, with its conversion. Nothing happens when that is not there. */
  replace(previous: Kind, kind: Kind): void {
    if (this.find(previous) !== previous) return;
    this.#byResource.set(resourceKeyOf(kind), kind);
    this.#byName.set(nameKey(kind), kind);
    this.#forgetLists();
    this.#tell({ type: 'replaced', kind, previous });
  }

  #put(kind: Kind): void {
    const taken = this.find(kind) ?? this.findByName(kind);
    if (taken !== undefined) {
      throw new Error(
        `${nameKey(kind)} cannot be served as ${kind.plural}: that is taken by ${taken.kind} (${taken.plural})`,
      );
    }
    this.#byResource.set(resourceKeyOf(kind), kind);
    this.#byName.set(nameKey(kind), kind);
    this.#forgetLists();
  }

  #forgetLists(): void {
    this.#all = undefined;
    this.#groups = undefined;
  }

  #tell(change: KindChange): void {
    for (const listener of [...this.#listeners]) listener(change);
  }
}

const nameKey = ({ group, version, kind }: KindName): string => `${group}/${version}/${kind}`;
