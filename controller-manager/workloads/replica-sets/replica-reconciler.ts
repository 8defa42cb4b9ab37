/**
 * Keeps as many pods as a ReplicaSet or ReplicationController asks for.
 *
 *   claim pods (adopt, release) → make or delete the difference → write the status
 *
 * Invariants:
 * - Pods are made and deleted only when the cache has seen all that was made and deleted before (expectations).
 * - A set that is being deleted makes no pods; its status is kept true.
 * - A failure to make or delete becomes a condition, and is tried again with a growing wait.
 */

import { isDeepStrictEqual } from 'node:util';
import type { KubernetesObject } from '../../../api/object.ts';
import { isPodActive } from '../../../api/pods.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Client } from '../../../client/client.ts';
import type { EventRecorder } from '../../../client/event-recorder.ts';
import { Expectations } from '../../../client/expectations.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Cached, ObjectCache, ObjectChange } from '../../../client/object-cache.ts';
import type { Reconciler, Result } from '../../../client/reconciler.ts';
import { msUntilNextAvailable } from '../../pods/pod-availability.ts';
import { applyClaims, controllerOf, decideClaims } from '../ownership.ts';
import { PodMaker } from '../pod-maker.ts';
import type { ReplicaKind, ReplicaView } from './replica-kind.ts';
import { claimablePods, countTerminating, planReplicas } from './replica-plan.ts';
import { computeReplicaStatus } from './replica-status.ts';

export interface ReplicaReconcilerOptions<T extends KubernetesObject> {
  readonly replicaKind: ReplicaKind<T>;
  readonly client: Client;
  readonly sets: ObjectCache<T>;
  /** With the indexes `controller` and `uncontrolled` of ownership.ts. */
  readonly pods: ObjectCache<Pod>;
  readonly events: EventRecorder;
  readonly clock: Clock;
}

interface Failure {
  readonly reason: 'FailedCreate' | 'FailedDelete';
  readonly message: string;
  readonly error: unknown;
}

export class ReplicaReconciler<T extends KubernetesObject> implements Reconciler {
  readonly #options: ReplicaReconcilerOptions<T>;
  readonly #expectations: Expectations;
  readonly #maker: PodMaker;

  constructor(options: ReplicaReconcilerOptions<T>) {
    const { client, clock, events, replicaKind } = options;
    this.#options = options;
    this.#expectations = new Expectations(clock);
    const recorder = events.from(replicaKind.component);
    this.#maker = new PodMaker({ client, recorder, expectations: this.#expectations });
  }

