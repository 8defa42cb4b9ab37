/**
 * Decides on one pod after the other, each synchronously; bindings are written beside it:
 *
 *   pop → decide ─► assume ─► bind ───────────► the informer shows the pod on its node: confirmed
 *            │                  └─ failed ────► forget, and again after a wait
 *            └──► fits nowhere: park, say why, and make room if the pod is important enough
 *
 * Invariants:
 * - A pod is counted on its node from the decision on, so that the next decision sees it.
 * - Whoever fits nowhere is parked before anything is awaited: no change is missed.
 * - At most `maxBindings` writes are on their way; decisions wait for them rather than pile up.
 */

import { parseKey } from '../api/object.ts';
import { pods } from '../api/resources/core.ts';
import { isConflict, isNotFound, isRetryable } from '../api/status-error.ts';
import type { PodDisruptionBudget } from '../api/types/policy/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Writer } from '../client/client.ts';
import type { Recorder } from '../client/event-recorder.ts';
import type { Cached } from '../client/object-cache.ts';
import { type DecisionContext, decide, type Refused } from './decision.ts';
import { describeImpossible, describeNowhere } from './diagnosis.ts';
import type { ClusterChange, Plugins, Refusal } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';
import { computePreemption } from './preemption.ts';
import type { SchedulingQueue } from './queue.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';
import { formatTime, type Verdicts } from './verdicts.ts';

export interface SchedulingLoopOptions extends DecisionContext {
  readonly queue: SchedulingQueue;
  readonly verdicts: Verdicts;
  readonly client: Writer;
  readonly recorder: Recorder;
  readonly metrics: SchedulerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
  budgets(): readonly Cached<PodDisruptionBudget>[];
}

const maxBindings = 100;
/** The longest that decisions are made in a row before news and answers get their turn. */
const burstMs = 8;

export class SchedulingLoop {
  readonly #options: SchedulingLoopOptions;
  readonly #writes = new Set<Promise<void>>();
  readonly #wokenBy: ReadonlyMap<string, readonly ClusterChange[]>;
  #wake: () => void = () => {};

  constructor(options: SchedulingLoopOptions) {
    this.#options = options;
    this.#wokenBy = wakersOf(options.plugins);
    options.queue.onReady(() => this.#wake());
  }

  /** Works until `signal` aborts; then the bindings on their way are awaited. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      const paused = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (this.#decideForAWhile()) await new Promise(setImmediate);
      else await paused;
    }
    signal.removeEventListener('abort', stop);
    await Promise.all(this.#writes);
  }

  /** Whether there may be more to decide at once. */
  #decideForAWhile(): boolean {
    const { queue, clock } = this.#options;
    const end = clock.monotonic() + burstMs;
    while (this.#writes.size < maxBindings) {
      const pod = queue.pop();
      if (pod === undefined) return false;
      this.#place(pod);
      if (clock.monotonic() >= end) return true;
    }
    return false;
  }

