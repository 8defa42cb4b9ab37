/**
 * The pods that this kubelet runs by itself, as its sources describe them now.
 *
 * Invariants:
 * - No two have one name or one uid: what comes later, in the order of sources and paths, is refused.
 * - As long as a source was not read, what it had described before this kubelet started is not taken for gone.
 */

import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { nodeSubject } from '../model/event-subject.ts';
import { keyOf, type PodObject } from '../model/pod.ts';
import { podObjectOf } from './complete-pod.ts';
import type { ManifestLook, ManifestSource } from './manifest-source.ts';

export interface StaticPodsOptions {
  readonly sources: readonly ManifestSource[];
  readonly recorder: Recorder;
  readonly logger: Logger;
  readonly clock: Clock;
  readonly nodeName: string;
  /** Called when there are others, or another form of one. */
  readonly onChange: () => void;
}

export class StaticPods {
  readonly #options: StaticPodsOptions;
  readonly #looks = new Map<ManifestSource, ManifestLook>();
  /** By `namespace/name`. */
  #pods: ReadonlyMap<string, PodObject> = new Map();
  /** Of what each object was made. */
  readonly #made = new WeakMap<PodObject, Pod>();
  #problems: ReadonlyMap<string, string> = new Map();

  constructor(options: StaticPodsOptions) {
    this.#options = options;
  }

  /** Whether there may be any. */
  get isConfigured(): boolean {
    return this.#options.sources.length > 0;
  }

  /** Whether every source has been read. */
  get isRead(): boolean {
    return this.#looks.size === this.#options.sources.length;
  }

  list(): Iterable<PodObject> {
    return this.#pods.values();
  }

  /** By `namespace/name`. */
  get(key: string): PodObject | undefined {
    return this.#pods.get(key);
  }

  /** Of what it was made. */
  manifestOf(pod: PodObject): Pod | undefined {
    return this.#made.get(pod);
  }

  has(uid: string): boolean {
    return [...this.#pods.values()].some((pod) => pod.metadata.uid === uid);
  }

  /** Until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    await Promise.all(this.#options.sources.map((source) => source.run((look) => this.#take(source, look), signal)));
  }

  #take(source: ManifestSource, look: ManifestLook): void {
    const isFirst = !this.#looks.has(source);
    this.#looks.set(source, look);
    const problems = new Map(look.problems);
    for (const one of this.#options.sources)
      for (const entry of this.#looks.get(one)?.problems ?? []) problems.set(...entry);
    const pods = this.#merge(problems);
    this.#tellProblems(problems);
    const isSame = pods.size === this.#pods.size && [...pods].every(([key, pod]) => this.#pods.get(key) === pod);
    this.#pods = pods;
    if (!isSame || isFirst) this.#options.onChange();
  }

  #merge(problems: Map<string, string>): Map<string, PodObject> {
    const pods = new Map<string, PodObject>();
    const uids = new Map<string, string>();
    const places = new Map<string, string>();
    for (const source of this.#options.sources) {
      for (const [place, described] of this.#looks.get(source)?.pods ?? []) {
        for (const pod of described) {
          const object = this.#objectOf(pod);
          const key = keyOf(object);
          const other = places.get(key) ?? uids.get(object.metadata.uid);
          if (other !== undefined) {
            problems.set(place, `the pod ${key} is described by ${other} already`);
            continue;
          }
          pods.set(key, object);
          places.set(key, place);
          uids.set(object.metadata.uid, place);
        }
      }
    }
    return pods;
  }

  /** The same as before for the same pod: it is seen once. */
  #objectOf(pod: Pod): PodObject {
    const before = [...this.#pods.values()].find((one) => this.#made.get(one) === pod);
    if (before !== undefined) return before;
    const object = podObjectOf(pod, new Date(this.#options.clock.now()).toISOString());
    this.#made.set(object, pod);
    return object;
  }

  #tellProblems(problems: ReadonlyMap<string, string>): void {
    const { recorder, logger, nodeName } = this.#options;
    for (const [place, problem] of problems) {
      if (this.#problems.get(place) === problem) continue;
      logger.warn('A manifest of static pods cannot be used', { manifest: place, problem });
      const message = `Could not process manifest ${place}: ${problem}`;
      recorder.record(nodeSubject(nodeName), { type: 'Warning', reason: 'InvalidStaticPod', message });
    }
    this.#problems = problems;
  }
}
