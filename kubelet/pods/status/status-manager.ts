/**
 * Writes pods' statuses to the API: the newest one wins, one write at a time for each pod, nothing when nothing
 * changed. A pod object is deleted here too, once its last status is stored.
 *
 *   set ──► wanted ──(those that may wait a moment: the next may follow)──► PATCH ──► stored
 *               ▲────────── set again, or overwritten by somebody else ──────────┘
 *
 * Invariants:
 * - Only the kubelet's own fields and conditions are written, whatever others write meanwhile.
 * - What others write over them is written anew, but a pod that somebody declared over stays over.
 * - That a pod stopped being ready is written before that it is ready again.
 */

import { isDeepStrictEqual } from 'node:util';
import { isFinalPhase, isPodFinished, isPodReady } from '../../../api/pods.ts';
import { pods } from '../../../api/resources/core.ts';
import { isConflict, isNotFound } from '../../../api/status-error.ts';
import { formatTime } from '../../../api/time.ts';
import type { Pod, PodCondition, PodStatus } from '../../../api/types/core/v1.ts';
import { computeBackoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { Limiter } from '../../../base/limiter.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Client } from '../../../client/client.ts';
import type { PodObject } from '../../model/pod.ts';
import { mergeConditions, patchOfConditions, replacedList } from '../../model/status-patch.ts';
import { ownConditionTypes } from './pod-status.ts';

export interface StatusManagerOptions {
  readonly client: Pick<Client, 'get' | 'patch' | 'delete'>;
  readonly logger: Logger;
  readonly clock: Clock;
}

interface Entry {
  readonly namespace: string;
  readonly name: string;
  /** The newest version of the object that we have seen, in the cache or as the answer to a write. */
  pod: PodObject;
  wanted: PodStatus;
  /** Not ready, said before `wanted` says that it is ready again. */
  first: PodStatus | undefined;
  /** What was written last and still stands in the API, and how the API shows it. */
  stored: { readonly status: PodStatus; readonly shown: unknown } | undefined;
  writing: Promise<void> | undefined;
  /** A request is on its way. */
  sending: boolean;
  /** Of who set it last. */
  signal: AbortSignal | undefined;
  flush: () => void;
}

/** Users do not see the difference; the API server is spared every second write of a pod that starts. */
const coalesceMs = 250;
/**
 * Writes under way at a time. A node that starts a hundred pods asks no more of the API server than that, and the status
 * of a pod whose turn comes late is the newest: those before it are never written.
 */
const writesAtOnce = 4;
/** Why a sleep ends early. Without a reason, Node makes an error with a stack, each time. */
const early = 'early';
const backoff = { baseMs: 200, maxMs: 5_000 };
/** Fields that are ours: absent in the new status means gone. */
const optionalFields = [
  'reason',
  'message',
  'podIP',
  'podIPs',
  'initContainerStatuses',
  'ephemeralContainerStatuses',
  'resources',
  'allocatedResources',
] as const;
const ownFields = ['phase', 'hostIP', 'hostIPs', 'startTime', 'containerStatuses', ...optionalFields] as const;

export class StatusManager {
  readonly #options: StatusManagerOptions;
  readonly #entries = new Map<string, Entry>();
  readonly #turns = new Limiter(writesAtOnce);

  constructor(options: StatusManagerOptions) {
    this.#options = options;
  }

  /** The pod with the status that was set last: the object from the cache may not show it yet. */
  withLatestStatus(pod: PodObject): PodObject {
    const entry = this.#entries.get(pod.metadata.uid);
    if (entry === undefined) return pod;
    const newest = newer(pod, entry.pod);
    const { status } = newest;
    if (wasDeclaredOver(newest, entry.wanted)) return { ...pod, ...(status && { status }) };
    const conditions = mergeConditions(entry.wanted.conditions ?? [], status?.conditions ?? [], ownConditionTypes);
    return { ...pod, status: { ...entry.wanted, conditions } };
  }

  /** `coalesce`: nobody waits for it, and the next may follow. */
  set(pod: PodObject, status: PodStatus, options: { readonly coalesce: boolean }, signal: AbortSignal): void {
    const { uid, namespace = 'default', name } = pod.metadata;
    const entry = this.#entries.get(uid) ?? this.#add(uid, { namespace, name, pod, wanted: status });
    if (!isReady(status)) entry.first = undefined;
    else if (isReady(entry.stored?.status) && !isReady(entry.wanted)) entry.first = entry.wanted;
    entry.wanted = status;
    entry.signal = signal;
    this.seen(pod);
    if (isDeepStrictEqual(status, entry.stored?.status)) return;
    if (!options.coalesce) entry.flush();
    entry.writing ??= this.#write(uid, entry, options);
  }

  /** A version of the pod from the cache: when somebody wrote over our part, it is written again. */
  seen(pod: PodObject): void {
    const { uid } = pod.metadata;
    const entry = this.#entries.get(uid);
    // The answer to our own last write may be newer than the cache.
    if (entry === undefined || newer(pod, entry.pod) !== pod) return;
    entry.pod = pod;
    // A write under way may be what the cache shows already: its answer will tell.
    if (entry.sending || entry.stored === undefined || isDeepStrictEqual(ownPartOf(pod), entry.stored.shown)) return;
    if (wasDeclaredOver(pod, entry.wanted)) return;
    entry.wanted = restamped(entry.wanted, pod, formatTime(this.#options.clock.now()));
    this.#writeAgain(uid, entry);
  }

  /** The node was taken for dead: whatever was written about its pods meanwhile may be unknown to our cache. */
  writeAllAgain(): void {
    for (const [uid, entry] of this.#entries) if (!isPodFinished(entry.pod)) this.#writeAgain(uid, entry);
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
    const nothing = { first: undefined, stored: undefined, writing: undefined, sending: false, signal: undefined };
    const entry: Entry = { ...start, ...nothing, flush: () => {} };
    this.#entries.set(uid, entry);
    return entry;
  }

  #writeAgain(uid: string, entry: Entry): void {
    entry.stored = undefined;
    entry.flush();
    entry.writing ??= this.#write(uid, entry, { coalesce: false });
  }

  async #write(uid: string, entry: Entry, { coalesce }: { readonly coalesce: boolean }): Promise<void> {
    if (coalesce) await this.#waitForNext(entry);
    let failures = 0;
    const isDue = () => this.#entries.get(uid) === entry && !isDeepStrictEqual(entry.wanted, entry.stored?.status);
    while (entry.signal?.aborted === false && isDue()) {
      try {
        await this.#turns.run(async () => {
          const status = entry.first ?? entry.wanted;
          if (isDue()) await this.#patch(uid, entry, status);
          if (entry.first === status) entry.first = undefined;
        }, entry.signal);
        failures = 0;
      } catch (error) {
        if (entry.signal.aborted) break;
        if (await this.#isGone(uid, entry, error)) break;
        failures += 1;
        this.#options.logger.warn('A pod status could not be written', { pod: entry.name, error });
        await this.#options.clock.sleep(computeBackoffMs(failures, backoff), entry.signal);
      }
    }
    entry.writing = undefined;
  }

  /** The pod is gone, or another of the same name is there: its status went with it. */
  async #isGone(uid: string, entry: Entry, error: unknown): Promise<boolean> {
    const { namespace, name, wanted } = entry;
    const isOther = async () => (await this.#options.client.get<Pod>(pods, { namespace, name })).metadata.uid !== uid;
    const gone = isNotFound(error) || (isConflict(error) && (await isOther().catch(isNotFound)));
    if (gone) entry.stored = { status: wanted, shown: ownPartOf(entry.pod) };
    return gone;
  }

  async #waitForNext(entry: Entry): Promise<void> {
    const flush = new AbortController();
    entry.flush = () => flush.abort(early);
    await this.#options.clock.sleep(coalesceMs, flush.signal);
    entry.flush = () => {};
  }

  /** The uid guards against another pod of the same name. */
  async #patch(uid: string, entry: Entry, wanted: PodStatus): Promise<void> {
    const { namespace, name } = entry;
    const body = { metadata: { uid }, status: patchOfStatus(wanted) };
    const patch = { type: 'strategic', body } as const;
    entry.sending = true;
    const answer = await this.#options.client
      .patch<Pod>(pods, { namespace, name }, patch, { subresource: 'status' })
      .finally(() => {
        entry.sending = false;
      });
    entry.stored = { status: wanted, shown: ownPartOf(answer) };
    const seen = entry.pod;
    entry.pod = newer(answer, seen);
    // The cache showed something newer before the answer came.
    if (entry.pod === seen) this.seen(seen);
  }
}

