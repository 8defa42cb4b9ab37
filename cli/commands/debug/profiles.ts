/** What a debugging container may do: the profiles of kubectl. Pure. */

import type { PodSpec, SecurityContext } from '../../../api/types/core/v1.ts';

export type Profile = 'legacy' | 'general' | 'baseline' | 'restricted' | 'netadmin' | 'sysadmin';

const adding = (...add: string[]): SecurityContext => ({ capabilities: { add } });

/** Of a container that is added to a pod or to its copy. */
export const securityContexts: Readonly<Record<Profile, SecurityContext | undefined>> = {
  legacy: undefined,
  general: adding('SYS_PTRACE'),
  baseline: undefined,
  restricted: {
    allowPrivilegeEscalation: false,
    capabilities: { drop: ['ALL'] },
    runAsNonRoot: true,
    seccompProfile: { type: 'RuntimeDefault' },
  },
  netadmin: adding('NET_ADMIN', 'NET_RAW'),
  sysadmin: { privileged: true },
};

export const isProfile = (text: string): text is Profile => Object.hasOwn(securityContexts, text);

/** Of the container of a pod that is made on a node. */
export const nodeSecurityContexts: typeof securityContexts = { ...securityContexts, general: undefined };

/** Copies whose containers see each other's processes unless it is said otherwise. */
export const sharesProcesses = (profile: Profile): boolean => profile !== 'restricted';

const hostNamespaces: Partial<PodSpec> = { hostNetwork: true, hostPID: true, hostIPC: true };

/** What a pod on a node has of the node. */
export const nodeAccess = (profile: Profile): Partial<PodSpec> =>
  profile === 'baseline' || profile === 'restricted' ? {} : hostNamespaces;

/** Whether the node's files are at `/host`. */
export const seesNodeFiles = (profile: Profile): boolean => ['legacy', 'general', 'sysadmin'].includes(profile);
