/** What is to become of device claims: those that pods' templates ask for, and those that nobody uses any more. Pure. */

import { deleteProtection } from '../../api/devices/claims.ts';
import { keyOf } from '../../api/object.ts';
import { isPodFinished, isPodTerminating } from '../../api/pods.ts';
import type { Pod, PodResourceClaim, PodResourceClaimStatus } from '../../api/types/core/v1.ts';
import type {
  ResourceClaim,
  ResourceClaimConsumerReference,
  ResourceClaimSpec,
  ResourceClaimTemplate,
} from '../../api/types/resource/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { sentAsIs } from '../../client/changed-copy.ts';
import type { Cached } from '../../client/object-cache.ts';

type Consumer = DeepReadonly<ResourceClaimConsumerReference>;

/** Which entry of its pod a claim was made for. */
export const podClaimName = 'resource.kubernetes.io/pod-claim-name';

/** The longest beginning of a name to which the server's five signs and a hyphen can be added. */
const longestBase = 57;

/** None of its containers runs, or will. */
export const isPodDone = (pod: Cached<Pod>): boolean =>
  isPodFinished(pod) || (isPodTerminating(pod) && !pod.spec?.nodeName);

export const ownerOf = ({ metadata }: Cached<ResourceClaim>) =>
  (metadata.ownerReferences ?? []).find(
    ({ controller, apiVersion, kind }) => controller === true && apiVersion === 'v1' && kind === 'Pod',
  );

export type TemplateClaim =
  | { readonly type: 'made'; readonly name: string }
  | { readonly type: 'missing'; readonly templateName: string }
  /** Nothing to do: it names a claim itself. */
  | { readonly type: 'named' };

/** `owned`: the claims that the pod owns; `claimOf`: by key. */
export function planPodClaim(
  pod: Cached<Pod>,
  entry: DeepReadonly<PodResourceClaim>,
  owned: readonly Cached<ResourceClaim>[],
  claimOf: (key: string) => Cached<ResourceClaim> | undefined,
): TemplateClaim {
  const { name, resourceClaimTemplateName: templateName } = entry;
  if (templateName === undefined) return { type: 'named' };
  const status = statusesOf(pod).find((one) => one.name === name);
  if (status !== undefined && status.resourceClaimName === undefined) return { type: 'named' };
  const recorded = claimOf(`${pod.metadata.namespace}/${status?.resourceClaimName}`);
  if (recorded !== undefined && ownerOf(recorded)?.uid === pod.metadata.uid)
    return { type: 'made', name: recorded.metadata.name };
  // Made, and not written down before the controller ended.
  const orphan = owned.find(({ metadata }) => metadata.annotations?.[podClaimName] === name);
  return orphan === undefined ? { type: 'missing', templateName } : { type: 'made', name: orphan.metadata.name };
}

export function claimFromTemplate(
  pod: Cached<Pod>,
  entryName: string,
  { spec: { metadata = {}, spec } }: Cached<ResourceClaimTemplate>,
): ResourceClaim {
  const { namespace, name, uid } = pod.metadata;
  const owner = { apiVersion: 'v1', kind: 'Pod', name, uid, controller: true, blockOwnerDeletion: true };
  return {
    apiVersion: 'resource.k8s.io/v1',
    kind: 'ResourceClaim',
    metadata: {
      ...(namespace !== undefined && { namespace }),
      generateName: generatedName(name, entryName),
      ...(metadata.labels && { labels: metadata.labels }),
      annotations: { ...metadata.annotations, [podClaimName]: entryName },
      ownerReferences: [owner],
    },
    spec: sentAsIs<ResourceClaimSpec>(spec),
  };
}

/** Both names are shortened in proportion, so that neither is lost. */
function generatedName(podName: string, entryName: string): string {
  const whole = `${podName}-${entryName}-`;
  if (whole.length <= longestBase) return whole;
  const share = (text: string): string => text.slice(0, Math.trunc((text.length * longestBase) / whole.length));
  return `${share(podName)}-${share(entryName)}`;
}

const statusesOf = ({ status }: Cached<Pod>): readonly DeepReadonly<PodResourceClaimStatus>[] =>
  status?.resourceClaimStatuses ?? [];

