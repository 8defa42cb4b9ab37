/**
 * Takes a StatefulSet or DaemonSet back to what worked when its rollout fails and its annotations ask for that. An
 * addition of Longshore; of Deployments: `deployment-rollback-controller.ts`.
 *
 * Invariants:
 * - What failed is marked before the set goes back, so that nothing goes back to it: it ends, however many fail.
 * - The set is written with the resourceVersion that the failure was seen in: what a user has changed meanwhile stays.
 * - How long a rollout has gained nothing is measured from when we first saw it so, on the monotonic clock.
 */

import type { Resource } from '../../../api/resource.ts';
import { controllerRevisions, daemonSets, statefulSets } from '../../../api/resources/apps.ts';
import { pods } from '../../../api/resources/core.ts';
import type { ControllerRevision, DaemonSet, StatefulSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import { type Controller, objectOfChange } from '../../../client/controller.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../../client/object-cache.ts';
import type { Reconciler, Result } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import { failedRevisionAnnotation, rolledBackAnnotation } from '../deployments/set-history.ts';
import { controllerOf } from '../ownership.ts';
import { revisionIndexes } from '../revisions/revision-indexes.ts';
import { templateOfRevision } from '../revisions/revision-plan.ts';
import {
  deadlineMs,
  goodRevisionAnnotation,
  isDaemonSet,
  isGood,
  progressOf,
  type RevisedSet,
  type SetRollout,
  setFailureOf,
  setRolloutOf,
  setTargetOf,
} from './failed-set-plan.ts';
import { failureWatchOf } from './failure-watch.ts';
import { writeRollback } from './rollback-writer.ts';

interface Caches {
  readonly statefulSets: ObjectCache<StatefulSet>;
  readonly daemonSets: ObjectCache<DaemonSet>;
  readonly revisions: ObjectCache<ControllerRevision>;
  readonly pods: ObjectCache<Pod>;
}

interface Progress {
  readonly text: string;
  /** Monotonic. */
  readonly since: number;
}

export function createSetRollbackController(context: ControllerContext): Controller {
  const { informers } = context;
  const caches = {
    statefulSets: informers.of(statefulSets),
    daemonSets: informers.of(daemonSets),
    revisions: informers.of(controllerRevisions, revisionIndexes),
    pods: informers.of(pods, podIndexes),
  };
  const reconciler = new SetRollbackReconciler(context, caches);
  return context
    .controller({ reconciler })
    .watch(caches.statefulSets, (change) => [keyIn(statefulSets, objectOfChange(change))])
    .watch(caches.daemonSets, (change) => [keyIn(daemonSets, objectOfChange(change))])
    .watch(caches.revisions, () => [])
    .watch(caches.pods, (change) => reconciler.keysOfPod(change));
}

/** `statefulsets/shop/db`. */
const keyIn = ({ plural }: Resource, { metadata }: RevisedSet): string =>
  `${plural}/${metadata.namespace}/${metadata.name}`;

class SetRollbackReconciler implements Reconciler {
  readonly #context: Pick<ControllerContext, 'client' | 'clock'>;
  readonly #caches: Caches;
  readonly #recorder: Recorder;
  readonly #progress = new Map<string, Progress>();

  constructor({ client, clock, events }: ControllerContext, caches: Caches) {
    this.#context = { client, clock };
    this.#caches = caches;
    this.#recorder = events.from('set-rollback-controller');
  }

  /** Of pods of sets that ask for it. */
  keysOfPod(change: ObjectChange<Pod>): string[] {
    const pod = objectOfChange(change);
    const { kind, name } = controllerOf(pod) ?? {};
    const resource = [statefulSets, daemonSets].find((one) => one.kind === kind);
    if (resource === undefined) return [];
    const key = `${resource.plural}/${pod.metadata.namespace}/${name}`;
    const set = this.#find(key);
    return set !== undefined && failureWatchOf(set) !== undefined ? [key] : [];
  }

  async reconcile(key: string): Promise<Result> {
    const set = this.#find(key);
    const rollout = set && this.#rolloutOf(set);
    if (set === undefined || rollout === undefined) {
      this.#progress.delete(key);
      return {};
    }
    if (rollout.isComplete) {
      this.#progress.delete(key);
      // A set without pods has shown nothing.
      if (rollout.pods.length > 0) await this.#annotate(rollout.update, goodRevisionAnnotation, 'true');
      return {};
    }
    const idleMs = this.#idleMs(key, rollout);
    const failure = setFailureOf(set, rollout, idleMs);
    if (failure !== undefined) {
      await this.#goBack(set, rollout, failure);
      return {};
    }
    const leftMs = deadlineMs(set) - idleMs;
    return failureWatchOf(set)?.deadline && !isGood(rollout.update) && leftMs > 0 ? { requeueAfterMs: leftMs } : {};
  }

  #find(key: string): RevisedSet | undefined {
    const [plural, ...rest] = key.split('/');
    const cache = plural === statefulSets.plural ? this.#caches.statefulSets : this.#caches.daemonSets;
    return cache.get(rest.join('/'));
  }

  #rolloutOf(set: RevisedSet): SetRollout | undefined {
    const { uid, deletionTimestamp } = set.metadata;
    if (deletionTimestamp !== undefined || failureWatchOf(set) === undefined) return undefined;
    const { revisions, pods: all } = this.#caches;
    return setRolloutOf(set, { revisions: revisions.byIndex('controller', uid), pods: all.byIndex('controller', uid) });
  }

  #idleMs(key: string, rollout: SetRollout): number {
    const now = this.#context.clock.monotonic();
    const text = progressOf(rollout);
    const known = this.#progress.get(key);
    if (known?.text === text) return now - known.since;
    this.#progress.set(key, { text, since: now });
    return 0;
  }

  async #goBack(set: RevisedSet, rollout: SetRollout, failure: string): Promise<void> {
    const target = setTargetOf(rollout);
    const template = target && templateOfRevision(target);
    if (target === undefined || template === undefined) {
      const message = `The rollout has failed, and there is no revision to go back to: ${failure}`;
      this.#recorder.record(set, { type: 'Warning', reason: 'RollbackImpossible', message });
      return;
    }
    await this.#annotate(rollout.update, failedRevisionAnnotation, String(rollout.update.revision));
    const { generation = 0, annotations } = set.metadata;
    const note = { generation, from: `${rollout.update.revision}`, to: `${target.revision}`, cause: failure };
    const metadata = {
      ...set.metadata,
      annotations: { ...annotations, [rolledBackAnnotation]: JSON.stringify(note) },
    };
    const { client } = this.#context;
    if (isDaemonSet(set)) {
      const spec = set.spec && { ...set.spec, template };
      await writeRollback(client, daemonSets, changedCopy<DaemonSet>(set, { metadata, ...(spec && { spec }) }));
    } else {
      const spec = set.spec && { ...set.spec, template };
      await writeRollback(client, statefulSets, changedCopy<StatefulSet>(set, { metadata, ...(spec && { spec }) }));
    }
    const message = `Rolled back from revision ${note.from} to ${note.to}: ${failure}`;
    this.#recorder.record(set, { type: 'Warning', reason: 'RolledBack', message });
  }

  async #annotate(revision: Cached<ControllerRevision>, annotation: string, value: string): Promise<void> {
    const { namespace, name, uid, annotations } = revision.metadata;
    if (annotations?.[annotation] === value) return;
    const body = { metadata: { uid, annotations: { [annotation]: value } } };
    await ifPresent(this.#context.client.patch(controllerRevisions, { namespace, name }, { type: 'merge', body }));
  }
}
