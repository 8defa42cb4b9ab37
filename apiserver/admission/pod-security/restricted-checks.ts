/** The controls of the level `restricted`, on top of those of `baseline`: what a careful author of a pod says anyway. */

import type { Volume } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import { procMount, seccompProfile } from './baseline-checks.ts';
import {
  type Check,
  type CheckedPod,
  type CheckPod,
  containers,
  containersWhere,
  exceptOnWindows,
  exceptWithOwnUsers,
  plural,
  quoted,
  settersOf,
  sorted,
} from './check.ts';

const allowPrivilegeEscalation: CheckPod = (pod) => {
  const names = containersWhere(pod, ({ securityContext }) => securityContext?.allowPrivilegeEscalation !== false);
  if (names.length === 0) return undefined;
  return {
    reason: 'allowPrivilegeEscalation != false',
    detail: `${containers(names)} must set securityContext.allowPrivilegeEscalation=false`,
  };
};

const capabilities: CheckPod = (pod) => {
  const keeping = containersWhere(
    pod,
    ({ securityContext }) => !(securityContext?.capabilities?.drop ?? []).includes('ALL'),
  );
  const added = new Set<string>();
  const adding = containersWhere(pod, ({ securityContext }) => {
    const bad = (securityContext?.capabilities?.add ?? []).filter((one) => one !== 'NET_BIND_SERVICE');
    for (const one of bad) added.add(one);
    return bad.length > 0;
  });
  const details = [
    ...(keeping.length > 0 ? [`${containers(keeping)} must set securityContext.capabilities.drop=["ALL"]`] : []),
    ...(adding.length > 0
      ? [`${containers(adding)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`]
      : []),
  ];
  return details.length === 0 ? undefined : { reason: 'unrestricted capabilities', detail: details.join('; ') };
};

const allowedVolumes = [
  ...(['configMap', 'csi', 'downwardAPI', 'emptyDir', 'ephemeral', 'image'] as const),
  ...(['persistentVolumeClaim', 'projected', 'secret'] as const),
];

/** Others are used by way of a PersistentVolume. In the order in which upstream looks for them. */
const otherVolumes = [
  ...(['hostPath', 'gcePersistentDisk', 'awsElasticBlockStore', 'gitRepo', 'nfs', 'iscsi', 'glusterfs'] as const),
  ...(['rbd', 'flexVolume', 'cinder', 'cephfs', 'flocker', 'fc', 'azureFile', 'vsphereVolume', 'quobyte'] as const),
  ...(['azureDisk', 'portworxVolume', 'scaleIO', 'storageos', 'photonPersistentDisk'] as const),
];

const restrictedVolumes: CheckPod = ({ spec }) => {
  const bad = (spec.volumes ?? []).filter((volume) => !allowedVolumes.some((type) => volume[type] !== undefined));
  if (bad.length === 0) return undefined;
  const types = sorted(bad.map(typeOfVolume));
  const names = `${plural('volume', 'volumes', bad.length)} ${quoted(bad.map(({ name }) => name))}`;
  const use = plural('uses', 'use', bad.length);
  const what = plural('restricted volume type', 'restricted volume types', types.length);
  return { reason: 'restricted volume types', detail: `${names} ${use} ${what} ${quoted(types)}` };
};

const typeOfVolume = (volume: DeepReadonly<Volume>): string =>
  otherVolumes.find((type) => volume[type] !== undefined) ?? 'unknown';

const runAsNonRoot: CheckPod = (pod) => {
  const reason = 'runAsNonRoot != true';
  const setters = settersOf(pod, (settings) => settings.runAsNonRoot === false);
  if (setters.length > 0) {
    return { reason, detail: `${setters.join(' and ')} must not set securityContext.runAsNonRoot=false` };
  }
  const names = containersWithout(pod, 'runAsNonRoot');
  if (names.length === 0) return undefined;
  return { reason, detail: `pod or ${containers(names)} must set securityContext.runAsNonRoot=true` };
};

/** Those for which neither they nor their pod say anything. */
const containersWithout = (pod: CheckedPod, setting: 'runAsNonRoot' | 'seccompProfile'): readonly string[] =>
  pod.spec.securityContext?.[setting] === undefined
    ? containersWhere(pod, ({ securityContext }) => securityContext?.[setting] === undefined)
    : [];

const runAsUser: CheckPod = (pod) => {
  const setters = settersOf(pod, (settings) => settings.runAsUser === 0);
  if (setters.length === 0) return undefined;
  return { reason: 'runAsUser=0', detail: `${setters.join(' and ')} must not set runAsUser=0` };
};

const seccompProfileSet: CheckPod = (pod) => {
  const bad = seccompProfile(pod);
  if (bad !== undefined) return bad;
  const names = containersWithout(pod, 'seccompProfile');
  if (names.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `pod or ${containers(names)} must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost"`,
  };
};

const level = 'restricted';

export const restrictedChecks: readonly Check[] = [
  {
    ...{ id: 'allowPrivilegeEscalation', level },
    versions: [
      [8, allowPrivilegeEscalation],
      [25, exceptOnWindows(allowPrivilegeEscalation)],
    ],
  },
  {
    ...{ id: 'capabilities_restricted', level, overrides: ['capabilities_baseline'] },
    versions: [
      [22, capabilities],
      [25, exceptOnWindows(capabilities)],
    ],
  },
  { id: 'procMount_restricted', level, overrides: ['procMount_baseline'], versions: [[35, procMount]] },
  { id: 'restrictedVolumes', level, overrides: ['hostPathVolumes'], versions: [[0, restrictedVolumes]] },
  {
    ...{ id: 'runAsNonRoot', level },
    versions: [
      [0, runAsNonRoot],
      [35, exceptWithOwnUsers(runAsNonRoot)],
    ],
  },
  {
    ...{ id: 'runAsUser', level },
    versions: [
      [23, runAsUser],
      [35, exceptWithOwnUsers(runAsUser)],
    ],
  },
  {
    ...{ id: 'seccompProfile_restricted', level, overrides: ['seccompProfile_baseline'] },
    versions: [
      [19, seccompProfileSet],
      [25, exceptOnWindows(seccompProfileSet)],
    ],
  },
];
