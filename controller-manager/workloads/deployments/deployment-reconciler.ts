/**
 * Rolls a Deployment: its ReplicaSets are its history, and this decides how large each of them is.
 *
 *   claim ReplicaSets → paused, scaled: share the number out │ otherwise: one step of the rollout → tell the status
 *
 * Invariants:
 * - One ReplicaSet for each template, by a name that follows from the template: a stale cache makes no second one.
 * - Sizes are written with the resourceVersion they were decided on; who loses a race looks again.
 * - The status is written once in a round, and only when it changes.
 * - A Deployment that is being deleted changes no ReplicaSet; its status is kept true.
 */

import { equalJson } from '../../../api/json-record.ts';
import { matchesLabelSelector } from '../../../api/label-selector.ts';
import { deployments, replicaSets } from '../../../api/resources/apps.ts';
import { isInvalid } from '../../../api/status-error.ts';
import type { Deployment, DeploymentStatus, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Client } from '../../../client/client.ts';
import type { Recorder } from '../../../client/event-recorder.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../../client/object-cache.ts';
import { type Reconciler, type Result, TerminalError } from '../../../client/reconciler.ts';
import { claimOwned } from '../ownership.ts';
import { conditionOf, reasons, withCondition } from './deployment-conditions.ts';
import {
  computeRolloutStatus,
  computeStatus,
  deadlineSeconds,
  isComplete,
  msUntilDeadline,
} from './deployment-status.ts';
import { hasOldPods } from './old-pods.ts';
import { planRollback, wantedRollback } from './rollback-plan.ts';
import { computeBounds } from './rollout-bounds.ts';
import { planRollingUpdate, planStoppingOld, type Resize } from './rollout-plan.ts';
import { planScaling } from './scaling-plan.ts';
import {
  annotationsAfterRollback,
  historyOf,
  revisionAnnotation,
  rollbackToAnnotation,
  type SetHistory,
  setsToCleanUp,
  sizeOf,
  wasScaled,
} from './set-history.ts';
import { SetWriter } from './set-writer.ts';
import { withoutHash } from './template-identity.ts';

export interface DeploymentReconcilerOptions {
  readonly client: Client;
  readonly deployments: ObjectCache<Deployment>;
  /** With the indexes `controller` and `uncontrolled` of ownership.ts. */
  readonly replicaSets: ObjectCache<ReplicaSet>;
  /** With the index `controller`. */
  readonly pods: ObjectCache<Pod>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** What one look at a Deployment has found and done so far; its status is written at the end. */
interface Round {
  readonly deployment: Cached<Deployment>;
  history: SetHistory;
  conditions: NonNullable<DeepReadonly<DeploymentStatus>['conditions']>;
  collisionCount: number | undefined;
  revision: string | undefined;
}

export class DeploymentReconciler implements Reconciler {
  readonly #options: DeploymentReconcilerOptions;
  readonly #writer: SetWriter;
  /** Deployment uid → uid of the ReplicaSet that was made for it; until its status tells of it, which may lose a race. */
  readonly #untold = new Map<string, string>();

  constructor(options: DeploymentReconcilerOptions) {
    this.#options = options;
    this.#writer = new SetWriter(options.client, options.recorder);
  }

  async reconcile(key: string): Promise<Result> {
    const deployment = this.#options.deployments.get(key);
    if (deployment === undefined) return {};
    const history = historyOf(deployment, await this.#claimSets(deployment));
    const { conditions = [], collisionCount } = deployment.status ?? {};
    const revision = deployment.metadata.annotations?.[revisionAnnotation];
    const round: Round = { deployment, history, conditions, collisionCount, revision };
    if (deployment.metadata.deletionTimestamp !== undefined) return this.#tell(round);
    this.#noticePause(round);
    await this.#refreshCurrent(round);
    if (deployment.spec?.paused === true) return this.#scale(round);
    const rollback = wantedRollback(deployment);
    if (rollback !== undefined) return this.#rollBack(round, rollback);
    if (wasScaled(deployment, round.history)) return this.#scale(round);
    return deployment.spec?.strategy?.type === 'Recreate' ? this.#recreate(round) : this.#roll(round);
  }

  /** To be called when a Deployment is gone. */
  forget(deployment: Cached<Deployment>): void {
    this.#untold.delete(deployment.metadata.uid);
  }

  async #claimSets(deployment: Cached<Deployment>): Promise<Cached<ReplicaSet>[]> {
    const { client, replicaSets: cache } = this.#options;
    return await claimOwned<Deployment, ReplicaSet>({
      ...{ client, ownerKind: deployments, owner: deployment, kind: replicaSets, cache },
      matches: (labels) => matchesLabelSelector(deployment.spec?.selector, labels),
    });
  }

