/**
 * Ends pods in order before the machine shuts down: it holds the shutdown up, and lets go when they have ended.
 *
 *   hold ─► shutdown begins ─► node not ready, no new pods ─► a group of pods, then the next ─► released: it goes on
 *    ▲                                                              │
 *    └────────────────────── cancelled: ready again ◄───────────────┘
 *
 * Invariants:
 * - Only what the source says begins it: that the kubelet is stopped ends no pod.
 * - Each group gets its period and no more; what has not ended by then no longer holds the others up.
 * - Without a source, or while it is silent, the node runs as one that was never asked to wait.
 */

import { computeBackoffMs } from '../../base/backoff.ts';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodFailure } from '../pods/pod-state.ts';
import { groupByPriority, type ShutdownGroup, type ShutdownPeriod, totalSecondsOf } from './shutdown-periods.ts';
import type { ShutdownHold, ShutdownSource } from './shutdown-source.ts';

export interface NodeShutdownOptions {
  readonly source: ShutdownSource;
  /** By priority, the lowest first; none: nothing is held up. */
  readonly periods: readonly ShutdownPeriod[];
  /** Those that are to be ended: all that are not over. */
  readonly pods: () => readonly PodObject[];
  readonly endPod: (uid: string, failure: PodFailure) => void;
  /** Resolves when nothing of the pod runs and the API knows how it ended, or `signal` aborts. */
  readonly podOver: (uid: string, signal: AbortSignal) => Promise<void>;
  readonly recorder: Recorder;
  readonly node: EventSubject;
  /** Called when the node is shutting down, or no longer. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const retry = { baseMs: 1_000, maxMs: 60_000 };
const extendWaitMs = 500;
const extendTries = 10;
/** Upstream's words. */
const shuttingDown = 'node is shutting down';
const refused: PodFailure = {
  reason: 'NodeShutdown',
  message: 'Pod was rejected as the node is shutting down.',
};
const terminated = 'Pod was terminated in response to imminent node shutdown.';

export class NodeShutdown {
  readonly #options: NodeShutdownOptions;
  #isShuttingDown = false;
  #hold: ShutdownHold | undefined;
  #taking: Promise<void> | undefined;
  /** Ends the present watch. */
  #broken = new AbortController();
  /** What ends pods now; aborts when the shutdown is cancelled. */
  #ending: { readonly cancel: AbortController; readonly done: Promise<void> } | undefined;
  /** The trouble that was told last. */
  #told: string | undefined;

  constructor(options: NodeShutdownOptions) {
    this.#options = options;
  }

  /** Undefined: it does not shut down. */
  get whyNotReady(): string | undefined {
    return this.#isShuttingDown ? shuttingDown : undefined;
  }

  /** Undefined: the pod is taken. One that has begun is no new one. */
  refusalOf({ status }: PodObject): PodFailure | undefined {
    return this.#isShuttingDown && status?.startTime === undefined ? refused : undefined;
  }

  /** Until `signal` aborts; nothing is held up then. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { periods, clock } = this.#options;
    if (periods.length === 0) return;
    let failures = 0;
    while (!signal.aborted) {
      try {
        await this.#watch(signal, () => (failures = 0));
      } catch (error) {
        failures += 1;
        this.#tell('The shutdown of the machine cannot be watched and held up: it would not wait for pods', error);
      }
      await clock.sleep(computeBackoffMs(failures, retry), signal);
    }
    this.#ending?.cancel.abort();
    await Promise.all([this.#ending?.done, this.#taking]);
    await this.#hold?.release();
  }

  /** Until `signal` aborts. Throws when the source is silent, or a shutdown is not held up. */
  async #watch(signal: AbortSignal, onHeard: () => void): Promise<void> {
    await this.#extend(signal);
    const broken = new AbortController();
    this.#broken = broken;
    const hear = (isShuttingDown: boolean) => {
      this.#heard(isShuttingDown, signal);
      // One that has begun takes nobody else to wait for.
      if (!isShuttingDown) this.#taking ??= this.#take(onHeard).finally(() => (this.#taking = undefined));
    };
    await this.#options.source.follow(hear, AbortSignal.any([signal, broken.signal]));
    if (!signal.aborted) throw broken.signal.reason;
  }

