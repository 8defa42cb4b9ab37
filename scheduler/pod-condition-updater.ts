/**
 * Tells users why a pod waits: its PodScheduled condition and where room is being made for it. What is to be said is
 * kept by pod and written by a controller, so a slow API server never holds up a decision and only the last word on a
 * pod is written.
 */

import { keyOf, parseKey } from '../api/object.ts';
import { pods } from '../api/resources/core.ts';
import {
  diagnosisAnnotation,
  parseSchedulingDiagnosis,
  type SchedulingDiagnosis,
} from '../api/scheduling-diagnosis.ts';
import { isNotFound } from '../api/status-error.ts';
import { formatTime, parseTime } from '../api/time.ts';
import type { Pod } from '../api/types/core/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Writer } from '../client/client.ts';
import { Controller } from '../client/controller.ts';
import type { Cached, ObjectCache } from '../client/object-cache.ts';
import type { Reconciler, Result } from '../client/reconciler.ts';
import type { PodInfo } from './pod-info.ts';

export interface PodSchedulingStatus {
  readonly uid: string;
  /** Absent: only the nomination changes. */
  readonly condition?: { readonly reason: 'Unschedulable' | 'SchedulerError'; readonly message: string };
  /** Written down with the condition. */
  readonly diagnosis?: SchedulingDiagnosis | undefined;
  /** Undefined leaves it as it is; the empty string takes it back. */
  readonly nominatedNodeName?: string | undefined;
}

export interface PodConditionUpdaterOptions {
  readonly client: Pick<Writer, 'patch'>;
  readonly pods: ObjectCache<Pod>;
  readonly logger: Logger;
  readonly clock: Clock;
}

const workers = 8;
/** While nothing else changes, what would help is looked at so often: each is a write of the pod. */
const diagnosisAgeMs = 60_000;

export class PodConditionUpdater implements Reconciler {
  readonly #options: PodConditionUpdaterOptions;
  readonly #pending = new Map<string, PodSchedulingStatus>();
  readonly #controller: Controller;

  constructor(options: PodConditionUpdaterOptions) {
    this.#options = options;
    const { logger, clock } = options;
    this.#controller = new Controller({ name: 'pod-conditions', reconciler: this, workers, logger, clock });
  }

  set(key: string, wanted: PodSchedulingStatus): void {
    this.#pending.set(key, wanted);
    this.#controller.add(key);
  }

  /** Whether a new diagnosis is worth its cost: the last one says something else, or is old. */
  needsDiagnosis({ pod }: PodInfo, message: string): boolean {
    const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
    if (known?.message !== message) return true;
    const last = parseSchedulingDiagnosis(pod.metadata.annotations?.[diagnosisAnnotation]);
    return this.#options.clock.now() - (parseTime(last?.observedAt) ?? 0) >= diagnosisAgeMs;
  }

  /** Room on a node was given to a more important pod. */
  withdrawNomination({ key, uid }: PodInfo): void {
    this.#pending.set(key, { uid, nominatedNodeName: '' });
    this.#controller.add(key);
  }

  /** The pod has a node: nothing to say any more. */
  clear(key: string): void {
    this.#pending.delete(key);
  }

  run(signal: AbortSignal): Promise<void> {
    return this.#controller.run(signal);
  }

  async reconcile(key: string): Promise<Result> {
    const wanted = this.#pending.get(key);
    if (wanted === undefined) return {};
    const pod = this.#options.pods.get(key);
    if (pod !== undefined && pod.metadata.uid === wanted.uid && !pod.spec?.nodeName) await this.#write(pod, wanted);
    if (this.#pending.get(key) === wanted) this.#pending.delete(key);
    return {};
  }

  async #write(pod: Cached<Pod>, wanted: PodSchedulingStatus): Promise<void> {
    const status = computeStatusPatch(pod, wanted, this.#options.clock.now());
    const annotations = wanted.diagnosis && { [diagnosisAnnotation]: JSON.stringify(wanted.diagnosis) };
    if (status === undefined && annotations === undefined) return;
    try {
      // Of the very version that was looked at: it must not come after the binding of a pod that has got a node since.
      const { resourceVersion } = pod.metadata;
      const metadata = { uid: wanted.uid, resourceVersion, ...(annotations && { annotations }) };
      const body = { metadata, ...(status && { status }) };
      await this.#options.client.patch(
        pods,
        parseKey(keyOf(pod)),
        { type: 'strategic', body },
        { subresource: 'status' },
      );
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
  }
}

/** What to change in the pod's status, or undefined when it says so already. Pure. */
export function computeStatusPatch(pod: Cached<Pod>, wanted: PodSchedulingStatus, now: number): object | undefined {
  const { condition, nominatedNodeName } = wanted;
  const status: Record<string, unknown> = {};
  const known = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  const said = known?.status === 'False' && known.reason === condition?.reason && known?.message === condition?.message;
  if (condition !== undefined && !said) {
    const transition = known?.status === 'False' ? known.lastTransitionTime : formatTime(now);
    status.conditions = [
      {
        type: 'PodScheduled',
        status: 'False',
        ...condition,
        lastProbeTime: null,
        lastTransitionTime: transition,
        ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
      },
    ];
  }
  if (nominatedNodeName !== undefined && nominatedNodeName !== (pod.status?.nominatedNodeName ?? '')) {
    status.nominatedNodeName = nominatedNodeName === '' ? null : nominatedNodeName;
  }
  return Object.keys(status).length === 0 ? undefined : status;
}