  /** While it is paused nothing is late. A failure that was told already stays told. */
  #noticePause(round: Round): void {
    const { spec } = round.deployment;
    const known = conditionOf(round.conditions, 'Progressing');
    if (deadlineSeconds(round.deployment) === undefined || known?.reason === reasons.timedOut) return;
    const isTold = known?.reason === reasons.paused;
    if (isTold === (spec?.paused ?? false)) return;
    this.#note(
      round,
      'Unknown',
      isTold ? reasons.resumed : reasons.paused,
      `Deployment is ${isTold ? 'resumed' : 'paused'}`,
    );
  }

  async #refreshCurrent(round: Round): Promise<void> {
    const { deployment, history } = round;
    if (history.current === undefined) return;
    const current = await this.#writer.refreshCurrent(deployment, history.current, history.old);
    round.history = { ...history, current };
    round.revision = current.metadata.annotations?.[revisionAnnotation] ?? round.revision;
    if (this.#untold.get(deployment.metadata.uid) === current.metadata.uid) this.#noteCreation(round, current);
    if (deadlineSeconds(deployment) !== undefined && conditionOf(round.conditions, 'Progressing') === undefined)
      this.#note(round, 'True', reasons.found, `Found new replica set "${current.metadata.name}"`);
  }

  async #scale(round: Round): Promise<Result> {
    await this.#resize(round, planScaling(round.deployment, round.history));
    if (round.deployment.spec?.paused === true && wantedRollback(round.deployment) === undefined)
      await this.#cleanUp(round);
    return this.#tell(round);
  }

  async #roll(round: Round): Promise<Result> {
    if (!(await this.#ensureCurrent(round))) return {};
    const plan = planRollingUpdate(round.history, computeBounds(round.deployment.spec));
    await this.#resize(round, plan);
    if (plan.length === 0 && isComplete(round.deployment, round.deployment.status)) await this.#cleanUp(round);
    return this.#tellRollout(round);
  }

  async #recreate(round: Round): Promise<Result> {
    const { deployment, history } = round;
    const stops = planStoppingOld(history.old);
    await this.#resize(round, stops);
    if (stops.length > 0 || hasOldPods(history, this.#podsOf(history))) return this.#tellRollout(round);
    if (!(await this.#ensureCurrent(round))) return {};
    const { current } = round.history;
    const { replicas } = computeBounds(deployment.spec);
    if (current !== undefined) await this.#resize(round, [{ set: current, from: sizeOf(current), to: replicas }]);
    if (isComplete(deployment, deployment.status)) await this.#cleanUp(round);
    return this.#tellRollout(round);
  }

  async #rollBack(round: Round, wanted: bigint): Promise<Result> {
    if (!(await this.#ensureCurrent(round))) return {};
    const { client, recorder } = this.#options;
    const { deployment } = round;
    const { target, event } = planRollback(deployment, round.history, wanted);
    const annotations =
      target === undefined ? deployment.metadata.annotations : annotationsAfterRollback(deployment, target);
    const { [rollbackToAnnotation]: _, ...kept } = annotations ?? {};
    const template = target?.spec?.template ?? deployment.spec?.template;
    const changes: DeepReadonly<Partial<Deployment>> = {
      metadata: { ...deployment.metadata, annotations: kept },
      ...(deployment.spec && template && { spec: { ...deployment.spec, template: withoutHash(template) } }),
    };
    await client.update(deployments, changedCopy(deployment, changes));
    recorder.record(deployment, event);
    return {};
  }

  /** Makes the ReplicaSet of the template when there is none. False: it cannot be made now, and that is told. */
  async #ensureCurrent(round: Round): Promise<boolean> {
    const { deployment, history } = round;
    if (history.current !== undefined) return true;
    const creation = await this.#writer.create(deployment, history.old, round.collisionCount);
    switch (creation.type) {
      case 'created':
      case 'known': {
        const { set } = creation;
        round.history = { ...history, current: set };
        round.revision = set.metadata.annotations?.[revisionAnnotation] ?? round.revision;
        if (creation.type === 'created') this.#noteCreation(round, set);
        return true;
      }
      case 'collision':
        await this.#write(round, { ...deployment.status, collisionCount: (round.collisionCount ?? 0) + 1 });
        return false;
      case 'namespace-goes':
        return false;
      case 'failed':
        this.#note(round, 'False', reasons.createFailed, creation.message);
        await this.#write(round, { ...deployment.status, conditions: round.conditions });
        throw isInvalid(creation.error)
          ? new TerminalError(creation.message, { cause: creation.error })
          : creation.error;
    }
  }

  /** One after the other: the first that fails ends the round. */
  async #resize(round: Round, resizes: readonly Resize[]): Promise<void> {
    const resized = new Map<string, Cached<ReplicaSet>>();
    for (const { set, to } of resizes) {
      const newest = resized.get(set.metadata.uid) ?? set;
      resized.set(set.metadata.uid, await this.#writer.resize(round.deployment, newest, to));
    }
    const { current, old } = round.history;
    const newestOf = (set: Cached<ReplicaSet>) => resized.get(set.metadata.uid) ?? set;
    round.history = { current: current && newestOf(current), old: old.map(newestOf) };
  }

  async #cleanUp({ deployment, history }: Round): Promise<void> {
    for (const set of setsToCleanUp(deployment, history.old)) await this.#writer.delete(set);
  }

  *#podsOf({ current, old }: SetHistory): Iterable<Cached<Pod>> {
    for (const set of current ? [...old, current] : old)
      yield* this.#options.pods.byIndex('controller', set.metadata.uid);
  }

  #note(round: Round, status: 'True' | 'False' | 'Unknown', reason: string, message: string): void {
    if (deadlineSeconds(round.deployment) === undefined) return;
    const news = { type: 'Progressing', status, reason, message } as const;
    round.conditions = withCondition(round.conditions, news, this.#options.clock.now());
  }

  #noteCreation(round: Round, { metadata }: Cached<ReplicaSet>): void {
    this.#untold.set(round.deployment.metadata.uid, metadata.uid);
    this.#note(round, 'True', reasons.created, `Created new replica set "${metadata.name}"`);
  }

  async #tell(round: Round): Promise<Result> {
    await this.#write(round, computeStatus({ ...round, now: this.#options.clock.now() }));
    return {};
  }

  async #tellRollout(round: Round): Promise<Result> {
    const now = this.#options.clock.now();
    const status = computeRolloutStatus({ ...round, now });
    await this.#write(round, status);
    const requeueAfterMs = msUntilDeadline(round.deployment, status, now);
    return requeueAfterMs === undefined ? {} : { requeueAfterMs };
  }

  /** The status, and the revision with it; the Deployment may be gone meanwhile. */
  async #write({ deployment, revision }: Round, status: DeepReadonly<DeploymentStatus>): Promise<void> {
    const { annotations } = deployment.metadata;
    const isKnown = revision === undefined || annotations?.[revisionAnnotation] === revision;
    if (isKnown && equalJson(status, deployment.status ?? {})) return;
    const metadata = isKnown
      ? deployment.metadata
      : { ...deployment.metadata, annotations: { ...annotations, [revisionAnnotation]: revision } };
    const next = changedCopy<Deployment>(deployment, { metadata, status });
    await ifPresent(this.#options.client.update(deployments, next, { subresource: 'status' }));
    this.#untold.delete(deployment.metadata.uid);
  }
}
