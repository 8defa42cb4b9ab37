/** One worker for each pod that is here or was: made when an object or a leftover is seen, ended when nothing is left. */

import type { Logger } from '../../base/logger.ts';
import { containerAnnotations } from '../containers/container-config.ts';
import { identityOf, type ObservedPod, type PodObject } from '../model/pod.ts';
import type { PodIdentity } from '../runtime/runtime.ts';
import type { PodFailure } from './pod-state.ts';
import { PodWorker, type PodWorkerDependencies } from './pod-worker.ts';

export interface PodWorkersOptions extends PodWorkerDependencies {
  readonly signal: AbortSignal;
  /** Neither the API nor the node itself has such a pod, for certain. */
  readonly isGone: (pod: PodIdentity, observed: ObservedPod) => boolean;
  /** Something runs of a pod that nobody works on: what is to become of it is for others to find out. */
  readonly onLeftover: (uid: string) => void;
  /** A worker is over: nothing is left of its pod. */
  readonly onEnded: (uid: string) => void;
}

export class PodWorkers {
  readonly #dependencies: PodWorkerDependencies;
  readonly #logger: Logger;
  readonly #signal: AbortSignal;
  readonly #isGone: (pod: PodIdentity, observed: ObservedPod) => boolean;
  readonly #onLeftover: (uid: string) => void;
  readonly #onEnded: (uid: string) => void;
  readonly #workers = new Map<string, PodWorker>();
  readonly #running = new Set<Promise<void>>();

  /** Workers end when `signal` aborts; what they ended or started stays. */
  constructor({ signal, isGone, onLeftover, onEnded, ...dependencies }: PodWorkersOptions) {
    this.#dependencies = dependencies;
    this.#logger = dependencies.logger;
    this.#signal = signal;
    this.#isGone = isGone;
    this.#onLeftover = onLeftover;
    this.#onEnded = onEnded;
  }

  get(uid: string): PodWorker | undefined {
    return this.#workers.get(uid);
  }

  list(): readonly PodWorker[] {
    return [...this.#workers.values()];
  }

  /** The object is there, new or changed. */
  podSeen(pod: PodObject): void {
    const worker = this.#workers.get(pod.metadata.uid);
    if (worker === undefined) this.#start(new PodWorker(pod, this.#dependencies));
    else worker.update(pod);
  }

  /** False: nobody works on this pod. */
  fail(uid: string, failure: PodFailure): boolean {
    const worker = this.#workers.get(uid);
    worker?.fail(failure);
    return worker !== undefined;
  }

  /** Ends these pods for the sake of a critical one. Resolves when nothing of them runs any more. */
  async preempt(uids: readonly string[]): Promise<void> {
    const victims = uids.flatMap((uid) => this.#workers.get(uid) ?? []);
    for (const worker of victims) worker.fail(preempted);
    await Promise.all(victims.map((worker) => worker.untilOver(this.#signal)));
  }

  podGone(uid: string): void {
    this.#workers.get(uid)?.podGone();
  }

  /** Something of the pod changed. */
  wake(uid: string): void {
    const worker = this.#workers.get(uid);
    if (worker === undefined) this.#onLeftover(uid);
    else worker.wake();
  }

  /**
   * Ends what runs of a pod whose object went while nobody was looking. A build before containers named their cluster
   * may have made them for any cluster: then only a folder of that pod in our own data (`hasFolder`) says that it is
   * ours to end. Others stay, and are for people to remove.
   */
  adoptOrphan(uid: string, { hasFolder = false }: { readonly hasFolder?: boolean } = {}): void {
    const observed = this.#dependencies.observed.get(uid);
    const pod = reconstructPod(uid, observed);
    if (pod === undefined || this.#workers.has(uid) || !this.#isGone(identityOf(pod), observed)) return;
    if (!hasFolder && !namesCluster(observed)) return;
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
      this.#lookForLeftover(worker.uid);
      this.#onEnded(worker.uid);
    });
    this.#running.add(run);
  }

  /** What turned up after the worker's last look woke nobody. */
  #lookForLeftover(uid: string): void {
    const { containers, sandboxes } = this.#dependencies.observed.get(uid);
    if (!this.#signal.aborted && containers.length + sandboxes.length > 0) this.#onLeftover(uid);
  }
}

const preempted: PodFailure = {
  reason: 'Preempting',
  message: 'Preempted in order to admit critical pod',
  disruption: 'Pod was preempted by Kubelet to accommodate a critical pod.',
};

const namesCluster = ({ sandboxes, containers }: ObservedPod): boolean =>
  [...sandboxes, ...containers].some(({ clusterId }) => clusterId !== undefined);

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
