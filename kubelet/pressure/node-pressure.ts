/**
 * Keeps a node from running out of memory, disk and processes: looks every ten seconds, gives back what nobody needs, and
 * when that is not enough evicts one pod, and looks again.
 *
 *   observe ─► conditions ─► pods beyond their limits ─► anything due? ─► dead containers, images ─► enough? ─► one pod
 *      ▲                                                                                                         │
 *      └──────────────────────── 10 s, or as soon as that pod is over ───────────────────────────────────────────┘
 *
 * Invariants:
 * - No pod goes while something that nobody needs can go instead, where that lies on the disk that is full.
 * - One pod at a time, and no critical one.
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { isCriticalPod } from '../model/critical-pod.ts';
import type { PodObject } from '../model/pod.ts';
import type { PodFailure } from '../pods/pod-state.ts';
import type { DiskMeter } from '../stats/disk-meter.ts';
import { allParts, type DiskParts } from '../stats/disk-usage.ts';
import { evictionMessage, evictionOf } from './eviction-message.ts';
import { advancePressure, findMet, noPressure, type PressureState } from './met-thresholds.ts';
import type { NodeObserver } from './node-observer.ts';
import { rankPods } from './pod-ranking.ts';
import type { PodMemoryUsage, PodUsage } from './pod-usage.ts';
import { conditionOf, type Observations, type PressureCondition, resourceOf, type Signal } from './signals.ts';
import { computeStorageExcess } from './storage-limits.ts';
import type { Threshold } from './thresholds.ts';

export interface NodePressureOptions {
  readonly thresholds: readonly Threshold[];
  /** So long a condition stays when what it says is over. */
  readonly transitionMs: number;
  /** The longest that a pod gets to end when a soft threshold is met; less than 0: as long as it asks for. */
  readonly maxPodGraceSeconds: number;
  readonly observer: Pick<NodeObserver, 'observe' | 'fileSystems'>;
  /** Those that are not over. */
  readonly pods: () => Iterable<PodObject>;
  /** What pods use of memory and processes now, by their uids. */
  readonly measureMemory: () => Promise<ReadonlyMap<string, PodMemoryUsage>>;
  readonly disk: Pick<DiskMeter, 'get' | 'refresh'>;
  /** Removes what nobody needs: emptyDir volumes of pods that are over, dead containers, then images, where they lie on that disk. */
  readonly reclaimDisk: (parts: DiskParts) => Promise<void>;
  /** False: it ends already, or nobody works on it. */
  readonly endPod: (uid: string, failure: PodFailure) => boolean;
  /** Resolves when nothing of the pod runs and its emptyDir volumes are gone, or `signal` aborts. */
  readonly podOver: (uid: string, signal: AbortSignal) => Promise<void>;
  readonly recorder: Recorder;
  readonly node: EventSubject;
  /** Called when there are other conditions than before. */
  readonly onChange: () => void;
  readonly clock: Clock;
  readonly logger: Logger;
}

const everyMs = 10_000;
const afterEvictionMs = 1_000;
/** Who fills a disk may have begun a moment ago: all are measured anew before one is chosen, as far as that goes. */
const refreshLimitMs = 30_000;
/** So long a pod that was evicted may take before it is looked again. */
const podOverLimitMs = 30_000;
const hardGraceSeconds = 1;

export class NodePressure {
  readonly #options: NodePressureOptions;
  #state: PressureState = noPressure;
  #hasLooked = false;
  /** Ended, and did not get over in time: others are to make room. */
  readonly #stuck = new Set<string>();

  constructor(options: NodePressureOptions) {
    this.#options = options;
  }

  get conditions(): readonly PressureCondition[] {
    return this.#state.conditions;
  }

  /** Undefined: not known yet. */
  get verdict(): Readonly<Record<'memory' | 'disk' | 'pid', boolean>> | undefined {
    if (!this.#hasLooked) return undefined;
    const has = (condition: PressureCondition) => this.conditions.includes(condition);
    return { memory: has('MemoryPressure'), disk: has('DiskPressure'), pid: has('PIDPressure') };
  }

  /** Looks once, and acts on nothing. */
  async look(): Promise<Observations> {
    const { observer, thresholds, transitionMs, clock, onChange } = this.#options;
    const observations = await observer.observe();
    const before = this.#hasLooked ? this.conditions.join() : undefined;
    this.#hasLooked = true;
    this.#state = advancePressure(this.#state, { thresholds, observations, now: clock.monotonic(), transitionMs });
    if (this.conditions.join() !== before) onChange();
    return observations;
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      let hasEvicted = false;
      try {
        hasEvicted = await this.#step(signal);
      } catch (error) {
        logger.warn('The node could not be kept from running short; trying again', { error });
      }
      await clock.sleep(hasEvicted ? afterEvictionMs : everyMs, signal);
    }
  }