  async reconcile(key: string): Promise<Result> {
    const { client, replicaKind, sets, clock } = this.#options;
    const set = sets.get(key);
    if (set === undefined) return {};
    const view = replicaKind.view(set);
    const settled = this.#expectations.fulfilled(set.metadata.uid);
    const candidates = claimablePods(this.#candidates(set));
    const claims = decideClaims<Pod>(set, candidates, (labels) => view.matches(labels));
    const claimed = await applyClaims<T, Pod>(claims, { client, ownerKind: replicaKind.kind, owner: set, kind: pods });
    const active = claimed.filter(isPodActive);
    const alive = set.metadata.deletionTimestamp === undefined;
    const failure = settled && alive ? await this.#manage(set, view, active) : undefined;
    await this.#writeStatus(set, view, active, failure);
    if (failure !== undefined) throw failure.error;
    const waitMs = msUntilNextAvailable(active, view.minReadySeconds, clock.now());
    return waitMs === undefined ? {} : { requeueAfterMs: waitMs };
  }

  /** The keys of sets that a change of a pod concerns; takes note of what was expected. */
  keysOfPodChange(change: ObjectChange<Pod>): string[] {
    const { previous, next } = change;
    const owners = [previous, next].map((pod) => (pod === undefined ? undefined : this.#ownerKey(pod)));
    const [ownerBefore, ownerNow] = owners.map((owner) => owner?.key);
    if (change.type === 'added' && owners[1]) this.#expectations.observedCreation(owners[1].uid);
    const going = change.type === 'deleted' || next?.metadata.deletionTimestamp !== undefined;
    const goingOwner = owners[1] ?? owners[0];
    if (going && goingOwner)
      this.#expectations.observedDeletion(goingOwner.uid, (next ?? previous)?.metadata.uid ?? '');
    const known = [ownerBefore, ownerNow].filter((key) => key !== undefined);
    const lone = next !== undefined && controllerOf(next) === undefined && isPodActive(next);
    return [...new Set([...known, ...(lone ? this.#keysOfMatching(next) : [])])];
  }

  /** To be called for each change of a set, before its key is added. */
  noteSetChange(change: ObjectChange<T>): void {
    if (change.type === 'deleted') this.#maker.forget(change.previous.metadata.uid);
  }

  *#candidates(set: Cached<T>): Iterable<Cached<Pod>> {
    yield* this.#options.pods.byIndex('controller', set.metadata.uid);
    yield* this.#options.pods.byIndex('uncontrolled', set.metadata.namespace ?? '');
  }

  #ownerKey(pod: Cached<Pod>): { readonly key: string; readonly uid: string } | undefined {
    const owner = controllerOf(pod);
    if (owner?.kind !== this.#options.replicaKind.kind.kind) return undefined;
    return { key: `${pod.metadata.namespace}/${owner.name}`, uid: owner.uid };
  }

  #keysOfMatching(pod: Cached<Pod>): string[] {
    const { sets, replicaKind } = this.#options;
    const { namespace, labels = {} } = pod.metadata;
    const matching = [...sets.list(namespace)].filter((set) => replicaKind.view(set).matches(labels));
    return matching.map(({ metadata }) => `${namespace}/${metadata.name}`);
  }

  /** Makes or deletes the difference; what failed is returned, because the status tells it. */
  async #manage(set: Cached<T>, view: ReplicaView, active: readonly Cached<Pod>[]): Promise<Failure | undefined> {
    const { replicas } = view;
    const plan = planReplicas({ replicas, active, related: () => this.#related(set), now: this.#options.clock.now() });
    try {
      switch (plan.type) {
        case 'nothing':
          break;
        case 'create': {
          const exists = (name: string) => this.#options.pods.get(`${set.metadata.namespace}/${name}`) !== undefined;
          const orders = Array.from({ length: plan.count }, () => ({ template: view.template }));
          await this.#maker.create(set, orders, exists);
          break;
        }
        case 'delete':
          await this.#maker.delete(set, plan.victims);
      }
      return undefined;
    } catch (error) {
      const message = errorText(error);
      return { reason: plan.type === 'create' ? 'FailedCreate' : 'FailedDelete', message, error };
    }
  }

  /** Active pods of all sets that the owner of this set has: of one Deployment, old and new. */
  #related(set: Cached<T>): Cached<Pod>[] {
    const owner = controllerOf(set);
    if (owner === undefined) return [];
    const siblings = [...this.#options.sets.list(set.metadata.namespace)].filter(
      (other) => controllerOf(other)?.uid === owner.uid,
    );
    return siblings
      .flatMap(({ metadata }) => this.#options.pods.byIndex('controller', metadata.uid))
      .filter(isPodActive);
  }

  async #writeStatus(
    set: Cached<T>,
    view: ReplicaView,
    active: readonly Cached<Pod>[],
    failure: Failure | undefined,
  ): Promise<void> {
    const { client, replicaKind, clock } = this.#options;
    const status = computeReplicaStatus({
      previous: view.status,
      generation: set.metadata.generation,
      templateLabels: view.template.metadata?.labels ?? {},
      minReadySeconds: view.minReadySeconds,
      activePods: active,
      ...(replicaKind.countsTerminating && {
        terminatingPods: countTerminating(set.metadata.uid, this.#candidates(set), (labels) => view.matches(labels)),
      }),
      failure: failure && { reason: failure.reason, message: failure.message },
      now: clock.now(),
    });
    if (isDeepStrictEqual(status, view.status)) return;
    // Read-only in the cache; the client only sends it, with a status that is that of the kind.
    const next: unknown = { ...set, status };
    await ifPresent(client.update(replicaKind.kind, next as T, { subresource: 'status' }));
  }
}
