/** What becomes of an object whose owners are not all there as its references say. Pure. */

import { foregroundFinalizer, orphanFinalizer } from '../../api/finalizers.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { DeleteOptions } from '../../client/client.ts';
import type { Reference } from './owner-graph.ts';

/** How an owner stands: alive, gone, waiting for its dependents to go first, or of a kind that nobody knows. */
export type OwnerState = 'solid' | 'absent' | 'waiting' | 'unknown';

export type GarbagePlan =
  | { readonly type: 'keep' }
  /** Some owners are gone, others are there. */
  | { readonly type: 'dropReferences'; readonly ownerUids: readonly string[] }
  | {
      readonly type: 'delete';
      readonly propagationPolicy: NonNullable<DeleteOptions['propagationPolicy']>;
      /** A dependent waits for its own dependents: a circle, in which nobody may block the others. */
      readonly unblockOwners: boolean;
    };

type ObjectView = DeepReadonly<KubernetesObject>;

export interface Relations {
  readonly owners: readonly { readonly uid: string; readonly state: OwnerState }[];
  readonly dependents: readonly ObjectView[];
}

/** `object` as the server has it, not being deleted. */
export function planGarbage(object: ObjectView, { owners, dependents }: Relations): GarbagePlan {
  if (owners.length === 0 || owners.some(({ state }) => state === 'unknown')) return { type: 'keep' };
  const lost = owners.filter(({ state }) => state !== 'solid');
  if (lost.length === 0) return { type: 'keep' };
  if (lost.length < owners.length) return { type: 'dropReferences', ownerUids: lost.map(({ uid }) => uid) };
  if (owners.some(({ state }) => state === 'waiting') && dependents.length > 0) {
    return { type: 'delete', propagationPolicy: 'Foreground', unblockOwners: dependents.some(waitsForDependents) };
  }
  return { type: 'delete', propagationPolicy: policyOf(object), unblockOwners: false };
}

/** The policy that the object's own finalizers ask for already. */
function policyOf({ metadata }: ObjectView): 'Orphan' | 'Foreground' | 'Background' {
  const { finalizers = [] } = metadata ?? {};
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  return finalizers.includes(foregroundFinalizer) ? 'Foreground' : 'Background';
}

export const isGoing = ({ metadata }: ObjectView): boolean => metadata?.deletionTimestamp !== undefined;

/** It is being deleted in the foreground: its dependents go first. */
export const waitsForDependents = (object: ObjectView): boolean =>
  isGoing(object) && (object.metadata?.finalizers ?? []).includes(foregroundFinalizer);

/** Whether the dependent keeps that owner from going in the foreground. */
export function blocksDeletionOf(ownerUid: string, { metadata }: ObjectView): boolean {
  const references = metadata?.ownerReferences ?? [];
  return references.some(({ uid, blockOwnerDeletion }) => uid === ownerUid && blockOwnerDeletion === true);
}

/** The owner is in a namespace, and the dependent is not in that one: such a reference leads nowhere. */
export function isOutOfReach(owner: ObjectView | undefined, dependentNamespace: string | undefined): boolean {
  const namespace = owner?.metadata?.namespace;
  return namespace !== undefined && namespace !== dependentNamespace;
}

/** `dependentNamespace`: absent for an object without one. */
export function describeOutOfReach(
  { apiVersion, kind, name, uid }: Reference,
  dependentNamespace: string | undefined,
): string {
  const namespace = dependentNamespace ?? '';
  const owner = `[${apiVersion}/${kind}, namespace: ${namespace}, name: ${name}, uid: ${uid}]`;
  return `ownerRef ${owner} does not exist in namespace "${namespace}"`;
}