  /** Whether a pod was evicted. */
  async #step(signal: AbortSignal): Promise<boolean> {
    const observations = await this.look();
    const present = new Set([...this.#options.pods()].map(({ metadata }) => metadata.uid));
    for (const uid of this.#stuck) if (!present.has(uid)) this.#stuck.delete(uid);
    if (await this.#evictExcess(signal)) return true;
    const [threshold] = this.#state.due;
    if (threshold === undefined) return false;
    const { recorder, node } = this.#options;
    const message = `Attempting to reclaim ${resourceOf(threshold.signal)}`;
    recorder.record(node, { type: 'Warning', reason: 'EvictionThresholdMet', message });
    if (await this.#reclaim(threshold)) return false;
    return await this.#evictOne(threshold, observations, signal);
  }

  /** Pods that take more of the disk than they may: all of them at once. */
  async #evictExcess(signal: AbortSignal): Promise<boolean> {
    const { disk, pods, endPod } = this.#options;
    const evicted: string[] = [];
    for (const pod of pods()) {
      const usage = disk.get(pod.metadata.uid);
      const message = usage && computeStorageExcess(pod, usage);
      if (message === undefined || isCriticalPod(pod)) continue;
      if (endPod(pod.metadata.uid, { ...evictionOf(message), graceSeconds: hardGraceSeconds }))
        evicted.push(pod.metadata.uid);
    }
    await Promise.all(evicted.map((uid) => this.#untilOver(uid, signal)));
    return evicted.length > 0;
  }

  /** Whether enough is free now. */
  async #reclaim({ signal }: Threshold): Promise<boolean> {
    const { observer, reclaimDisk } = this.#options;
    if (conditionOf(signal) !== 'DiskPressure') return false;
    await reclaimDisk(await this.#partsOf(signal));
    return findMet(this.#state.due, await observer.observe(), { withReclaim: true }).length === 0;
  }

  async #evictOne(threshold: Threshold, observations: Observations, signal: AbortSignal): Promise<boolean> {
    const { endPod, logger } = this.#options;
    const parts = await this.#partsOf(threshold.signal);
    const ranked = rankPods(await this.#usages(threshold.signal, signal), threshold.signal, parts);
    for (const usage of ranked) {
      const { pod } = usage;
      if (signal.aborted) return false;
      if (isCriticalPod(pod) || this.#stuck.has(pod.metadata.uid)) continue;
      const message = evictionMessage(usage, threshold, observations);
      const graceSeconds = this.#graceSecondsFor(pod, threshold);
      // One that ends already makes room as well: others wait for that.
      if (endPod(pod.metadata.uid, { ...evictionOf(message), graceSeconds, disruption: message }))
        logger.warn('A pod was evicted', { pod: `${pod.metadata.namespace}/${pod.metadata.name}`, why: message });
      await this.#untilOver(pod.metadata.uid, signal);
      return true;
    }
    logger.warn('The node is short of something, and there is no pod that could be evicted', {
      signal: threshold.signal,
    });
    return false;
  }

  #graceSecondsFor({ spec }: PodObject, { gracePeriodMs }: Threshold): number {
    const { maxPodGraceSeconds } = this.#options;
    const own = spec?.terminationGracePeriodSeconds ?? 30;
    if (gracePeriodMs === 0) return hardGraceSeconds;
    return maxPodGraceSeconds < 0 ? own : Math.min(own, maxPodGraceSeconds);
  }

  async #usages(signal: Signal, stop: AbortSignal): Promise<PodUsage[]> {
    const { measureMemory, disk, clock } = this.#options;
    const needsDisk = conditionOf(signal) === 'DiskPressure';
    // Without figures the first that comes would go: rather nobody, and another try.
    const memory = needsDisk ? undefined : await measureMemory();
    if (needsDisk) {
      const over = new AbortController();
      const limit = clock.sleep(refreshLimitMs, AbortSignal.any([stop, over.signal]));
      await Promise.race([disk.refresh(AbortSignal.any([stop, over.signal])), limit]);
      over.abort();
    }
    return [...this.#options.pods()].map((pod) => ({
      pod,
      memory: memory?.get(pod.metadata.uid),
      disk: disk.get(pod.metadata.uid),
    }));
  }

  /** What of pods lies on the file system that the signal is about. */
  async #partsOf(signal: Signal): Promise<DiskParts> {
    if (conditionOf(signal) !== 'DiskPressure') return allParts;
    const { onNode, onImage } = await this.#options.observer.fileSystems();
    return signal.startsWith('nodefs.') ? onNode : onImage;
  }

  async #untilOver(uid: string, signal: AbortSignal): Promise<void> {
    const { podOver, clock } = this.#options;
    const over = new AbortController();
    const stop = AbortSignal.any([signal, over.signal]);
    const isOver = await Promise.race([podOver(uid, stop).then(() => true), clock.sleep(podOverLimitMs, stop)]);
    if (isOver !== true) this.#stuck.add(uid);
    over.abort();
  }
}
