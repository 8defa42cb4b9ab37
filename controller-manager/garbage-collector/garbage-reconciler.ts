/**
 * Deletes what has lost all its owners, and finishes deletions that wait for dependents.
 *
 *   owner gone                         → its dependents that have no other owner are deleted
 *   deleted with finalizer orphan      → its dependents forget it, then it may go
 *   deleted with foregroundDeletion    → its dependents are deleted; it goes when none that blocks is left
 *
 * Invariants:
 * - Nothing is deleted on what the cache says alone: the object is read again, and an owner that the cache does not
 *   know is looked for at the API server, by name and uid.
 * - Deletions name uid and resourceVersion: an object that got another owner meanwhile stays.
 * - An owner of a kind that nobody knows keeps its dependents.
 * - Nobody tells when an owner goes that the cache has never shown (its kind is new): what it keeps is looked at again.
 */

import { foregroundFinalizer, orphanFinalizer } from '../../api/finalizers.ts';
import type { Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { computeBackoffMs } from '../../base/backoff.ts';
import type { Client, DeleteOptions } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ServedResources } from '../../client/served-resources.ts';
import { readAgain, removeFinalizer } from '../finalizers.ts';
import {
  blocksDeletionOf,
  describeOutOfReach,
  isGoing,
  isOutOfReach,
  type OwnerState,
  planGarbage,
  waitsForDependents,
} from './garbage-plan.ts';
import { type GraphNode, groupOf, type OwnerGraph, type Reference } from './owner-graph.ts';

/** Between looks at an object whose owner only the API server knows, or nobody. */
const lookAgain = { baseMs: 1_000, maxMs: 300_000 };

export interface GarbageReconcilerOptions {
  readonly client: Client;
  readonly graph: OwnerGraph;
  readonly resources: Pick<ServedResources, 'findByKind'>;
  readonly recorder: Recorder;
  /** Looks at another object soon. */
  readonly enqueue: (uid: string) => void;
}

export class GarbageReconciler implements Reconciler {
  readonly #client: Client;
  readonly #graph: OwnerGraph;
  readonly #resources: Pick<ServedResources, 'findByKind'>;
  readonly #recorder: Recorder;
  readonly #enqueue: (uid: string) => void;
  /** How often objects were looked at in vain, by uid. */
  readonly #looks = new Map<string, number>();

  constructor({ client, graph, resources, recorder, enqueue }: GarbageReconcilerOptions) {
    this.#client = client;
    this.#graph = graph;
    this.#resources = resources;
    this.#recorder = recorder;
    this.#enqueue = enqueue;
  }

  /** `uid`: of the object to look at. */
  async reconcile(uid: string): Promise<Result> {
    const node = this.#graph.get(uid);
    const isDecided = node === undefined || (await this.#lookAt(node));
    const looks = isDecided ? 0 : (this.#looks.get(uid) ?? 0) + 1;
    if (looks === 0) this.#looks.delete(uid);
    else this.#looks.set(uid, looks);
    return looks === 0 ? {} : { requeueAfterMs: computeBackoffMs(looks, lookAgain) };
  }

  /** False: kept for an owner whose end nobody would tell. */
  async #lookAt(node: GraphNode): Promise<boolean> {
    const { deletionTimestamp, finalizers = [], ownerReferences = [] } = node.object.metadata;
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(orphanFinalizer)) await this.#orphanDependents(node);
      else if (finalizers.includes(foregroundFinalizer)) await this.#awaitDependents(node);
    } else if (!ownerReferences.every((reference) => this.#isSolid(reference, node))) {
      return await this.#judge(node);
    }
    return true;
  }

