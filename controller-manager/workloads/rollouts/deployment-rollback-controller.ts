/**
 * Takes a Deployment back to what worked when its rollout fails and its annotations ask for that. An addition of Longshore.
 *
 * Invariants:
 * - What failed is marked before the Deployment goes back, so that nothing goes back to it: it ends, however many fail.
 * - The Deployment is written with the resourceVersion that the failure was seen in: what a user has changed meanwhile
 *   stays.
 */

import { deployments, replicaSets } from '../../../api/resources/apps.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import { type Controller, keyOfChange, objectOfChange } from '../../../client/controller.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../../client/object-cache.ts';
import type { Reconciler, Result } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { podIndexes } from '../../pods/pod-indexes.ts';
import {
  annotationsAfterRollback,
  failedRevisionAnnotation,
  historyOf,
  revisionOf,
  rolledBackAnnotation,
  type SetHistory,
} from '../deployments/set-history.ts';
import { withoutHash } from '../deployments/template-identity.ts';
import { controllerOf, ownerIndexes } from '../ownership.ts';
import { failureOf, rollbackTargetOf } from './failed-rollout-plan.ts';
import { failureWatchOf, rollBackAfterCrashesAnnotation, rollBackAnnotation } from './failure-watch.ts';
import { writeRollback } from './rollback-writer.ts';

interface Sources {
  readonly client: Client;
  readonly recorder: Recorder;
  readonly deployments: ObjectCache<Deployment>;
  readonly replicaSets: ObjectCache<ReplicaSet>;
  readonly pods: ObjectCache<Pod>;
}

export function createDeploymentRollbackController(context: ControllerContext): Controller {
  const { client, informers, events } = context;
  const caches = {
    deployments: informers.of(deployments),
    replicaSets: informers.of(replicaSets, ownerIndexes),
    pods: informers.of(pods, podIndexes),
  };
  const sources = { client, recorder: events.from('deployment-rollback-controller'), ...caches };
  return context
    .controller({ reconciler: new RollbackReconciler(sources) })
    .watch(caches.deployments, keyOfChange)
    .watch(caches.pods, (change) => keysOfPodChange(change, sources));
}

/** Of pods of Deployments that count crashes. */
function keysOfPodChange(change: ObjectChange<Pod>, { replicaSets: sets, deployments: ours }: Sources): string[] {
  const pod = objectOfChange(change);
  const owner = controllerOf(pod);
  const set = owner?.kind === replicaSets.kind ? sets.get(`${pod.metadata.namespace}/${owner.name}`) : undefined;
  const key = set && `${set.metadata.namespace}/${controllerOf(set)?.name}`;
  const deployment = key === undefined ? undefined : ours.get(key);
  const counts = deployment !== undefined && failureWatchOf(deployment)?.crashes !== undefined;
  return counts && key !== undefined ? [key] : [];
}

class RollbackReconciler implements Reconciler {
  readonly #sources: Sources;

  constructor(sources: Sources) {
    this.#sources = sources;
  }

  async reconcile(key: string): Promise<Result> {
    const { deployments: ours, replicaSets: sets, pods: cache, recorder } = this.#sources;
    const deployment = ours.get(key);
    if (deployment === undefined || deployment.metadata.deletionTimestamp !== undefined) return {};
    if (failureWatchOf(deployment) === undefined) return {};
    const history = historyOf(deployment, sets.byIndex('controller', deployment.metadata.uid));
    const { current } = history;
    const failure = failureOf(deployment, history, current ? cache.byIndex('controller', current.metadata.uid) : []);
    if (failure === undefined || current === undefined) return {};
    const target = rollbackTargetOf(history);
    if (target === undefined) {
      const message = `The rollout has failed, and there is no revision to go back to: ${failure}`;
      recorder.record(deployment, { type: 'Warning', reason: 'RollbackImpossible', message });
      return {};
    }
    await this.#goBack(deployment, history, { target, failure });
    return {};
  }

  async #goBack(
    deployment: Cached<Deployment>,
    { current }: SetHistory,
    { target, failure }: { readonly target: Cached<ReplicaSet>; readonly failure: string },
  ): Promise<void> {
    const { client, recorder } = this.#sources;
    if (current === undefined || deployment.spec === undefined || target.spec?.template === undefined) return;
    await this.#mark(current);
    const { generation = 0, annotations = {} } = deployment.metadata;
    const note = { generation, from: `${revisionOf(current) ?? 0}`, to: `${revisionOf(target) ?? 0}`, cause: failure };
    const asked = [rollBackAnnotation, rollBackAfterCrashesAnnotation].flatMap((name) =>
      annotations[name] === undefined ? [] : [[name, annotations[name]] as const],
    );
    const changes: DeepReadonly<Partial<Deployment>> = {
      metadata: {
        ...deployment.metadata,
        annotations: {
          ...annotationsAfterRollback(deployment, target),
          ...Object.fromEntries(asked),
          [rolledBackAnnotation]: JSON.stringify(note),
        },
      },
      spec: { ...deployment.spec, template: withoutHash(target.spec.template) },
    };
    await writeRollback(client, deployments, changedCopy(deployment, changes));
    const message = `Rolled back from revision ${note.from} to ${note.to}: ${failure}`;
    recorder.record(deployment, { type: 'Warning', reason: 'RolledBack', message });
  }

  async #mark(set: Cached<ReplicaSet>): Promise<void> {
    const revision = String(revisionOf(set) ?? 0);
    if (set.metadata.annotations?.[failedRevisionAnnotation] === revision) return;
    const { namespace, name, uid } = set.metadata;
    const body = { metadata: { uid, annotations: { [failedRevisionAnnotation]: revision } } };
    await ifPresent(this.#sources.client.patch(replicaSets, { namespace, name }, { type: 'merge', body }));
  }
}
