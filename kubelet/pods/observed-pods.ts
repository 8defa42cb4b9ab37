/**
 * What the runtime has of each pod, kept true by its events and by a relist from time to time. Pod workers read it;
 * whoever changes something through the runtime notes the result here at once, so that nobody waits for an event.
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { nothingObserved, type ObservedPod } from '../model/pod.ts';
import type { ContainerState, PodRuntime, RuntimeEvent, SandboxState } from '../runtime/runtime.ts';
import type { WorkMetrics } from './work-metrics.ts';

export interface ObservedPodsOptions {
  readonly runtime: Pick<PodRuntime, 'list' | 'events' | 'inspectContainer' | 'inspectSandbox'>;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Called when something of this pod changed without our doing. */
  readonly onChange: (podUid: string) => void;
  readonly metrics?: Pick<WorkMetrics, 'relist'>;
}

const relistEveryMs = 15_000;
const retryMs = 1_000;
/** How long after its events broke off the runtime is listed often: what happened meanwhile is not told. */
const doubtMs = 5_000;

export class ObservedPods {
  readonly #options: ObservedPodsOptions;
  readonly #pods = new Map<string, ObservedPod>();
  /** Monotonic time of the last complete look; undefined: the runtime does not answer. */
  #lookedAt: number | undefined;
  /** Monotonic time at which events broke off last; `#doubt` aborts then. */
  #brokenAt = Number.NEGATIVE_INFINITY;
  #doubt = new AbortController();
  /** Counts changes; `#changedAt` has its value at the last change of each pod. */
  #version = 0;
  readonly #changedAt = new Map<string, number>();

  constructor(options: ObservedPodsOptions) {
    this.#options = options;
  }

  get(podUid: string): ObservedPod {
    return this.#pods.get(podUid) ?? nothingObserved;
  }

  uids(): Iterable<string> {
    return this.#pods.keys();
  }

  get lookedAt(): number | undefined {
    return this.#lookedAt;
  }

  /** The pod is gone for good. */
  forget(podUid: string): void {
    if (!this.#pods.has(podUid)) this.#changedAt.delete(podUid);
  }

  noteContainer(state: ContainerState): void {
    const { sandboxes, containers } = this.get(state.pod.uid);
    this.#set(state.pod.uid, { sandboxes, containers: [...containers.filter(({ id }) => id !== state.id), state] });
  }

  noteSandbox(state: SandboxState): void {
    const { sandboxes, containers } = this.get(state.pod.uid);
    this.#set(state.pod.uid, { sandboxes: [...sandboxes.filter(({ id }) => id !== state.id), state], containers });
  }

  /** As `noteContainer` and `noteSandbox`, for what was started when nobody waited for it any more. */
  noteLate(state: ContainerState | SandboxState): void {
    if ('running' in state) this.noteSandbox(state);
    else this.noteContainer(state);
    this.#options.onChange(state.pod.uid);
  }

  /** Whether a sandbox runs, asked now: its end may be told later than that of its containers. Tells what changed. */
  async sandboxRuns(podUid: string, id: string): Promise<boolean> {
    await this.#apply({ type: 'sandbox', id, podUid });
    return this.get(podUid).sandboxes.some((sandbox) => sandbox.id === id && sandbox.running);
  }

  noteRemoved(podUid: string, removedId: string): void {
    const { sandboxes, containers } = this.get(podUid);
    this.#set(podUid, {
      sandboxes: sandboxes.filter(({ id }) => id !== removedId),
      containers: containers.filter(({ id }) => id !== removedId),
    });
  }

  /** One complete look. Throws when the runtime does not answer. */
  async relist(): Promise<void> {
    const { clock, metrics } = this.#options;
    const [startedAt, begunAt, lookedAt] = [this.#version, clock.monotonic(), this.#lookedAt];
    const { sandboxes, containers } = await this.#options.runtime.list();
    const found = new Map<string, { sandboxes: SandboxState[]; containers: ContainerState[] }>();
    const entry = (uid: string) => {
      const one = found.get(uid) ?? { sandboxes: [], containers: [] };
      found.set(uid, one);
      return one;
    };
    for (const state of sandboxes) entry(state.pod.uid).sandboxes.push(state);
    for (const state of containers) entry(state.pod.uid).containers.push(state);
    for (const uid of new Set([...this.#pods.keys(), ...found.keys()])) {
      // What was noted while the list was on its way is newer than the list.
      if ((this.#changedAt.get(uid) ?? 0) <= startedAt) this.#replace(uid, found.get(uid) ?? nothingObserved);
    }
    this.#lookedAt = clock.monotonic();
    metrics?.relist(this.#lookedAt - begunAt, lookedAt === undefined ? undefined : this.#lookedAt - lookedAt);
  }

  /** Follows the runtime until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all([this.#follow(signal), this.#relistFromTimeToTime(signal)]);
  }

  async #follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        for await (const event of this.#options.runtime.events(signal)) await this.#apply(event);
      } catch (error) {
        this.#options.logger.warn('The runtime does not tell what happens; looking again soon', { error });
        this.#lookedAt = undefined;
        this.#brokenAt = this.#options.clock.monotonic();
        this.#doubt.abort();
      }
      await this.#options.clock.sleep(retryMs, signal);
    }
  }

  async #relistFromTimeToTime(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const { clock } = this.#options;
      const inDoubt = this.#lookedAt === undefined || clock.monotonic() - this.#brokenAt < doubtMs;
      this.#doubt = new AbortController();
      await clock.sleep(inDoubt ? retryMs : relistEveryMs, AbortSignal.any([signal, this.#doubt.signal]));
      if (signal.aborted) return;
      if (this.#doubt.signal.aborted) continue; // sooner than it was going to
      try {
        await this.relist();
      } catch (error) {
        this.#lookedAt = undefined;
        this.#options.logger.warn('The runtime does not say what runs', { error });
      }
    }
  }

  async #apply({ type, id, podUid }: RuntimeEvent): Promise<void> {
    const { runtime } = this.#options;
    const state = type === 'sandbox' ? await runtime.inspectSandbox(id) : await runtime.inspectContainer(id);
    const before = this.get(podUid);
    if (state === undefined) this.noteRemoved(podUid, id);
    else if ('running' in state) this.noteSandbox(state);
    else this.noteContainer(state);
    if (!sameRun(before, this.get(podUid))) this.#options.onChange(podUid);
  }

  #replace(uid: string, observed: ObservedPod): void {
    const before = this.get(uid);
    if (sameRun(before, observed)) return;
    this.#set(uid, observed);
    this.#options.onChange(uid);
  }

  #set(uid: string, observed: ObservedPod): void {
    this.#version += 1;
    this.#changedAt.set(uid, this.#version);
    if (observed.sandboxes.length === 0 && observed.containers.length === 0) this.#pods.delete(uid);
    else this.#pods.set(uid, observed);
  }
}

/** Whether two looks at a pod show the same things in the same state. */
function sameRun(a: ObservedPod, b: ObservedPod): boolean {
  const text = ({ sandboxes, containers }: ObservedPod) =>
    [
      ...sandboxes.map(({ id, running, ip }) => `${id} ${running} ${ip}`),
      ...containers.map(
        ({ id, status, imageId }) => `${id} ${imageId} ${status.type} ${'startedAt' in status ? status.startedAt : 0}`,
      ),
    ]
      .sort()
      .join('\n');
  return text(a) === text(b);
}
