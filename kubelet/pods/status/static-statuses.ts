/**
 * Statuses of all pods: those of static pods are kept here, and written to their mirrors, which come, go and come again
 * while the pod stays what it is.
 */

import type { PodStatus } from '../../../api/types/core/v1.ts';
import { isStaticPod, type PodObject } from '../../model/pod.ts';
import type { PodStatuses } from './pod-statuses.ts';

export interface StaticStatusesOptions {
  /** Where they are written. */
  readonly statuses: PodStatuses;
  /** The object of the API that stands for a static pod as it is now. */
  readonly mirrorOf: (pod: PodObject) => PodObject | undefined;
}

interface Latest {
  readonly pod: PodObject;
  readonly status: PodStatus;
  readonly signal: AbortSignal;
}

export class StaticStatuses implements PodStatuses {
  readonly #statuses: PodStatuses;
  readonly #mirrorOf: (pod: PodObject) => PodObject | undefined;
  /** By the uid of the static pod. */
  readonly #latest = new Map<string, Latest>();

  constructor({ statuses, mirrorOf }: StaticStatusesOptions) {
    this.#statuses = statuses;
    this.#mirrorOf = mirrorOf;
  }

  /** A kubelet that is started again reads in the mirror what the one before it knew. */
  withLatestStatus(pod: PodObject): PodObject {
    if (!isStaticPod(pod)) return this.#statuses.withLatestStatus(pod);
    const status = this.#latest.get(pod.metadata.uid)?.status ?? this.#mirrorOf(pod)?.status;
    return status === undefined ? pod : { ...pod, status };
  }

  set(pod: PodObject, status: PodStatus, options: { readonly coalesce: boolean }, signal: AbortSignal): void {
    const isStatic = isStaticPod(pod);
    if (isStatic) this.#latest.set(pod.metadata.uid, { pod, status, signal });
    const object = isStatic ? this.#mirrorOf(pod) : pod;
    if (object !== undefined) this.#statuses.set(object, status, options, signal);
  }

  seen(pod: PodObject): void {
    if (!isStaticPod(pod)) this.#statuses.seen(pod);
  }

  /** The mirror of `pod` is new, or somebody changed it. */
  mirrorSeen(pod: PodObject): void {
    const latest = this.#latest.get(pod.metadata.uid);
    if (latest !== undefined) this.set(latest.pod, latest.status, { coalesce: false }, latest.signal);
  }

  /** This mirror is no more. */
  mirrorGone(uid: string): void {
    this.#statuses.forget(uid);
  }

  /** Nobody waits for a mirror: there may be no API server. */
  async settled(uid: string): Promise<void> {
    if (!this.#latest.has(uid)) await this.#statuses.settled(uid);
  }

  async deletePod(pod: PodObject): Promise<void> {
    if (!isStaticPod(pod)) await this.#statuses.deletePod(pod);
  }

  forget(uid: string): void {
    this.#latest.delete(uid);
    this.#statuses.forget(uid);
  }

  writeAllAgain(): void {
    this.#statuses.writeAllAgain();
  }
}
