/** Security contexts of pod and container, merged into what the runtime is told. Pure. */

import type { AppArmorProfile, SELinuxOptions } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ContainerSpec, PodObject } from '../model/pod.ts';
import type { ContainerSecurity, ImageAccounts } from '../runtime/runtime.ts';
import { ContainerConfigError } from './environment.ts';
import { findImageUser } from './image-users.ts';

export interface SecurityInput {
  /** As the image says it. */
  readonly imageUser: string;
  readonly seccompText?: string | undefined;
  /** Where `needsImageAccounts`. */
  readonly accounts?: ImageAccounts | undefined;
}

/**
 * The runtime adds the groups that an image gives a user by itself, unless a group is named: then they have to be named
 * as well, or a group has to be named so that they are not added.
 */
export const needsImageAccounts = ({ spec }: PodObject, { securityContext }: ContainerSpec): boolean =>
  (securityContext?.runAsGroup ?? spec?.securityContext?.runAsGroup) !== undefined ||
  spec?.securityContext?.supplementalGroupsPolicy === 'Strict';

export function computeSecurity(
  pod: PodObject,
  container: ContainerSpec,
  { imageUser, seccompText, accounts }: SecurityInput,
): ContainerSecurity {
  const own = container.securityContext ?? {};
  const shared = pod.spec?.securityContext ?? {};
  const runAsUser = own.runAsUser ?? shared.runAsUser;
  const runAsGroup = own.runAsGroup ?? shared.runAsGroup;
  if (own.runAsNonRoot ?? shared.runAsNonRoot) refuseRoot(runAsUser, imageUser, placeOf(pod, container));
  const isStrict = shared.supplementalGroupsPolicy === 'Strict';
  const found = accounts && findImageUser(accounts, String(runAsUser ?? imageUser.split(':')[0] ?? ''));
  const groups = new Set([
    ...(shared.fsGroup === undefined ? [] : [shared.fsGroup]),
    ...(shared.supplementalGroups ?? []),
    ...(isStrict ? [] : (found?.groups ?? [])),
  ]);
  const group = runAsGroup ?? (isStrict ? found?.gid : undefined);
  const seccompType = (own.seccompProfile ?? shared.seccompProfile)?.type;
  const seccompProfile = seccompType === 'RuntimeDefault' ? 'default' : seccompText;
  const appArmorProfile = computeAppArmorProfile(own.appArmorProfile ?? shared.appArmorProfile);
  return {
    user: computeUser(runAsUser, group, imageUser),
    supplementalGroups: [...groups].map(String),
    privileged: own.privileged ?? false,
    addCapabilities: own.capabilities?.add ?? [],
    dropCapabilities: own.capabilities?.drop ?? [],
    readOnlyRootFilesystem: own.readOnlyRootFilesystem ?? false,
    noNewPrivileges: own.allowPrivilegeEscalation === false,
    ...(seccompProfile !== undefined && { seccompProfile }),
    ...(appArmorProfile !== undefined && { appArmorProfile }),
    unmaskedProc: own.procMount === 'Unmasked',
    seLinuxLabels: computeSeLinuxLabels(own.seLinuxOptions ?? shared.seLinuxOptions),
  };
}

function computeSeLinuxLabels(options: DeepReadonly<SELinuxOptions> = {}): string[] {
  const { user, role, type, level } = options;
  return Object.entries({ user, role, type, level }).flatMap(([name, value]) => (value ? [`${name}:${value}`] : []));
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
