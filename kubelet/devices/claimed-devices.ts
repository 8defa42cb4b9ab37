/** Prepares the device claims of pods: asks the API what was given to them, and remembers it while the pod is here. */

import { resourceClaims } from '../../api/resources/resource.ts';
import type { ResourceClaim } from '../../api/types/resource/v1.ts';
import { errorText } from '../../base/error-text.ts';
import type { Reader } from '../../client/client.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import { computeDeviceEnvironment } from './device-environment.ts';
import { type HandOver, mergeHandOvers, type NodeDevice, nothingToHandOver } from './node-device.ts';
import {
  type ClaimedDevice,
  claimedDevicesOf,
  claimNameOf,
  DeviceError,
  devicesOfContainer,
} from './pod-device-claims.ts';

export interface ClaimedDevicesOptions {
  readonly client: Pick<Reader, 'get'>;
  readonly nodeName: string;
  readonly devices: () => readonly NodeDevice[];
}

type ByEntry = ReadonlyMap<string, readonly ClaimedDevice[]>;

export class ClaimedDevices {
  readonly #options: ClaimedDevicesOptions;
  /** By uid of the pod, then by its entry in `spec.resourceClaims`. */
  readonly #prepared = new Map<string, ByEntry>();

  constructor(options: ClaimedDevicesOptions) {
    this.#options = options;
  }

  /** Idempotent. Throws `DeviceError` while a claim is not there, not reserved for the pod, or not to be had here. */
  async prepare(pod: PodObject): Promise<ByEntry> {
    const { uid } = pod.metadata;
    const known = this.#prepared.get(uid);
    if (known !== undefined) return known;
    const prepared = new Map<string, ClaimedDevice[]>();
    for (const entry of pod.spec?.resourceClaims ?? []) {
      const claimName = claimNameOf(pod, entry);
      if (claimName === undefined) continue;
      const claim = await this.#claim(pod, claimName);
      const { nodeName, devices } = this.#options;
      prepared.set(entry.name, claimedDevicesOf({ pod, entry, claim, nodeName, devices: devices() }));
    }
    this.#prepared.set(uid, prepared);
    return prepared;
  }

  /** What the container gets; prepared now, where an earlier kubelet did that. Throws `DeviceError`. */
  async handOverFor(pod: PodObject, container: ContainerSpec): Promise<HandOver> {
    if ((container.resources?.claims ?? []).length === 0) return nothingToHandOver;
    const claimed = devicesOfContainer(container, await this.prepare(pod));
    const told = { ...nothingToHandOver, environment: computeDeviceEnvironment(claimed) };
    return mergeHandOvers([told, ...claimed.map(({ device }) => device.handOver)]);
  }

  /** Nothing of the pod runs any more. */
  release(podUid: string): void {
    this.#prepared.delete(podUid);
  }

  async #claim({ metadata: { namespace } }: PodObject, name: string): Promise<Cached<ResourceClaim>> {
    try {
      return await this.#options.client.get(resourceClaims, { namespace, name });
    } catch (error) {
      throw new DeviceError(`fetch ResourceClaim ${name}: ${errorText(error)}`, { cause: error });
    }
  }
}
