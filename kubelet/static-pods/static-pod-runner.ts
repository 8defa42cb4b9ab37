/**
 * Hands static pods to pod workers, and takes them away: one of a name at a time, so that what a changed manifest
 * describes starts when the pod before it has ended. Needs the runtime, and no API server.
 *
 *   described ──► network there, if it needs one ──► nothing else of its name runs ──► worker
 */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { isMarkedStatic, keyOf, type PodObject, usesNodeNetwork } from '../model/pod.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { PodWorkers } from '../pods/pod-workers.ts';
import type { StaticPods } from './static-pods.ts';

export interface StaticPodRunnerOptions {
  readonly staticPods: Pick<StaticPods, 'list' | 'has' | 'isRead'>;
  readonly workers: Pick<PodWorkers, 'get' | 'list' | 'podSeen' | 'podGone' | 'adoptOrphan'>;
  readonly observed: Pick<ObservedPods, 'get' | 'uids'>;
  /** Of which pods there are folders. */
  readonly knownUids: () => Promise<readonly string[]>;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** What a round waits for wakes it; this is for what was missed. */
const lookEveryMs = 15_000;
const retryMs = 1_000;

export class StaticPodRunner {
  readonly #options: StaticPodRunnerOptions;
  /** What was handed to workers, by uid. */
  readonly #handed = new Map<string, PodObject>();
  #hasNetwork = false;
  #wake = new AbortController();

  constructor(options: StaticPodRunnerOptions) {
    this.#options = options;
  }

  /** The pods' network is there. */
  networkReady(): void {
    this.#hasNetwork = true;
    this.wake();
  }

  /** Something changed: pods that are described, or what runs. */
  wake(): void {
    this.#wake.abort('changed');
  }

  /** Until `signal` aborts. Never rejects. What runs must be known. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    const end = () => this.wake();
    signal.addEventListener('abort', end, { once: true });
    while (!signal.aborted) {
      this.#wake = new AbortController();
      let waitMs = lookEveryMs;
      try {
        await this.#round();
      } catch (error) {
        logger.warn('Static pods could not be looked after; trying again', { error });
        waitMs = retryMs;
      }
      await clock.sleep(waitMs, this.#wake.signal);
    }
    signal.removeEventListener('abort', end);
  }

  async #round(): Promise<void> {
    const { staticPods, workers } = this.#options;
    for (const uid of this.#handed.keys()) {
      if (staticPods.has(uid)) continue;
      this.#handed.delete(uid);
      workers.podGone(uid);
    }
    await this.#endOrphans();
    for (const pod of staticPods.list()) this.#see(pod);
  }

  /** Of manifests that went while no kubelet looked. */
  async #endOrphans(): Promise<void> {
    const { staticPods, workers, observed, knownUids } = this.#options;
    if (!staticPods.isRead) return;
    const orphans = [...observed.uids()].filter(
      (uid) => workers.get(uid) === undefined && !staticPods.has(uid) && isMarkedStatic(observed.get(uid)),
    );
    if (orphans.length === 0) return;
    const folders = new Set(await knownUids());
    for (const uid of orphans) workers.adoptOrphan(uid, { hasFolder: folders.has(uid) });
  }

  #see(pod: PodObject): void {
    const { workers } = this.#options;
    const { uid } = pod.metadata;
    if (this.#handed.get(uid) === pod) return;
    // Its worker may still be at the end of the one before it, which was described alike.
    const isNew = !this.#handed.has(uid);
    if (isNew && (workers.get(uid) !== undefined || this.#isTaken(pod))) return;
    if (isNew && !this.#hasNetwork && !usesNodeNetwork(pod)) return;
    this.#handed.set(uid, pod);
    workers.podSeen(pod);
  }

  /** Whether something of another pod of that name is there. */
  #isTaken(pod: PodObject): boolean {
    const { workers, observed } = this.#options;
    const key = keyOf(pod);
    if (workers.list().some((worker) => worker.uid !== pod.metadata.uid && keyOf(worker.pod) === key)) return true;
    return [...observed.uids()].some((uid) => {
      const { containers, sandboxes } = observed.get(uid);
      const found = containers[0]?.pod ?? sandboxes[0]?.pod;
      return found !== undefined && uid !== pod.metadata.uid && `${found.namespace}/${found.name}` === key;
    });
  }
}
