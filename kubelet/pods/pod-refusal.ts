/** Why a pod cannot run on this node at all: what it asks for and would silently not have. Pure. */

import { hasPodLevelAmounts } from '../../api/pod-amounts.ts';
import { containersOf, type PodObject } from '../model/pod.ts';
import { type AllowedSysctls, computeSysctlRefusal } from './sysctls.ts';

export interface NodeAbilities {
  readonly allowedSysctls: AllowedSysctls;
  /** Whether the kernel enforces AppArmor profiles. */
  readonly hasAppArmor: boolean;
  /** What a pod asks for as a whole is what it gets: asked when a pod comes. */
  enforcesPodResources(): boolean;
}

/** As the pod's status and an event tell it. */
export interface PodRefusal {
  readonly reason: string;
  readonly message: string;
}

/** Undefined: nothing speaks against the pod. */
export function computePodRefusal(pod: PodObject, abilities: NodeAbilities): PodRefusal | undefined {
  return (
    computeSysctlRefusal(pod, abilities.allowedSysctls) ??
    computeAppArmorRefusal(pod, abilities) ??
    computeUserNamespaceRefusal(pod) ??
    computeResourcesRefusal(pod, abilities)
  );
}

function computeAppArmorRefusal(pod: PodObject, { hasAppArmor }: NodeAbilities): PodRefusal | undefined {
  const shared = pod.spec?.securityContext?.appArmorProfile;
  const profiles = containersOf(pod).map(({ spec }) => spec.securityContext?.appArmorProfile ?? shared);
  if (hasAppArmor || profiles.every((profile) => (profile?.type ?? 'Unconfined') === 'Unconfined')) return undefined;
  return { reason: 'AppArmor', message: 'Cannot enforce AppArmor: AppArmor is not enabled on the host' };
}

/** Docker maps users for a whole engine or not at all: root in such a pod would be root of the node. */
function computeUserNamespaceRefusal({ spec }: PodObject): PodRefusal | undefined {
  if (spec?.hostUsers !== false) return undefined;
  const message = "can't set spec.hostUsers: false, the container runtime does not support user namespaces";
  return { reason: 'UserNamespacesNotSupported', message };
}

function computeResourcesRefusal({ spec }: PodObject, abilities: NodeAbilities): PodRefusal | undefined {
  if (spec === undefined || !hasPodLevelAmounts(spec) || abilities.enforcesPodResources()) return undefined;
  const message = 'the node does not enforce spec.resources, the resources of a pod as a whole: say them by container';
  return { reason: 'PodLevelResourcesNotSupported', message };
}
