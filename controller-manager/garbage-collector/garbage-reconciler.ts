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
 */

import { foregroundFinalizer, orphanFinalizer } from '../../api/finalizers.ts';
import type { Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { Client, DeleteOptions } from '../../client/client.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { Reconciler, Result } from '../../client/reconciler.ts';
import type { ServedResources } from '../../client/served-resources.ts';
import { readAgain, removeFinalizer } from '../finalizers.ts';
import { type GraphNode, groupOf, type OwnerGraph, type Reference } from './owner-graph.ts';

/** How an owner stands: alive, gone, waiting for its dependents to go first, or of a kind that nobody knows. */
export type OwnerState = 'solid' | 'absent' | 'waiting' | 'unknown';

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
    if (node === undefined) return {};
    const { deletionTimestamp, finalizers = [], ownerReferences = [] } = node.object.metadata;
    if (deletionTimestamp !== undefined) {
      if (finalizers.includes(orphanFinalizer)) await this.#orphanDependents(node);
      else if (finalizers.includes(foregroundFinalizer)) await this.#awaitDependents(node);
    } else if (!ownerReferences.every((reference) => this.#isSolid(reference, node))) {
      await this.#judge(node);
    }
    return {};
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
    if (dependents.some((dependent) => blocks(dependent, uid))) {
      for (const { object } of dependents) if (!isGoing(object)) this.#enqueue(object.metadata.uid);
    } else {
      await removeFinalizer(this.#client, { ...node, finalizer: foregroundFinalizer });
    }
  }

  /** Deletes the object if it has no owner left, and else drops references to those that are gone. */
  async #judge(node: GraphNode): Promise<void> {
    const fresh = await readAgain(this.#client, node.kind, node.object);
    const references = fresh?.metadata.ownerReferences ?? [];
    if (fresh === undefined || references.length === 0 || isGoing(fresh)) return;
    const states = await Promise.all(references.map((reference) => this.#stateOf(reference, node, fresh)));
    const inState = (...wanted: OwnerState[]) => references.filter((_, i) => wanted.includes(states[i] ?? 'unknown'));
    if (inState('unknown').length > 0) return;
    const lost = inState('absent', 'waiting');
    if (lost.length < references.length) {
      if (lost.length > 0)
        await this.#dropReferences(
          { ...node, object: fresh },
          lost.map(({ uid }) => uid),
        );
      return;
    }
    const dependents = this.#graph.dependentsOf(fresh.metadata.uid);
    if (inState('waiting').length > 0 && dependents.length > 0) {
      if (dependents.some(({ object }) => isGoing(object))) await this.#unblockOwners(node, fresh);
      await this.#delete(node, fresh, 'Foreground');
    } else {
      await this.#delete(node, fresh, policyOf(fresh));
    }
  }

  async #stateOf(reference: Reference, node: GraphNode, object: Stored): Promise<OwnerState> {
    const kind = this.#resources.findByKind({ group: groupOf(reference.apiVersion), kind: reference.kind });
    if (kind === undefined) return 'unknown';
    const { namespace } = object.metadata;
    if (kind.namespaced && namespace === undefined) {
      this.#warn(node, `ownerRef [${describe(reference)}] is namespaced, its dependent is not`);
      return 'unknown';
    }
    const known = this.#graph.resolve(reference, namespace);
    if (known !== undefined) return waitsForDependents(known.object) ? 'waiting' : 'solid';
    try {
      const owner = await this.#client.get(kind, {
        namespace: kind.namespaced ? namespace : undefined,
        name: reference.name,
      });
      if (owner.metadata.uid !== reference.uid) return 'absent';
      return waitsForDependents(owner) ? 'waiting' : 'solid';
    } catch (error) {
      if (isNotFound(error)) return 'absent';
      throw error;
    }
  }

  async #delete(
    { kind }: GraphNode,
    { metadata }: Stored,
    propagationPolicy: DeleteOptions['propagationPolicy'],
  ): Promise<void> {
    const { namespace, name, uid, resourceVersion } = metadata;
    try {
      await this.#client.delete(kind, { namespace, name }, { uid, resourceVersion, propagationPolicy });
    } catch (error) {
      if (!isNotFound(error)) throw error;
    }
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
    try {
      const body = { metadata: { ...changes, resourceVersion } };
      return await this.#client.patch(kind, { namespace, name }, { type: 'merge', body });
    } catch (error) {
      if (isNotFound(error)) return undefined;
      throw error;
    }
  }

  #warn({ object }: GraphNode, message: string): void {
    this.#recorder.record(object, { type: 'Warning', reason: 'OwnerRefInvalidNamespace', message });
  }
}

/** A dependent that keeps its owner from going in the foreground. */
function blocks({ object }: GraphNode, ownerUid: string): boolean {
  const references = object.metadata.ownerReferences ?? [];
  return references.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true);
}

type WithMetadata = {
  readonly metadata: { readonly deletionTimestamp?: string; readonly finalizers?: readonly string[] };
};

const isGoing = ({ metadata }: WithMetadata): boolean => metadata.deletionTimestamp !== undefined;
const waitsForDependents = (object: WithMetadata): boolean =>
  isGoing(object) && (object.metadata.finalizers ?? []).includes(foregroundFinalizer);

/** Deleting by a policy that the object's own finalizers ask for already. */
function policyOf({ metadata }: Stored): DeleteOptions['propagationPolicy'] {
  const { finalizers = [] } = metadata;
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

const describe = ({ apiVersion, kind, name, uid }: Reference): string => `${apiVersion}/${kind} ${name} ${uid}`;
