/**
 * Writes pods' statuses to the API: the newest one wins, one write at a time for each pod, nothing when nothing
 * changed. A pod object is deleted here too, once its last status is stored.
 *
 *   set ──► wanted ──(quiet ones wait a moment: the next may follow)──► PATCH ──► stored
 *               ▲────────────── set again meanwhile ──────────────────┘
 */

import { isDeepStrictEqual } from 'node:util';
import type { Pod } from 'kubernetes-types/core/v1';
import { pods } from '../api/kinds.ts';
import { isConflict, isNotFound } from '../api/status-error.ts';
import { computeBackoffMs } from '../base/backoff.ts';
import type { Clock } from '../base/clock.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Logger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import type { PodObject } from './pod.ts';
import type { KubeletPodStatus } from './pod-status.ts';

export interface StatusManagerOptions {
  readonly client: Pick<Client, 'get' | 'patch' | 'delete'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Entry {
  readonly namespace: string;
  readonly name: string;
  pod: PodObject;
  wanted: KubeletPodStatus;
  /** What the API has, as far as we know. */
  stored: DeepReadonly<KubeletPodStatus> | undefined;
  writing: Promise<void> | undefined;
  hurry: () => void;
}

/** Users do not see the difference; the API server is spared every second write of a pod that starts. */
const quietMs = 250;
const backoff = { baseMs: 200, maxMs: 10_000 };
/** Fields that are ours: absent in the new status means gone. */
const ownFields = [
  'reason',
  'message',
  'podIP',
  'podIPs',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
] as const;

export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The pod with the status that was set last: the object from the cache may not show it yet. */
  withLatestStatus(pod: PodObject): PodObject {
    const wanted = this.#entries.get(pod.metadata.uid)?.wanted;
    if (wanted === undefined) return pod;
    return { ...pod, status: { ...wanted, conditions: withOthers(wanted, pod) } };
  }

  /** `quiet`: nobody waits for it. */
  set(pod: PodObject, status: KubeletPodStatus, options: { readonly quiet: boolean }, signal: AbortSignal): void {
    const { uid, namespace = 'default', name } = pod.metadata;
    const entry = this.#entries.get(uid) ?? this.#add(uid, { namespace, name, pod, wanted: status });
    // The answer to our own last write may be newer than the cache.
    if (Number(pod.metadata.resourceVersion) > Number(entry.pod.metadata.resourceVersion)) entry.pod = pod;
    entry.wanted = status;
    if (isDeepStrictEqual(status, entry.stored)) return;
    if (!options.quiet) entry.hurry();
    entry.writing ??= this.#write(uid, entry, { quiet: options.quiet, signal });
  }

  /** Resolves when what was set is stored, or the pod is gone, or `signal` aborts. */
  async settled(uid: string): Promise<void> {
    for (;;) {
      const writing = this.#entries.get(uid)?.writing;
      if (writing === undefined) return;
      await writing;
    }
  }

  /** Removes the object of a pod that is really over. Gone, or another of the same name: success. */
  async deletePod(pod: PodObject): Promise<void> {
    const { uid, namespace = 'default', name } = pod.metadata;
    try {
      await this.#options.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0, uid });
    } catch (error) {
      if (!isNotFound(error) && !isConflict(error)) throw error;
    }
  }

  forget(uid: string): void {
    this.#entries.delete(uid);
  }

  #add(uid: string, start: Pick<Entry, 'namespace' | 'name' | 'pod' | 'wanted'>): Entry {
    const entry: Entry = { ...start, stored: undefined, writing: undefined, hurry: () => {} };
    this.#entries.set(uid, entry);
    return entry;
  }

  async #write(
    uid: string,
    entry: Entry,
    { quiet, signal }: { readonly quiet: boolean; readonly signal: AbortSignal },
  ): Promise<void> {
    if (quiet) await this.#waitQuietly(entry);
    let failures = 0;
    while (!signal.aborted && this.#entries.get(uid) === entry && !isDeepStrictEqual(entry.wanted, entry.stored)) {
      const { wanted } = entry;
      try {
        await this.#patch(uid, entry, wanted);
        entry.stored = wanted;
        failures = 0;
      } catch (error) {
        if (isNotFound(error)) {
          entry.stored = wanted; // the pod is gone, and its status with it
          break;
        }
        failures += 1;
        if (!isConflict(error))
          this.#options.logger.warn('A pod status could not be written', { pod: entry.name, error });
        if (!isConflict(error) || failures > 3)
          await this.#options.clock.sleep(computeBackoffMs(failures, backoff), signal);
      }
    }
    entry.writing = undefined;
  }

  async #waitQuietly(entry: Entry): Promise<void> {
    const hurry = new AbortController();
    entry.hurry = () => hurry.abort();
    await this.#options.clock.sleep(quietMs, hurry.signal);
    entry.hurry = () => {};
  }

  /** The uid guards against another pod of the same name; the version against conditions that others add meanwhile. */
  async #patch(uid: string, entry: Entry, wanted: KubeletPodStatus): Promise<void> {
    const { namespace, name, pod } = entry;
    const gone = Object.fromEntries(
      ownFields.filter((field) => wanted[field] === undefined).map((field) => [field, null]),
    );
    const status = { ...gone, ...wanted };
    const body = { metadata: { uid, resourceVersion: pod.metadata.resourceVersion }, status };
    try {
      entry.pod = await this.#options.client.patch<Pod>(
        pods,
        { namespace, name },
        { type: 'merge', body },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isConflict(error)) throw error;
      const fresh = await this.#options.client.get<Pod>(pods, { namespace, name });
      if (fresh.metadata.uid !== uid) throw error;
      entry.wanted = { ...entry.wanted, conditions: withOthers(entry.wanted, fresh) };
      entry.pod = fresh;
      throw error;
    }
  }
}

const ownConditions = new Set(['PodReadyToStartContainers', 'Initialized', 'Ready', 'ContainersReady']);

/** Our conditions, and everybody else's as they are now. */
function withOthers(
  { conditions = [] }: KubeletPodStatus,
  fresh: PodObject,
): NonNullable<KubeletPodStatus['conditions']> {
  const others = (fresh.status?.conditions ?? []).filter(({ type }) => !ownConditions.has(type));
  const known = new Map(conditions.map((one) => [one.type, one]));
  return [
    ...conditions.filter(({ type }) => ownConditions.has(type)),
    ...others.map((one) => known.get(one.type) ?? { ...one }),
  ];
}