/** The one with the greater version; the first where they are equal. */
function newer(a: PodObject, b: PodObject): PodObject {
  return Number(b.metadata.resourceVersion) > Number(a.metadata.resourceVersion) ? b : a;
}

const isReady = (status: PodStatus | undefined): boolean => status !== undefined && isPodReady({ status });

/** Somebody else said that the pod ended: we add nothing to that. */
const wasDeclaredOver = (pod: PodObject, wanted: PodStatus): boolean =>
  isPodFinished(pod) && !isFinalPhase(wanted.phase);

function patchOfStatus(wanted: PodStatus): object {
  const gone = optionalFields.filter((field) => wanted[field] === undefined).map((field) => [field, null]);
  const { podIPs, hostIPs, conditions = [], ...rest } = wanted;
  return {
    ...Object.fromEntries(gone),
    ...rest,
    ...(podIPs !== undefined && { podIPs: replacedList(podIPs) }),
    ...(hostIPs !== undefined && { hostIPs: replacedList(hostIPs) }),
    conditions: patchOfConditions(conditions, ownConditionTypes),
  };
}

/** What of the status, as the API shows it, is ours. */
function ownPartOf({ status }: PodObject): unknown {
  return {
    ...Object.fromEntries(ownFields.map((field) => [field, status?.[field]])),
    conditions: (status?.conditions ?? []).filter(({ type }) => ownConditionTypes.has(type)),
  };
}

/** A condition that stood otherwise in the API changes again now. */
function restamped(wanted: PodStatus, { status }: PodObject, now: string): PodStatus {
  const present = new Map((status?.conditions ?? []).map((condition) => [condition.type, condition.status]));
  const differs = ({ type, status: holds }: PodCondition) => present.has(type) && present.get(type) !== holds;
  const conditions = (wanted.conditions ?? []).map((condition) =>
    differs(condition) ? { ...condition, lastTransitionTime: now } : condition,
  );
  return { ...wanted, conditions };
}
