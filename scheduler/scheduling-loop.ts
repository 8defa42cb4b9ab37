/**
 * Decides on one pod after the other, each synchronously; bindings are written beside it:
 *
 *   pop → decide ─► assume, reserve ─► pre-bind, bind ──► the informer shows the pod on its node: confirmed
 *            │                              └─ failed ───► unreserve, forget, and again after a wait
 *            └──► fits nowhere: unschedulable, say why, and ask the post-filters to make room
 *
 * Invariants:
 * - A pod is counted on its node from the decision on, so that the next decision sees it.
 * - A pod that fits nowhere is unschedulable before anything is awaited: no event is missed.
 * - At most `maxBindings` writes are on their way; decisions wait for them rather than pile up. What plugins wait for
 *   before a binding (a volume that somebody is to make) keeps no other pod waiting.
 */

import { pods } from '../api/resources/core.ts';
import type { SchedulingDiagnosis } from '../api/scheduling-diagnosis.ts';
import { isConflict, isNotFound, isRetryable, serviceUnavailable } from '../api/status-error.ts';
import { formatTime } from '../api/time.ts';
import type { Binding } from '../api/types/core/v1.ts';
import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import type { Logger } from '../base/logger.ts';
import type { Writer } from '../client/client.ts';
import type { Recorder } from '../client/event-recorder.ts';
import { type DecisionContext, decide } from './decision.ts';
import { describeUnschedulable, describeUnschedulablePod } from './diagnosis.ts';
import { computeDiagnosisOfPod, type ExplanationInput, RecentDiagnoses } from './explanation.ts';
import type { ClusterEvent, Plugins, PostFilterResult, Profile, Refusal, Refused } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodConditionUpdater } from './pod-condition-updater.ts';
import { type PodInfo, schedulerNameOf } from './pod-info.ts';
import type { SchedulingQueue } from './queue.ts';
import type { SchedulerMetrics } from './scheduler-metrics.ts';
import { TemplateMemory } from './template-results.ts';

export interface SchedulingLoopOptions extends Pick<DecisionContext, 'snapshot' | 'nominations' | 'random'> {
  readonly profiles: readonly Profile[];
  readonly queue: SchedulingQueue;
  readonly conditions: PodConditionUpdater;
  readonly client: Writer;
  /** Who events come from, by the name of the scheduler. */
  recorderOf(schedulerName: string): Recorder;
  readonly metrics: SchedulerMetrics;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** A profile at work. */
interface ActiveProfile {
  readonly plugins: Plugins;
  readonly context: DecisionContext;
  readonly recorder: Recorder;
  /** Plugin → the events that may turn its refusals. */
  readonly eventsToRegister: ReadonlyMap<string, readonly ClusterEvent[]>;
}

/** Less than the connections of the client: what else it sends, a renewed lease above all, waits for no binding. */
const maxBindings = 48;
/** The longest that decisions are made in a row before news and answers get their turn. */
const burstMs = 8;

export class SchedulingLoop {
  readonly #options: SchedulingLoopOptions;
  readonly #writes = new Set<Promise<void>>();
  /** How many of these wait for what has to be true before the binding. */
  #preBinding = 0;
  readonly #profiles: ReadonlyMap<string, ActiveProfile>;
  #wake: () => void = () => {};
  #mayWrite: () => boolean = () => true;
  readonly #diagnoses = new RecentDiagnoses();

