/**
 * The devices that drivers publish, by pool: what of it a node reaches. Made anew when a slice changes, not for each pod.
 *
 * - Of a pool only its newest generation counts; until all its slices of that generation are there it is incomplete.
 * - Two devices of one name in a pool make it invalid.
 */

import { matchesTerm, type SelectableNode } from '../../api/node-selection.ts';
import type { NodeSelector } from '../../api/types/core/v1.ts';
import type { Device, ResourceSlice } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

/** Where a device can be used. */
export interface Reach {
  readonly allNodes?: boolean | undefined;
  readonly nodeName?: string | undefined;
  readonly nodeSelector?: DeepReadonly<NodeSelector> | undefined;
}

export interface PublishedDevice {
  /** `driver/pool/device`: unique in the cluster. */
  readonly id: string;
  readonly driver: string;
  readonly pool: string;
  readonly device: DeepReadonly<Device>;
  readonly reach: Reach;
}

export interface DevicePool {
  readonly driver: string;
  readonly name: string;
  readonly devices: readonly PublishedDevice[];
  /** Set → counter → amount. */
  readonly counters: ReadonlyMap<string, Readonly<Record<string, string>>>;
  /** Why nothing can be said of all its devices; devices of an invalid one are not given out at all. */
  readonly state: 'ready' | 'incomplete' | 'invalid';
}

type Slice = Cached<ResourceSlice>;

export const deviceId = (driver: string, pool: string, device: string): string => `${driver}/${pool}/${device}`;

export function computePools(slices: Iterable<Slice>): DevicePool[] {
  const byPool = new Map<string, Slice[]>();
  for (const slice of slices) {
    const key = `${slice.spec.driver}/${slice.spec.pool.name}`;
    const known = byPool.get(key);
    const generation = known?.[0]?.spec.pool.generation ?? -1;
    if (known === undefined || slice.spec.pool.generation > generation) byPool.set(key, [slice]);
    else if (slice.spec.pool.generation === generation) known.push(slice);
  }
  return [...byPool.values()].flatMap((newest) => {
    const [first] = newest;
    return first === undefined ? [] : [poolOf(first, newest)];
  });
}

function poolOf({ spec: { driver, pool } }: Slice, slices: readonly Slice[]): DevicePool {
  const devices = slices.flatMap(({ spec }) =>
    (spec.devices ?? []).map((device): PublishedDevice => {
      const reach = spec.perDeviceNodeSelection === true ? device : spec;
      return { id: deviceId(driver, pool.name, device.name), driver, pool: pool.name, device, reach };
    }),
  );
  const counters = new Map(
    slices
      .flatMap(({ spec }) => spec.sharedCounters ?? [])
      .map((set) => [
        set.name,
        Object.fromEntries(Object.entries(set.counters).map(([name, { value }]) => [name, String(value)])),
      ]),
  );
  const isDuplicate = new Set(devices.map(({ id }) => id)).size < devices.length;
  const state = isDuplicate ? 'invalid' : slices.length < pool.resourceSliceCount ? 'incomplete' : 'ready';
  return { driver, name: pool.name, devices, counters, state };
}

export function reaches({ allNodes, nodeName, nodeSelector }: Reach, node: SelectableNode): boolean {
  if (allNodes === true) return true;
  if (nodeName) return nodeName === node.name;
  return nodeSelector?.nodeSelectorTerms.some((term) => matchesTerm(term, node)) ?? false;
}

/** Pools by node, for a cluster of many nodes whose devices are their own. */
export class DevicePools {
  readonly #pools: readonly DevicePool[];
  readonly #ofNode = new Map<string, Set<DevicePool>>();
  readonly #ofAny = new Set<DevicePool>();

  constructor(slices: Iterable<Slice>) {
    this.#pools = computePools(slices);
    for (const pool of this.#pools) for (const { reach } of pool.devices) this.#index(pool, reach);
  }

  /** With the devices of each that the node reaches: none of the pool may be left. */
  *reachedFrom(node: SelectableNode): Generator<DevicePool & { readonly reached: readonly PublishedDevice[] }> {
    for (const pool of new Set([...(this.#ofNode.get(node.name) ?? []), ...this.#ofAny])) {
      const reached = pool.devices.filter(({ reach }) => reaches(reach, node));
      if (reached.length > 0) yield { ...pool, reached };
    }
  }

  #index(pool: DevicePool, { allNodes, nodeName }: Reach): void {
    if (allNodes === true || !nodeName) {
      this.#ofAny.add(pool);
      return;
    }
    const known = this.#ofNode.get(nodeName) ?? new Set();
    this.#ofNode.set(nodeName, known.add(pool));
  }
}
