/** Security contexts of pod and container, merged into what the runtime is told. Pure. */

import type { AppArmorProfile } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import type { ContainerSecurity } from '../runtime/runtime.ts';
import { ContainerConfigError } from './environment.ts';

export function computeSecurity(
  pod: PodObject,
  container: ContainerSpec,
  { imageUser, seccompText }: { readonly imageUser: string; readonly seccompText?: string | undefined },
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot) refuseRoot(runAsUser, imageUser, placeOf(pod, container));
  const groups = [...(shared.fsGroup === undefined ? [] : [shared.fsGroup]), ...(shared.supplementalGroups ?? [])];
  const seccompType = (own.seccompProfile ?? shared.seccompProfile)?.type;
  const seccompProfile = seccompType === 'RuntimeDefault' ? 'default' : seccompText;
  const appArmorProfile = computeAppArmorProfile(own.appArmorProfile ?? shared.appArmorProfile);
  return {
    user: computeUser(runAsUser, runAsGroup, imageUser),
    supplementalGroups: groups.map(String),
    privileged: own.privileged ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    ...(seccompProfile !== undefined && { seccompProfile }),
    ...(appArmorProfile !== undefined && { appArmorProfile }),
    unmaskedProc: own.procMount === 'Unmasked',
  };
}

function computeAppArmorProfile(profile: DeepReadonly<AppArmorProfile> | undefined): string | undefined {
  switch (profile?.type) {
    case 'Unconfined':
      return 'unconfined';
    case 'Localhost':
      return profile.localhostProfile;
    default:
      return undefined;
  }
}

/** The image's user counts without its group, unless the pod says one. */
function computeUser(user: number | undefined, group: number | undefined, imageUser: string): string | undefined {
  const name = user === undefined ? (imageUser.split(':')[0] ?? '') : String(user);
  if (group !== undefined) return `${name === '' ? '0' : name}:${group}`;
  return user === undefined && !imageUser.includes(':') ? undefined : name;
}

const placeOf = ({ metadata }: PodObject, { name }: ContainerSpec): string =>
  ` (pod: "${metadata.name}_${metadata.namespace ?? ''}(${metadata.uid})", container: ${name})`;

function refuseRoot(runAsUser: number | undefined, imageUser: string, place: string): void {
  if (runAsUser === 0) throw new ContainerConfigError(`container's runAsUser breaks non-root policy${place}`);
  if (runAsUser !== undefined) return;
  const name = imageUser.split(':')[0] ?? '';
  if (/^0*$/.test(name))
    throw new ContainerConfigError(`container has runAsNonRoot and image will run as root${place}`);
  if (!/^\d+$/.test(name))
    throw new ContainerConfigError(
      `container has runAsNonRoot and image has non-numeric user (${name}), cannot verify user is non-root${place}`,
    );
}

/** Which profile file of the node is needed; undefined: none. */
export function localSeccompProfile(pod: PodObject, { securityContext }: ContainerSpec): string | undefined {
  const profile = securityContext?.seccompProfile ?? pod.spec?.securityContext?.seccompProfile;
  return profile?.type === 'Localhost' ? profile.localhostProfile : undefined;
}
