/**
 * The controller of Jobs: which changes wake it. Pods that are tracked for a Job that is gone, or has ended, are let go:
 * nobody counts them any more, and their finalizer would keep them for ever.
 */

import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { parseApiVersion } from '../../../api/resource.ts';
import { jobs } from '../../../api/resources/batch.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Job } from '../../../api/types/batch/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Client } from '../../../client/client.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../../client/controller.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, Informer, ObjectChange } from '../../../client/object-cache.ts';
import type { Result } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { controllerOf } from '../ownership.ts';
import { isJobFinished, isTracked } from './job-pods.ts';
import { isTrackedBy, JobReconciler } from './job-reconciler.ts';
import { releasePod } from './pod-release.ts';

/** No namespace begins so. */
const podKey = 'pod:';

export function createJobController(context: ControllerContext): Controller {
  const { client, informers, events, clock } = context;
  const jobInformer = informers.of(jobs);
  const podInformer = informers.of(pods, podIndexes);
  const recorder = events.from('job-controller');
  const reconciler = new JobReconciler({ client, jobs: jobInformer, pods: podInformer, recorder, clock });
  const orphans = new OrphanReleaser(client, jobInformer, podInformer);
  return context
    .controller({
      reconciler: {
        reconcile: (key) =>
          key.startsWith(podKey) ? orphans.release(key.slice(podKey.length)) : reconciler.reconcile(key),
      },
    })
    .watch(jobInformer, (change) => {
      if (change.type === 'deleted') reconciler.forget(change.previous.metadata.uid);
      return [...keyOfChange(change), ...orphans.keysOfJobChange(change)];
    })
    .watch(podInformer, (change) => {
      noteExpected(reconciler, change);
      return [...jobKeysOfPodChange(change, jobInformer), ...orphans.keysOfPodChange(change)];
    });
}

function noteExpected({ expectations }: JobReconciler, change: ObjectChange<Pod>): void {
  const pod = objectOfChange(change);
  const owner = jobOf(pod);
  if (owner === undefined) return;
  if (change.type === 'added') expectations.observedCreation(owner.uid);
  const isGoing = change.type === 'deleted' || pod.metadata.deletionTimestamp !== undefined;
  if (isGoing) expectations.observedDeletion(owner.uid, pod.metadata.uid);
}

function* jobKeysOfPodChange({ previous, next }: ObjectChange<Pod>, jobCache: Informer<Job>): Iterable<string> {
  for (const pod of [previous, next]) {
    const owner = pod && jobOf(pod);
    if (owner !== undefined) yield owner.key;
  }
  if (next === undefined || controllerOf(next) !== undefined || next.metadata.deletionTimestamp !== undefined) return;
  const { namespace, labels = {} } = next.metadata;
  for (const job of jobCache.list(namespace)) {
    if (!isJobFinished(job) && matchesLabelSelector(job.spec?.selector, labels))
      yield `${namespace}/${job.metadata.name}`;
  }
}

function jobOf(pod: Cached<Pod>): { readonly key: string; readonly uid: string } | undefined {
  const owner = controllerOf(pod);
  if (owner?.kind !== jobs.kind || parseApiVersion(owner.apiVersion)?.group !== jobs.group) return undefined;
  return { key: `${pod.metadata.namespace}/${owner.name}`, uid: owner.uid };
}

class OrphanReleaser {
  readonly #client: Client;
  readonly #jobs: Informer<Job>;
  readonly #pods: Informer<Pod>;

  constructor(client: Client, jobCache: Informer<Job>, podCache: Informer<Pod>) {
    this.#client = client;
    this.#jobs = jobCache;
    this.#pods = podCache;
  }

  keysOfPodChange({ next }: ObjectChange<Pod>): string[] {
    return next !== undefined && this.#isOrphan(next) ? [keyOfPod(next)] : [];
  }

  /** Of a Job that is gone or has ended now, all its pods. */
  keysOfJobChange(change: ObjectChange<Job>): string[] {
    const job = objectOfChange(change);
    if (change.type !== 'deleted' && !isJobFinished(job)) return [];
    return this.#pods.byIndex('controller', job.metadata.uid).filter(isTracked).map(keyOfPod);
  }

  async release(key: string): Promise<Result> {
    const pod = this.#pods.get(key);
    if (pod === undefined || !this.#isOrphan(pod) || (await this.#hasJobAfterAll(pod))) return {};
    await releasePod(this.#client, pod, { unchanged: true });
    return {};
  }

  #isOrphan(pod: Cached<Pod>): boolean {
    if (!isTracked(pod)) return false;
    const owner = jobOf(pod);
    // What another kind of controller has is that one's matter.
    if (owner === undefined) return controllerOf(pod) === undefined;
    return !isTrackedBy(pod, this.#jobs.get(owner.key));
  }

  /** The cache may not know the Job yet. */
  async #hasJobAfterAll(pod: Cached<Pod>): Promise<boolean> {
    const owner = controllerOf(pod);
    if (owner === undefined) return false;
    const { namespace } = pod.metadata;
    const job = await ifPresent(this.#client.get(jobs, { namespace, name: owner.name }));
    return isTrackedBy(pod, job);
  }
}

const keyOfPod = ({ metadata }: Cached<Pod>): string => `${podKey}${metadata.namespace}/${metadata.name}`;
