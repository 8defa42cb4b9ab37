/** A device of this node as the kubelet knows it: how it is told of, and what a container gets with it. Pure. */

import type { Device as ApiDevice } from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Device, DeviceRequest, Mount } from '../runtime/runtime.ts';

/** What a container is given. */
export interface HandOver {
  readonly devices: readonly Device[];
  readonly deviceRequests: readonly DeviceRequest[];
  readonly mounts: readonly Mount[];
  readonly environment: Readonly<Record<string, string>>;
}

export const nothingToHandOver: HandOver = { devices: [], deviceRequests: [], mounts: [], environment: {} };

export interface NodeDevice {
  /** A DNS label, of one device of the node alone. */
  readonly name: string;
  readonly attributes: NonNullable<DeepReadonly<ApiDevice>['attributes']>;
  readonly capacity: NonNullable<DeepReadonly<ApiDevice>['capacity']>;
  /** Several claims may have a share of it at the same time. */
  readonly isShared: boolean;
  /** Present: it is not for claims, but counted in the node's capacity under this name. */
  readonly extendedResource?: string | undefined;
  readonly handOver: HandOver;
}

/** What a container gets that has all of these; of what several give in the same place, the last counts. */
export function mergeHandOvers(all: readonly HandOver[]): HandOver {
  return {
    devices: lastOf(all.flatMap(({ devices }) => devices)),
    deviceRequests: mergeRequests(all.flatMap(({ deviceRequests }) => deviceRequests)),
    mounts: lastOf(all.flatMap(({ mounts }) => mounts)),
    environment: Object.assign({}, ...all.map(({ environment }) => environment)),
  };
}

function lastOf<T extends { readonly containerPath: string }>(all: readonly T[]): T[] {
  return [...new Map(all.map((one) => [one.containerPath, one])).values()];
}

/** An engine takes one request for each driver: two of `nvidia` would each hide the GPUs of the other. */
function mergeRequests(all: readonly DeviceRequest[]): DeviceRequest[] {
  const merged = new Map<string, DeviceRequest>();
  for (const { driver, ids, capabilities } of all) {
    const before = merged.get(driver);
    merged.set(driver, {
      driver,
      ids: [...new Set([...(before?.ids ?? []), ...ids])],
      capabilities: [...new Set([...(before?.capabilities ?? []), ...capabilities])],
    });
  }
  return [...merged.values()];
}