  #place(pod: PodInfo): void {
    const startedAt = this.#options.clock.monotonic();
    const result = this.#tryToPlace(pod);
    this.#options.metrics.observe(result, this.#options.clock.monotonic() - startedAt);
  }

  #tryToPlace(pod: PodInfo): 'scheduled' | 'unschedulable' | 'error' {
    try {
      const decision = decide(pod, this.#options);
      switch (decision.type) {
        case 'node':
          this.#bind(pod, decision.node);
          return 'scheduled';
        case 'nowhere':
          this.#refuse(pod, decision.refused);
          return 'unschedulable';
        case 'impossible':
          this.#park(pod, [decision.refusal], describeImpossible(decision.nodes, decision.refusal));
          return 'unschedulable';
      }
    } catch (error) {
      this.#fail(pod, error);
      return 'error';
    }
  }

  #bind(pod: PodInfo, node: NodeInfo): void {
    this.#options.snapshot.assume(pod, node);
    this.#options.verdicts.clear(pod.key);
    this.#start(this.#writeBinding(pod, node.name));
  }

  async #writeBinding(pod: PodInfo, nodeName: string): Promise<void> {
    const { client, snapshot, recorder, queue } = this.#options;
    const { namespace = '', name, uid } = pod.pod.metadata;
    try {
      await client.createSubresource(pods, { namespace, name }, 'binding', {
        apiVersion: 'v1',
        kind: 'Binding',
        metadata: { namespace, name, uid },
        target: { kind: 'Node', name: nodeName },
      } as object);
      const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
      recorder.record(pod.pod, { type: 'Normal', reason: 'Scheduled', message });
    } catch (error) {
      snapshot.forget(pod);
      queue.wake('pod removed');
      // The pod is gone, or somebody else bound it: the informer tells, and there is nothing to complain of.
      if (isNotFound(error) || isConflict(error)) queue.retry(pod);
      else this.#fail(pod, error);
    }
  }

  #refuse(pod: PodInfo, refused: Refused): void {
    const { snapshot, clock } = this.#options;
    const preemption = computePreemption(pod, refused, {
      snapshot,
      budgets: this.#options.budgets(),
      now: clock.now(),
    });
    const refusals = [...refused.refusals.values()];
    if (preemption.type === 'none') {
      this.#park(pod, refusals, describeNowhere(snapshot.nodeCount, refusals, preemption.message));
      return;
    }
    this.#park(pod, refusals, describeNowhere(snapshot.nodeCount, refusals), preemption.node.name);
    this.#options.nominations.set(pod, preemption.node.name);
    this.#start(this.#makeRoom(pod, preemption.node, preemption.victims));
  }

  #park(pod: PodInfo, refusals: readonly Refusal[], message: string, nominatedNodeName?: string): void {
    const { queue, verdicts, recorder } = this.#options;
    queue.park(pod, this.#changesThatHelp(refusals));
    verdicts.set(pod.key, { uid: pod.uid, condition: { reason: 'Unschedulable', message }, nominatedNodeName });
    recorder.record(pod.pod, { type: 'Warning', reason: 'FailedScheduling', message });
  }

  #fail(pod: PodInfo, error: unknown): void {
    const { queue, verdicts, recorder, logger } = this.#options;
    const message = error instanceof Error ? error.message : String(error);
    // While the server is away every pod fails alike, and the informers say so already.
    logger[isRetryable(error) ? 'debug' : 'warn']('Scheduling a pod failed; trying again', { pod: pod.key, error });
    queue.retry(pod);
    verdicts.set(pod.key, { uid: pod.uid, condition: { reason: 'SchedulerError', message } });
    recorder.record(pod.pod, { type: 'Warning', reason: 'FailedScheduling', message });
  }

  #changesThatHelp(refusals: readonly Refusal[]): ReadonlySet<ClusterChange> {
    // Without nodes nothing was refused, and only a node helps.
    const helpful = new Set<ClusterChange>(['node added']);
    for (const plugin of new Set(refusals.map((refusal) => refusal.plugin)))
      for (const change of this.#wokenBy.get(plugin) ?? []) helpful.add(change);
    return helpful;
  }

  async #makeRoom(pod: PodInfo, node: NodeInfo, victims: readonly PodInfo[]): Promise<void> {
    const { nominations, verdicts, logger } = this.#options;
    for (const lesser of nominations.lessImportantOn(node.name, pod.priority)) {
      // Its room is taken: it looks elsewhere.
      nominations.delete(lesser.key);
      verdicts.withdrawNomination(lesser);
    }
    const results = await Promise.allSettled(victims.map((victim) => this.#evict(victim, pod, node)));
    for (const result of results)
      if (result.status === 'rejected') logger.warn('Preempting a pod failed', { pod: pod.key, error: result.reason });
  }

  async #evict(victim: PodInfo, pod: PodInfo, node: NodeInfo): Promise<void> {
    if (victim.terminating) return;
    const { client, recorder, clock } = this.#options;
    const key = parseKey(victim.key);
    const condition = {
      type: 'DisruptionTarget',
      status: 'True',
      reason: 'PreemptionByScheduler',
      message: 'default-scheduler: preempting to accommodate a higher priority pod',
      lastTransitionTime: formatTime(clock.now()),
    };
    try {
      const body = { metadata: { uid: victim.uid }, status: { conditions: [condition] } };
      await client.patch(pods, key, { type: 'strategic', body }, { subresource: 'status' });
      await client.delete(pods, key, { uid: victim.uid });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
    const message = `Preempted by pod ${pod.uid} on node ${node.name}`;
    recorder.record(victim.pod, { type: 'Normal', reason: 'Preempted', message });
  }

  /** Awaited by `run`; what goes through here handles its own errors. */
  #start(write: Promise<void>): void {
    const tracked = write.finally(() => {
      this.#writes.delete(tracked);
      this.#wake();
    });
    this.#writes.add(tracked);
  }
}

function wakersOf({ filters }: Plugins): ReadonlyMap<string, readonly ClusterChange[]> {
  return new Map(filters.map(({ name, wokenBy }) => [name, wokenBy]));
}