  constructor(options: SchedulingLoopOptions) {
    this.#options = options;
    this.#profiles = new Map(options.profiles.map((profile) => [profile.schedulerName, activate(profile, options)]));
    options.queue.onReady(() => this.#wake());
  }

  /**
   * Works until `signal` aborts; then the bindings on their way are awaited. Never rejects. `mayWrite` is asked before
   * each decision and each binding: a leader that was stopped for long must not go on with what it decided before.
   */
  async run(signal: AbortSignal, mayWrite: () => boolean = () => true): Promise<void> {
    this.#mayWrite = mayWrite;
    const stop = () => this.#wake();
    signal.addEventListener('abort', stop);
    while (!signal.aborted) {
      const paused = new Promise<void>((resolve) => {
        this.#wake = resolve;
      });
      if (this.#decideForAWhile(signal)) await new Promise(setImmediate);
      else await paused;
    }
    signal.removeEventListener('abort', stop);
    await Promise.all(this.#writes);
  }

  /** Whether there may be more to decide at once. */
  #decideForAWhile(signal: AbortSignal): boolean {
    const { queue, clock } = this.#options;
    const end = clock.monotonic() + burstMs;
    while (this.#writes.size - this.#preBinding < maxBindings && this.#mayWrite()) {
      const pod = queue.pop();
      if (pod === undefined) return false;
      this.#place(pod, signal);
      if (clock.monotonic() >= end) return true;
    }
    return false;
  }

  #place(pod: PodInfo, signal: AbortSignal): void {
    const startedAt = this.#options.clock.monotonic();
    const result = this.#tryToPlace(pod, signal);
    this.#options.metrics.observe(result, this.#options.clock.monotonic() - startedAt);
  }

  #tryToPlace(pod: PodInfo, signal: AbortSignal): 'scheduled' | 'unschedulable' | 'error' {
    try {
      const profile = this.#profileOf(pod);
      const decision = decide(pod, profile.context);
      if (decision.type === 'node') return this.#assign(pod, decision.node, { profile, signal });
      if (decision.because === 'nodes') this.#postFilter(pod, decision.refused, profile);
      else {
        const message = describeUnschedulablePod(decision.nodes, decision.refusal);
        const input = this.#explanationInput();
        const diagnose = () => computeDiagnosisOfPod(decision.refusal, input);
        this.#markUnschedulable(pod, [decision.refusal], { profile, message, diagnose });
      }
      return 'unschedulable';
    } catch (error) {
      this.#fail(pod, error);
      return 'error';
    }
  }

  #profileOf(pod: PodInfo): ActiveProfile {
    const name = schedulerNameOf(pod.pod);
    const profile = this.#profiles.get(name);
    if (profile === undefined) throw new Error(`No profile is named ${JSON.stringify(name)}`);
    return profile;
  }

  /** Assume and reserve, in one go with the decision; what has to be waited for comes after. */
  #assign(pod: PodInfo, node: NodeInfo, { profile, signal }: Attempt): 'scheduled' | 'unschedulable' {
    const { snapshot, conditions } = this.#options;
    snapshot.assume(pod, node);
    for (const plugin of profile.plugins.reserves ?? []) {
      const refusal = plugin.reserve(pod, node);
      if (refusal === undefined) continue;
      this.#release(pod, node, profile);
      const message = describeUnschedulable(snapshot.nodeCount, [refusal]);
      this.#markUnschedulable(pod, [refusal], { profile, message });
      return 'unschedulable';
    }
    conditions.clear(pod.key);
    this.#start(this.#bind(pod, node, { profile, signal }));
    return 'scheduled';
  }

  async #bind(pod: PodInfo, node: NodeInfo, { profile, signal }: Attempt): Promise<void> {
    try {
      await this.#preBind(pod, node, { profile, signal });
      if (!this.#mayWrite()) throw serviceUnavailable('This scheduler does not hold its lease any more');
      await this.#writeBinding(pod, node.name, profile);
    } catch (error) {
      const { queue } = this.#options;
      this.#release(pod, node, profile);
      queue.moveToActiveOrBackoff('pod removed');
      // The pod is gone, or another scheduler bound it: the informer tells, and there is nothing to complain of.
      if (isNotFound(error) || isConflict(error)) queue.retry(pod);
      else this.#fail(pod, error);
    }
  }

  async #preBind(pod: PodInfo, node: NodeInfo, { profile, signal }: Attempt): Promise<void> {
    this.#preBinding += 1;
    try {
      for (const plugin of profile.plugins.preBinds ?? []) await plugin.preBind(pod, node, signal);
    } finally {
      this.#preBinding -= 1;
    }
  }

  async #writeBinding(pod: PodInfo, nodeName: string, { recorder }: ActiveProfile): Promise<void> {
    const { namespace = '', name, uid } = pod.pod.metadata;
    const binding: Binding = {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { namespace, name, uid },
      target: { kind: 'Node', name: nodeName },
    };
    await this.#options.client.createSubresource(pods, { namespace, name }, 'binding', binding);
    const message = `Successfully assigned ${namespace}/${name} to ${nodeName}`;
    recorder.record(pod.pod, { type: 'Normal', reason: 'Scheduled', action: 'Binding', message });
  }

  /** The attempt came to nothing: the node is as free as before. */
  #release(pod: PodInfo, node: NodeInfo, { plugins }: ActiveProfile): void {
    for (const plugin of plugins.reserves ?? []) plugin.unreserve(pod, node);
    this.#options.snapshot.forget(pod);
  }

  #postFilter(pod: PodInfo, refused: Refused, profile: ActiveProfile): void {
    const { snapshot, nominations } = this.#options;
    const refusals = refused.answers;
    const result = askPostFilters(profile.plugins, pod, refused);
    if (result.type === 'none') {
      const message = describeUnschedulable(snapshot.nodeCount, refusals, result.message);
      const diagnose = () => this.#diagnoses.of(pod, refused, this.#explanationInput(result.message));
      this.#markUnschedulable(pod, refusals, { profile, message, diagnose });
      if (result.giveUp !== undefined) this.#start(result.giveUp());
      return;
    }
    const message = describeUnschedulable(snapshot.nodeCount, refusals);
    const { name } = result.node;
    // Why it waits is said by the nomination; its room will be there in seconds.
    this.#markUnschedulable(pod, refusals, { profile, message, nominatedNodeName: name });
    nominations.set(pod, result.node.name);
    this.#start(this.#hold(pod, result.makeRoom()));
  }

  /** Another attempt before the victims have gone would only ask more of them to go. */
  async #hold(pod: PodInfo, room: Promise<'made' | 'failed'>): Promise<void> {
    const { queue } = this.#options;
    queue.hold(pod);
    queue.release(pod, await room);
  }

  #explanationInput(preemption?: string): ExplanationInput {
    const { snapshot, clock } = this.#options;
    return { nodes: snapshot.nodeCount, observedAt: formatTime(clock.now()), preemption };
  }

  #markUnschedulable(pod: PodInfo, refusals: readonly Refusal[], outcome: Unschedulable): void {
    const { profile, message, nominatedNodeName, diagnose } = outcome;
    const { queue, conditions } = this.#options;
    queue.markUnschedulable(pod, eventsThatHelp(profile, refusals));
    const diagnosis = conditions.needsDiagnosis(pod, message) ? diagnose?.() : undefined;
    const condition = { reason: 'Unschedulable', message } as const;
    conditions.set(pod.key, { uid: pod.uid, condition, diagnosis, nominatedNodeName });
    profile.recorder.record(pod.pod, { type: 'Warning', reason: 'FailedScheduling', action: 'Scheduling', message });
  }

  #fail(pod: PodInfo, error: unknown): void {
    const { queue, conditions, logger, recorderOf } = this.#options;
    const message = errorText(error);
    // While the server is away every pod fails alike, and the informers say so already.
    logger[isRetryable(error) ? 'debug' : 'warn']('Scheduling a pod failed; trying again', { pod: pod.key, error });
    queue.retry(pod);
    conditions.set(pod.key, { uid: pod.uid, condition: { reason: 'SchedulerError', message } });
    recorderOf(schedulerNameOf(pod.pod)).record(pod.pod, {
      type: 'Warning',
      reason: 'FailedScheduling',
      action: 'Scheduling',
      message,
    });
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

