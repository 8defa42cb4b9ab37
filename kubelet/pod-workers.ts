/** One worker for each pod that is here or was: made when an object or a leftover is seen, ended when nothing is left. */

import type { Logger } from '../base/logger.ts';
import { containerAnnotations } from './containers/container-config.ts';
import type { ObservedPod, PodObject } from './pod.ts';
import { PodWorker, type PodWorkerDependencies } from './pod-worker.ts';

export class PodWorkers {
  readonly #dependencies: PodWorkerDependencies;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Set<Promise<void>>();

  /** Workers end when `signal` aborts; what they ended or started stays. */
  constructor(dependencies: PodWorkerDependencies, signal: AbortSignal) {
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger;
    this.#signal = signal;
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  /** The object is there, new or changed. */
  podSeen(pod: PodObject): void {
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker === undefined) this.#start(new PodWorker(pod, this.#dependencies));
    else worker.update(pod);
  }

  podGone(uid: string): void {
    this.#workers.get(uid)?.podGone();
  }

  wake(uid: string): void {
    this.#workers.get(uid)?.wake();
  }

  /** Ends what runs of pods whose objects went while nobody was looking. */
  adoptOrphan(uid: string, observed: ObservedPod): void {
    if (this.#workers.has(uid)) return;
    const pod = reconstructPod(uid, observed);
    if (pod === undefined) return;
    this.#logger.info('A pod runs here whose object is gone; ending it', { pod: pod.metadata.name, uid });
    const worker = new PodWorker(pod, this.#dependencies);
    worker.podGone();
    this.#start(worker);
  }

  /** Resolves when all workers are over, after `signal` aborted. */
  async settled(): Promise<void> {
    await Promise.all(this.#running);
  }

  #start(worker: PodWorker): void {
    this.#workers.set(worker.uid, worker);
    const run = worker.run(this.#signal).then(() => {
      this.#workers.delete(worker.uid);
      this.#running.delete(run);
    });
    this.#running.add(run);
  }
}

/** As much of a pod as is needed to end it. */
function reconstructPod(uid: string, { sandboxes, containers }: ObservedPod): PodObject | undefined {
  const identity = containers[0]?.pod ?? sandboxes[0]?.pod;
  if (identity === undefined) return undefined;
  const grace = Math.max(
    0,
    ...containers.map((one) => Number(one.annotations[containerAnnotations.graceSeconds] ?? 30)),
  );
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace: identity.namespace, name: identity.name, uid, resourceVersion: '', creationTimestamp: '' },
    spec: {
      terminationGracePeriodSeconds: grace,
      containers: containers.filter(({ kind }) => kind === 'main').map(({ name }) => ({ name })),
    },
  };
}
