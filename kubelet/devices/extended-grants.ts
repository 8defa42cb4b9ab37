/** Which devices the containers of a pod get for the extended resources that they ask for by number. Pure. */

import { readQuantity, wholeUnits } from '../../api/quantity.ts';
import { containersOf, type PodContainer, type PodObject } from '../model/pod.ts';
import type { NodeDevice } from './node-device.ts';

/** Resource → names of devices, of one container. */
export type Grant = Readonly<Record<string, readonly string[]>>;

/** By the container's name; of containers that ask for nothing there is none. */
export type PodGrants = ReadonlyMap<string, Grant>;

export interface GrantQuestion {
  readonly pod: PodObject;
  /** Names that are this node's to give out, also when there is nothing left of them. */
  readonly resources: Iterable<string>;
  readonly devices: readonly NodeDevice[];
  /** What containers of this pod have already. */
  readonly before: PodGrants;
  /** Names of devices that other pods have. */
  readonly taken: ReadonlySet<string>;
}

/** A text, in upstream's words: there are not enough. */
export function grantDevices({ pod, resources, devices, before, taken }: GrantQuestion): PodGrants | string {
  const grants = new Map(before);
  for (const resource of resources) {
    const free = devices
      .filter(({ name, extendedResource }) => extendedResource === resource && !taken.has(name))
      .map(({ name }) => name);
    const held = new Set([...before.values()].flatMap((grant) => grant[resource] ?? []));
    /** What init containers had, which are over when others start. */
    const reusable = new Set<string>();
    for (const container of containersOf(pod)) {
      const { name } = container.spec;
      const count = countOf(container, resource);
      if (count === 0 || before.get(name)?.[resource] !== undefined) continue;
      const usable = [...reusable, ...free.filter((one) => !held.has(one))];
      if (usable.length < count)
        return `requested number of devices unavailable for ${resource}. Requested: ${count}, Available: ${usable.length}`;
      const chosen = usable.slice(0, count);
      for (const one of chosen) {
        held.add(one);
        if (container.kind === 'init' && !container.sidecar) reusable.add(one);
        else reusable.delete(one);
      }
      grants.set(name, { ...grants.get(name), [resource]: chosen });
    }
  }
  return grants;
}

function countOf({ spec }: PodContainer, resource: string): number {
  const { limits = {}, requests = {} } = spec.resources ?? {};
  const amount = limits[resource] ?? requests[resource];
  return amount === undefined ? 0 : Number(wholeUnits(readQuantity(String(amount))));
}
