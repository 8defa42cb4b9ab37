/**
 * Gives out the devices that are counted in the node's capacity (`example.com/fuse: 4`). Who has which is remembered
 * with the containers, so that a kubelet that was killed gives none twice.
 */

import { isRecord } from '../../api/json-record.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import type { ContainerState, PodIdentity } from '../runtime/runtime.ts';
import { type Grant, grantDevices, type PodGrants } from './extended-grants.ts';
import { type HandOver, mergeHandOvers, type NodeDevice } from './node-device.ts';
import { DeviceError } from './pod-device-claims.ts';

/** Of a container: its grant, as JSON. */
export const grantAnnotation = 'extended-devices';

export interface ExtendedDevicesOptions {
  readonly devices: () => readonly NodeDevice[];
  /** Names that this node counts, or has counted. */
  readonly resources: () => Iterable<string>;
  /** All that the runtime has, of pods that are over as well. */
  readonly containers: () => Iterable<ContainerState>;
  /** The pod's containers never run again. */
  readonly isFinished: (pod: PodIdentity) => boolean;
}

export class ExtendedDevices {
  readonly #options: ExtendedDevicesOptions;
  /** By uid of the pod. */
  readonly #grants = new Map<string, PodGrants>();
  /** Pods that need theirs no more, although their containers are still there. */
  readonly #released = new Set<string>();

  constructor(options: ExtendedDevicesOptions) {
    this.#options = options;
  }

  /** Resource → how many there are. */
  count(): Record<string, string> {
    const counts: Record<string, number> = {};
    for (const { extendedResource } of this.#options.devices())
      if (extendedResource !== undefined) counts[extendedResource] = (counts[extendedResource] ?? 0) + 1;
    return Object.fromEntries(Object.entries(counts).map(([name, count]) => [name, String(count)]));
  }

  /** Sets devices aside for the pod. Idempotent. Why the node cannot take it, in upstream's words; undefined: it can. */
  refusalOf(pod: PodObject): { readonly reason: string; readonly message: string } | undefined {
    const { uid } = pod.metadata;
    if (this.#grants.has(uid)) return undefined;
    const grants = grantDevices({
      pod,
      resources: this.#options.resources(),
      devices: this.#options.devices(),
      before: this.#rememberedOf(uid),
      taken: this.#takenByOthers(uid),
    });
    if (typeof grants === 'string')
      return { reason: 'UnexpectedAdmissionError', message: `Allocate failed due to ${grants}, which is unexpected` };
    this.#grants.set(uid, grants);
    this.#released.delete(uid);
    return undefined;
  }

  grantOf(podUid: string, containerName: string): Grant {
    return this.#grants.get(podUid)?.get(containerName) ?? {};
  }

  /** Throws `DeviceError` when a device that it has was taken from the node. */
  handOverFor({ metadata: { uid } }: PodObject, { name }: ContainerSpec): HandOver {
    const names = Object.values(this.grantOf(uid, name)).flat();
    const all = this.#options.devices();
    const own = names.map((one) => {
      const device = all.find((each) => each.name === one);
      if (device === undefined) throw new DeviceError(`device ${one} is not on this node`);
      return device.handOver;
    });
    return mergeHandOvers(own);
  }

  /** Nothing of the pod runs any more. */
  release(podUid: string): void {
    this.#grants.delete(podUid);
    this.#released.add(podUid);
    const present = new Set([...this.#options.containers()].map(({ pod }) => pod.uid));
    for (const uid of this.#released) if (!present.has(uid)) this.#released.delete(uid);
  }

  #takenByOthers(podUid: string): Set<string> {
    const others = [...this.#grants].filter(([uid]) => uid !== podUid).flatMap(([, grants]) => [...grants.values()]);
    const remembered = [...this.#options.containers()]
      .filter(({ pod: { uid } }) => uid !== podUid && !this.#grants.has(uid) && !this.#released.has(uid))
      .filter(({ pod }) => !this.#options.isFinished(pod))
      .map(readGrant);
    return new Set([...others, ...remembered].flatMap((grant) => Object.values(grant).flat()));
  }

  /** By an earlier kubelet. */
  #rememberedOf(podUid: string): PodGrants {
    const own = [...this.#options.containers()].filter(({ pod }) => pod.uid === podUid);
    return new Map(
      own
        .toSorted((a, b) => a.attempt - b.attempt)
        .map((one) => [one.name, readGrant(one)] as const)
        .filter(([, grant]) => Object.keys(grant).length > 0),
    );
  }
}

/** Somebody may have changed the engine's labels: what is no grant is none. */
function readGrant({ annotations }: ContainerState): Grant {
  try {
    const value: unknown = JSON.parse(annotations[grantAnnotation] ?? '{}');
    if (!isRecord(value)) return {};
    const pairs = Object.entries(value).map(
      ([name, list]) => [name, Array.isArray(list) ? list.map(String) : []] as const,
    );
    return Object.fromEntries(pairs);
  } catch {
    return {};
  }
}
