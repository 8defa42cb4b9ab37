/**
 * Which groups and versions clients find: the server's own kinds, and what other servers serve behind it, in one order.
 * Where two groups have a resource of one name, clients take the first; of a group's versions they prefer the first.
 */

import { compareVersions } from '../../api/version-order.ts';
import { compareText } from '../../base/compare.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import { type ApiPriority, priorityOf } from '../aggregation/api-priority.ts';
import type { RemoteApi } from '../aggregation/remote-api.ts';
import type { RemoteApis } from '../aggregation/remote-apis.ts';

export interface GroupVersions {
  readonly name: string;
  /** Preferred first. */
  readonly versions: readonly string[];
}

/** What there is at one time: the same object for as long as nothing has changed. */
export interface Served {
  /** The server's own, without versions that another server has taken over. */
  readonly kinds: readonly Kind[];
  readonly remotes: readonly RemoteApi[];
  /** All groups but the core group. */
  readonly groups: readonly GroupVersions[];
}

export class ServedApis {
  readonly #kinds: Kinds;
  readonly #apis: Pick<RemoteApis, 'all' | 'find' | 'generation'>;
  #known: { readonly of: readonly Kind[]; readonly generation: number; readonly served: Served } | undefined;

  constructor(kinds: Kinds, apis: Pick<RemoteApis, 'all' | 'find' | 'generation'>) {
    this.#kinds = kinds;
    this.#apis = apis;
  }

  get now(): Served {
    const all = this.#kinds.all();
    const { generation } = this.#apis;
    if (this.#known?.of !== all || this.#known.generation !== generation) {
      const remotes = this.#apis.all();
      const isOwn = ({ group, version }: Kind) => this.#apis.find(group, version) === undefined;
      const kinds = remotes.length === 0 ? all : all.filter(isOwn);
      this.#known = { of: all, generation, served: { kinds, remotes, groups: groupsOf(kinds, remotes) } };
    }
    return this.#known.served;
  }
}

interface Version {
  readonly group: string;
  readonly version: string;
  readonly priority: ApiPriority;
}

/** APIServices themselves are what others are found by. */
const first = 'apiregistration.k8s.io';

/** Pure. */
export function groupsOf(
  kinds: readonly Kind[],
  remotes: readonly Pick<RemoteApi, 'group' | 'version' | 'priority'>[],
): GroupVersions[] {
  const own = new Map<string, Version>();
  for (const { group, version } of kinds) {
    const key = `${group}/${version}`;
    if (!own.has(key)) own.set(key, { group, version, priority: priorityOf(group, version) });
  }
  const byGroup = new Map<string, Version[]>();
  for (const version of [...own.values(), ...remotes]) {
    if (version.group === '') continue;
    const known = byGroup.get(version.group);
    if (known) known.push(version);
    else byGroup.set(version.group, [version]);
  }
  return [...byGroup]
    .map(([name, versions]) => ({ name, rank: rankOf(name, versions), versions: versions.sort(byPreference) }))
    .sort((a, b) => b.rank - a.rank || compareText(a.name, b.name))
    .map(({ name, versions }) => ({ name, versions: versions.map(({ version }) => version) }));
}

const rankOf = (name: string, versions: readonly Version[]): number =>
  name === first
    ? Number.POSITIVE_INFINITY
    : Math.max(...versions.map(({ priority }) => priority.groupPriorityMinimum));

const byPreference = (a: Version, b: Version): number =>
  b.priority.versionPriority - a.priority.versionPriority || compareVersions(a.version, b.version);
