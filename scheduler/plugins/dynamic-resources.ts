/**
 * Pods that claim devices run where those are that were allocated for them. Nothing is allocated here: a claim that
 * nobody has allocated keeps its pods waiting, which is better than to run them without their devices.
 */

import { goQuote } from '../../api/go-text.ts';
import { matchesTerm } from '../../api/node-selection.ts';
import { resourceClaimNamesOf } from '../../api/pod-references.ts';
import type { ResourceClaim } from '../../api/types/resource/v1.ts';
import type { Cached, ObjectCache } from '../../client/object-cache.ts';
import type { FilterPlugin, NodeFilter, Refusal } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';

const name = 'DynamicResources';
const notAllocated: Refusal = { plugin: name, reasons: ['cannot allocate all claims'], resolvable: false };
const elsewhere: Refusal = { plugin: name, reasons: ['resourceclaim not available on the node'], resolvable: false };
const refused = (reason: string): Refusal => ({ plugin: name, reasons: [reason], resolvable: false });

export function createDynamicResources(claims: ObjectCache<ResourceClaim>): FilterPlugin {
  return {
    name,
    scope: 'cluster',
    eventsToRegister: ['node added', 'node labels', 'devices'],

    prepareFilter(pod): NodeFilter | Refusal | undefined {
      if ((pod.pod.spec.resourceClaims ?? []).length === 0) return undefined;
      const found = claimsOf(pod, claims);
      if (typeof found === 'string') return refused(found);
      if (!found.every((claim) => isAllocatedFor(claim, pod))) return { refuse: () => notAllocated };
      return { refuse: (node) => (found.every((claim) => isOn(claim, node)) ? undefined : elsewhere) };
    },
  };
}

/** A text: what is missing, in upstream's words. */
function claimsOf(pod: PodInfo, claims: ObjectCache<ResourceClaim>): Cached<ResourceClaim>[] | string {
  const names = resourceClaimNamesOf(pod.pod);
  if (names.length < (pod.pod.spec.resourceClaims ?? []).length)
    return `pod ${goQuote(pod.key)}: ResourceClaim not created yet`;
  const found: Cached<ResourceClaim>[] = [];
  for (const one of names) {
    const claim = claims.get(`${pod.namespace}/${one}`);
    if (claim === undefined) return `resourceclaim ${goQuote(one)} not found`;
    if (claim.metadata.deletionTimestamp !== undefined) return `resourceclaim ${goQuote(one)} is being deleted`;
    found.push(claim);
  }
  return found;
}

const isAllocatedFor = ({ status }: Cached<ResourceClaim>, pod: PodInfo): boolean =>
  status?.allocation !== undefined && (status.reservedFor ?? []).some(({ uid }) => uid === pod.uid);

function isOn({ status }: Cached<ResourceClaim>, node: NodeInfo): boolean {
  const selector = status?.allocation?.nodeSelector;
  return selector === undefined || selector.nodeSelectorTerms.some((term) => matchesTerm(term, node));
}