  async #take(onTaken: () => void): Promise<void> {
    if (this.#hold !== undefined) return onTaken();
    try {
      const hold = await this.#options.source.hold();
      this.#hold = hold;
      this.#told = undefined;
      onTaken();
      void hold.over.then(() => {
        this.#hold = undefined;
        if (!this.#isShuttingDown) this.#broken.abort(new Error('what held it up has ended'));
      });
    } catch (error) {
      this.#broken.abort(error);
    }
  }

  /** What is set elsewhere may be too short for all groups. */
  async #extend(signal: AbortSignal): Promise<void> {
    const { source, periods, clock } = this.#options;
    const wantedMs = totalSecondsOf(periods) * 1_000;
    let longestMs = await source.longestHoldMs();
    if (longestMs >= wantedMs) return;
    try {
      await source.extendHold(wantedMs);
      for (let tries = 0; tries < extendTries && longestMs < wantedMs && !signal.aborted; tries += 1) {
        await clock.sleep(extendWaitMs, signal);
        longestMs = await source.longestHoldMs();
      }
      if (longestMs >= wantedMs || signal.aborted) return;
      throw new Error('it was set, and stayed as it was');
    } catch (error) {
      const what = `A shutdown of the machine waits ${longestMs / 1_000} s, pods are to get ${wantedMs / 1_000} s`;
      this.#tell(`${what}, and that cannot be set: the last of them will be killed`, error);
    }
  }

  #heard(isShuttingDown: boolean, signal: AbortSignal): void {
    if (isShuttingDown === this.#isShuttingDown || signal.aborted) return;
    const { recorder, node, onChange, logger } = this.#options;
    this.#isShuttingDown = isShuttingDown;
    const what = isShuttingDown ? 'shutdown event' : 'shutdown cancellation';
    recorder.record(node, { type: 'Normal', reason: 'NodeShutdown', message: `Shutdown manager detected ${what}` });
    logger.info(
      isShuttingDown ? 'The machine is shutting down: pods end' : 'The shutdown of the machine was cancelled',
    );
    onChange();
    if (isShuttingDown) this.#begin();
    else this.#ending?.cancel.abort();
  }

  #begin(): void {
    const before = this.#ending?.done;
    const cancel = new AbortController();
    const done = (async () => {
      await before;
      await this.#endAll(cancel.signal);
      if (!cancel.signal.aborted) await this.#hold?.release();
    })().catch((error: unknown) => this.#options.logger.warn('Pods could not be ended in order', { error }));
    this.#ending = { cancel, done };
  }

  async #endAll(cancelled: AbortSignal): Promise<void> {
    const { periods, pods, logger } = this.#options;
    for (const group of groupByPriority(periods, pods())) {
      if (cancelled.aborted) return;
      logger.info('Pods end', { pods: group.pods.length, priority: group.priority, seconds: group.seconds });
      await this.#endGroup(group, cancelled);
    }
  }

  async #endGroup({ pods, seconds }: ShutdownGroup, cancelled: AbortSignal): Promise<void> {
    const { endPod, podOver, clock } = this.#options;
    const over = new AbortController();
    const stop = AbortSignal.any([cancelled, over.signal]);
    for (const { metadata, spec } of pods) {
      const graceSeconds = Math.min(seconds, spec?.terminationGracePeriodSeconds ?? 30);
      endPod(metadata.uid, { reason: 'Terminated', message: terminated, disruption: terminated, graceSeconds });
    }
    const all = Promise.all(pods.map(({ metadata }) => podOver(metadata.uid, stop)));
    await Promise.race([all, clock.sleep(seconds * 1_000, stop)]);
    over.abort();
    await all;
  }

  /** The same trouble is told once, until something is heard again. */
  #tell(message: string, error: unknown): void {
    const told = `${message}: ${errorText(error)}`;
    if (told === this.#told) return;
    this.#told = told;
    this.#options.logger.warn(message, { error });
  }
}