interface Unschedulable {
  readonly profile: ActiveProfile;
  readonly message: string;
  /** In full; asked only when it is written down. */
  readonly diagnose?: () => SchedulingDiagnosis;
  readonly nominatedNodeName?: string;
}

interface Attempt {
  readonly profile: ActiveProfile;
  readonly signal: AbortSignal;
}

function activate(
  { schedulerName, plugins, percentageOfNodesToScore }: Profile,
  options: SchedulingLoopOptions,
): ActiveProfile {
  const { snapshot, nominations, random, recorderOf } = options;
  return {
    plugins,
    context: { snapshot, nominations, random, plugins, percentageOfNodesToScore, templates: new TemplateMemory() },
    recorder: recorderOf(schedulerName),
    eventsToRegister: new Map(plugins.filters.map(({ name, eventsToRegister }) => [name, eventsToRegister])),
  };
}

/** The first that nominates a node, or lets go of something, has the word; else what the last one said. */
function askPostFilters({ postFilters = [] }: Plugins, pod: PodInfo, refused: Refused): PostFilterResult {
  let result: PostFilterResult = { type: 'none', message: '' };
  for (const plugin of postFilters) {
    result = plugin.postFilter(pod, refused);
    if (result.type === 'nominated' || result.giveUp !== undefined) break;
  }
  return result;
}

function eventsThatHelp({ eventsToRegister }: ActiveProfile, refusals: readonly Refusal[]): ReadonlySet<ClusterEvent> {
  // Without nodes nothing was refused, and only a node helps.
  const helpful = new Set<ClusterEvent>(['node added']);
  const plugins = new Set<string>();
  for (const { plugin } of refusals) plugins.add(plugin);
  for (const plugin of plugins) for (const event of eventsToRegister.get(plugin) ?? []) helpful.add(event);
  return helpful;
}
