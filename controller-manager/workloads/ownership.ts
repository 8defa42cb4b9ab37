/**
 * Who controls what: controlling owner references, adoption and release.
 *
 * Invariants:
 * - An object has at most one controlling owner; what another one controls is never touched.
 * - Only a living owner adopts, and it looks at the API server first: the cache may not know yet that it is gone.
 * - Every change names the resourceVersion it was decided on, so two adopters cannot both win.
 */

import type { KubernetesObject, Stored } from '../../api/object.ts';
import type { Resource } from '../../api/resource.ts';
import { isInvalid, isNotFound } from '../../api/status-error.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';

export type OwnedMetadata = DeepReadonly<{ metadata: { ownerReferences?: OwnerReference[]; namespace?: string } }>;

export function controllerOf({ metadata }: OwnedMetadata): DeepReadonly<OwnerReference> | undefined {
  return metadata.ownerReferences?.find(({ controller }) => controller === true);
}

/** Index of objects by the uid of their controlling owner. */
export function byController(object: OwnedMetadata): string[] {
  const owner = controllerOf(object);
  return owner === undefined ? [] : [owner.uid];
}

/** Index of objects that nobody controls, by namespace. */
export const uncontrolled = (object: OwnedMetadata): string[] =>
  controllerOf(object) === undefined ? [object.metadata.namespace ?? ''] : [];

/** How an informer finds what an owner controls, and what nobody does. */
export const ownerIndexes = { indexers: { controller: byController, uncontrolled } };

export function controllerReference(owner: {
  readonly apiVersion: string;
  readonly kind: string;
  readonly metadata: { readonly name: string; readonly uid: string };
}): OwnerReference {
  const { apiVersion, kind, metadata } = owner;
  return { apiVersion, kind, name: metadata.name, uid: metadata.uid, controller: true, blockOwnerDeletion: true };
}

export interface Claims<T extends KubernetesObject> {
  readonly mine: readonly Cached<T>[];
  readonly adopt: readonly Cached<T>[];
  readonly release: readonly Cached<T>[];
}

/** What `owner` keeps, takes and lets go of `candidates`: objects that it controls, or that nobody does. Pure. */
export function decideClaims<T extends KubernetesObject>(
  owner: Cached<KubernetesObject>,
  candidates: Iterable<Cached<T>>,
  matches: (labels: Readonly<Record<string, string>>) => boolean,
): Claims<T> {
  const claims: Record<'mine' | 'adopt' | 'release', Cached<T>[]> = { mine: [], adopt: [], release: [] };
  const alive = owner.metadata.deletionTimestamp === undefined;
  for (const candidate of candidates) {
    const { labels = {}, deletionTimestamp } = candidate.metadata;
    const controller = controllerOf(candidate);
    if (controller !== undefined && controller.uid !== owner.metadata.uid) continue;
    if (matches(labels)) {
      if (controller !== undefined) claims.mine.push(candidate);
      else if (alive && deletionTimestamp === undefined) claims.adopt.push(candidate);
    } else if (controller !== undefined && alive) claims.release.push(candidate);
  }
  return claims;
}

export interface ClaimingOptions<Owner extends KubernetesObject, T extends KubernetesObject> {
  readonly client: Client;
  readonly ownerKind: Resource<Owner>;
  readonly owner: Cached<Owner>;
  readonly kind: Resource<T>;
  /** What `owner` controls has this finalizer: it comes with the adoption and goes with the release. */
  readonly finalizer?: string;
}

/** Does what `decideClaims` decided, and returns all that `owner` controls now. */
export async function applyClaims<Owner extends KubernetesObject, T extends KubernetesObject>(
  claims: Claims<T>,
  options: ClaimingOptions<Owner, T>,
): Promise<Cached<T>[]> {
  await Promise.all(claims.release.map((object) => release(object, options)));
  if (claims.adopt.length === 0 || !(await isAlive(options))) return [...claims.mine];
  const adopted = await Promise.all(claims.adopt.map((object) => adopt(object, options)));
  return [...claims.mine, ...adopted.filter((object) => object !== undefined)];
}

export interface OwnedOptions<Owner extends KubernetesObject, T extends KubernetesObject>
  extends ClaimingOptions<Owner, T> {
  /** With `ownerIndexes`. */
  readonly cache: Pick<ObjectCache<T>, 'byIndex'>;
  matches(labels: Readonly<Record<string, string>>): boolean;
  /** What else of the candidates is not to be looked at. Default: nothing. */
  isCandidate?(object: Cached<T>): boolean;
}

/** All that `owner` controls, after it adopted and released what it should. */
export async function claimOwned<Owner extends KubernetesObject, T extends KubernetesObject>(
  options: OwnedOptions<Owner, T>,
): Promise<Cached<T>[]> {
  const { owner, cache } = options;
  const { uid, namespace = '' } = owner.metadata;
  const candidates = [...cache.byIndex('controller', uid), ...cache.byIndex('uncontrolled', namespace)].filter(
    (object) => options.isCandidate?.(object) ?? true,
  );
  return await applyClaims(decideClaims<T>(owner, candidates, options.matches), options);
}

async function isAlive<Owner extends KubernetesObject>(
  options: Pick<ClaimingOptions<Owner, never>, 'client' | 'ownerKind' | 'owner'>,
): Promise<boolean> {
  const { namespace, name, uid } = options.owner.metadata;
  const fresh = await ifPresent(options.client.get(options.ownerKind, { namespace, name }));
  return fresh?.metadata.uid === uid && fresh?.metadata.deletionTimestamp === undefined;
}

async function adopt<Owner extends KubernetesObject, T extends KubernetesObject>(
  object: Cached<T>,
  options: ClaimingOptions<Owner, T>,
): Promise<Cached<T> | undefined> {
  const references = [...(object.metadata.ownerReferences ?? []), controllerReference(options.owner)];
  // What answers is the object that was patched.
  return (await patchOwners(object, references, options, true)) as Cached<T> | undefined;
}

async function release<Owner extends KubernetesObject, T extends KubernetesObject>(
  object: Cached<T>,
  options: ClaimingOptions<Owner, T>,
): Promise<void> {
  const others = object.metadata.ownerReferences?.filter(({ uid }) => uid !== options.owner.metadata.uid) ?? [];
  await patchOwners(object, others.length > 0 ? others : null, options, false);
}

/** Undefined: the object is gone, or the server does not allow the change; there is nothing to try again. */
async function patchOwners<Owner extends KubernetesObject, T extends KubernetesObject>(
  object: Cached<T>,
  ownerReferences: readonly DeepReadonly<OwnerReference>[] | null,
  { client, kind, finalizer }: ClaimingOptions<Owner, T>,
  adopts: boolean,
): Promise<Stored<T> | undefined> {
  const { namespace, name, resourceVersion, finalizers = [] } = object.metadata;
  try {
    const others = finalizers.filter((one) => one !== finalizer);
    const next = { finalizers: adopts ? [...others, finalizer] : others };
    const body = { metadata: { resourceVersion, ownerReferences, ...(finalizer !== undefined && next) } };
    return await client.patch(kind, { namespace, name }, { type: 'merge', body });
  } catch (error) {
    if (isNotFound(error) || isInvalid(error)) return undefined;
    throw error;
  }
}