/** The pod's statuses with these claims in them; undefined: they are there. */
export function changedStatuses(
  pod: Cached<Pod>,
  made: ReadonlyMap<string, string>,
): PodResourceClaimStatus[] | undefined {
  const known = new Map(statusesOf(pod).map((one) => [one.name, one.resourceClaimName]));
  if ([...made].every(([name, claim]) => known.get(name) === claim)) return undefined;
  for (const [name, claim] of made) known.set(name, claim);
  return [...known].map(([name, resourceClaimName]) => ({ name, ...(resourceClaimName && { resourceClaimName }) }));
}

export type ConsumerState = 'keep' | 'gone' | 'ask';

/** `ask`: only the API server knows whether there is such a pod; the cache may be behind. */
export function stateOfConsumer(consumer: Consumer, pod: Cached<Pod> | undefined): ConsumerState {
  if (pod === undefined) return 'ask';
  return pod.metadata.uid !== consumer.uid || isPodDone(pod) ? 'gone' : 'keep';
}

export const isPodConsumer = ({ apiGroup = '', resource }: Consumer): boolean => apiGroup === '' && resource === 'pods';

export interface ClaimPlan {
  /** Present: what its status is to be. */
  readonly status?: DeepReadonly<NonNullable<ResourceClaim['status']>>;
  readonly dropFinalizer: boolean;
  readonly remove: boolean;
}

/** `valid`: the consumers that are still there; `owner`: the pod it was made for, if that is known. */
export function planClaim(
  claim: Cached<ResourceClaim>,
  valid: readonly Consumer[],
  owner: Cached<Pod> | undefined,
): ClaimPlan {
  const { metadata, status = {} } = claim;
  const isProtected = (metadata.finalizers ?? []).includes(deleteProtection);
  const isGoing = metadata.deletionTimestamp !== undefined;
  const isLeft = valid.length < (status.reservedFor ?? []).length;
  const isFreed = valid.length === 0 && isProtected && (isLeft || isGoing);
  const { allocation, reservedFor: _, ...rest } = status;
  const isChanged = isLeft || (isFreed && allocation !== undefined);
  const isKept = allocation !== undefined && !isFreed;
  const next = { ...rest, ...(isKept && { allocation }), ...(valid.length > 0 && { reservedFor: valid }) };
  const reference = ownerOf(claim);
  const isNeedless = owner !== undefined && (owner.metadata.uid !== reference?.uid || isPodDone(owner));
  return {
    ...(isChanged && { status: next }),
    dropFinalizer: isFreed,
    remove: valid.length === 0 && reference !== undefined && isNeedless && !isGoing,
  };
}

/** Upstream's bound. */
const mostConsumers = 256;

/**
 * The claim's status with the pod in it, for a pod that came to its node past the scheduler, which would have written
 * that. Undefined: there is nothing to do, or nothing that can be done before somebody gives the claim its devices.
 */
export function statusWithConsumer(
  { metadata, spec }: Cached<Pod>,
  { status }: Cached<ResourceClaim>,
): DeepReadonly<NonNullable<ResourceClaim['status']>> | undefined {
  const reservedFor = status?.reservedFor ?? [];
  const isThere = reservedFor.some(({ uid }) => uid === metadata.uid);
  if (!spec?.nodeName || status?.allocation === undefined || isThere || reservedFor.length >= mostConsumers)
    return undefined;
  return { ...status, reservedFor: [...reservedFor, { resource: 'pods', name: metadata.name, uid: metadata.uid }] };
}

export const claimKeysOf = (pod: Cached<Pod>): string[] =>
  [
    ...(pod.spec?.resourceClaims ?? []).flatMap(({ resourceClaimName }) => resourceClaimName ?? []),
    ...statusesOf(pod).flatMap(({ resourceClaimName }) => resourceClaimName ?? []),
  ].map((name) => `${pod.metadata.namespace}/${name}`);

export const ownerKeyOf = (claim: Cached<ResourceClaim>): string | undefined => {
  const owner = ownerOf(claim);
  return owner && keyOf({ ...claim, metadata: { ...claim.metadata, name: owner.name } });
};