  #isSolid(reference: Reference, { object }: GraphNode): boolean {
    const owner = this.#graph.resolve(reference, object.metadata.namespace);
    return owner !== undefined && !waitsForDependents(owner.object);
  }

  async #orphanDependents(node: GraphNode): Promise<void> {
    const { uid } = node.object.metadata;
    await Promise.all(this.#graph.dependentsOf(uid).map((dependent) => this.#dropReferences(dependent, [uid])));
    await removeFinalizer(this.#client, { ...node, finalizer: orphanFinalizer });
  }

  async #awaitDependents(node: GraphNode): Promise<void> {
    const { uid } = node.object.metadata;
    const dependents = this.#graph.dependentsOf(uid);
    if (dependents.some(({ object }) => blocksDeletionOf(uid, object))) {
      for (const { object } of dependents) if (!isGoing(object)) this.#enqueue(object.metadata.uid);
    } else {
      await removeFinalizer(this.#client, { ...node, finalizer: foregroundFinalizer });
    }
  }

  /** Deletes the object if it has no owner left, and else drops references to those that are gone. As `#lookAt`. */
  async #judge(node: GraphNode): Promise<boolean> {
    const fresh = await readAgain(this.#client, node.kind, node.object);
    const references = fresh?.metadata.ownerReferences ?? [];
    if (fresh === undefined || references.length === 0 || isGoing(fresh)) return true;
    const owners = await Promise.all(
      references.map(async (reference) => ({
        uid: reference.uid,
        state: await this.#stateOf(reference, node, fresh),
      })),
    );
    const plan = planGarbage(fresh, {
      owners,
      dependents: this.#graph.dependentsOf(fresh.metadata.uid).map(({ object }) => object),
    });
    switch (plan.type) {
      case 'keep':
        return references.some((reference) => this.#graph.resolve(reference, fresh.metadata.namespace) !== undefined);
      case 'dropReferences':
        await this.#dropReferences({ ...node, object: fresh }, plan.ownerUids);
        return true;
      case 'delete':
        if (plan.unblockOwners) await this.#unblockOwners(node, fresh);
        await this.#delete(node, fresh, plan.propagationPolicy);
        return true;
    }
  }

  async #stateOf(reference: Reference, node: GraphNode, object: Stored): Promise<OwnerState> {
    const kind = this.#resources.findByKind({ group: groupOf(reference.apiVersion), kind: reference.kind });
    if (kind === undefined) return 'unknown';
    const { namespace } = object.metadata;
    if (isOutOfReach(this.#graph.get(reference.uid)?.object, namespace)) this.#warn(node, reference);
    if (kind.namespaced && namespace === undefined) return 'unknown';
    const known = this.#graph.resolve(reference, namespace);
    if (known !== undefined) return waitsForDependents(known.object) ? 'waiting' : 'solid';
    const key = { namespace: kind.namespaced ? namespace : undefined, name: reference.name };
    const owner = await ifPresent(this.#client.get(kind, key));
    if (owner?.metadata.uid !== reference.uid) return 'absent';
    return waitsForDependents(owner) ? 'waiting' : 'solid';
  }

  async #delete(
    { kind }: GraphNode,
    { metadata }: Stored,
    propagationPolicy: DeleteOptions['propagationPolicy'],
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    await ifPresent(this.#client.delete(kind, { namespace, name }, { uid, resourceVersion, propagationPolicy }));
  }

  async #dropReferences(node: GraphNode, ownerUids: readonly string[]): Promise<void> {
    const fresh = await readAgain(this.#client, node.kind, node.object);
    const references = fresh?.metadata.ownerReferences ?? [];
    const left = references.filter(({ uid }) => !ownerUids.includes(uid));
    if (fresh === undefined || left.length === references.length) return;
    await this.#patchMetadata(node.kind, fresh, { ownerReferences: left.length > 0 ? left : null });
  }

  /** Breaks a circle of objects that all wait for each other. */
  async #unblockOwners({ kind }: GraphNode, object: Stored): Promise<void> {
    const references = object.metadata.ownerReferences ?? [];
    if (!references.some(({ blockOwnerDeletion }) => blockOwnerDeletion)) return;
    const ownerReferences = references.map((reference) => ({ ...reference, blockOwnerDeletion: false }));
    const patched = await this.#patchMetadata(kind, object, { ownerReferences });
    if (patched !== undefined) object.metadata.resourceVersion = patched.metadata.resourceVersion;
  }

  async #patchMetadata(kind: Resource, { metadata }: Stored, changes: object): Promise<Stored | undefined> {
    const { namespace, name, resourceVersion } = metadata;
    const body = { metadata: { ...changes, resourceVersion } };
    return await ifPresent(this.#client.patch(kind, { namespace, name }, { type: 'merge', body }));
  }

  #warn({ object }: GraphNode, reference: Reference): void {
    const message = describeOutOfReach(reference, object.metadata.namespace);
    this.#recorder.record(object, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message });
  }
}
