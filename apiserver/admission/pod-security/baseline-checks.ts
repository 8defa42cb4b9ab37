/** The controls of the level `baseline`: what would give a pod its host. */

import { engineAnnotationsOf } from '../../../api/engine-settings.ts';
import { goQuote } from '../../../api/go-text.ts';
import {
  type Check,
  type CheckPod,
  containers,
  containersOf,
  containersWhere,
  exceptWithOwnUsers,
  plural,
  quoted,
  settersOf,
  sorted,
} from './check.ts';

const appArmorAnnotation = 'container.apparmor.security.beta.kubernetes.io/';
const seccompPodAnnotation = 'seccomp.security.alpha.kubernetes.io/pod';
const seccompContainerAnnotation = 'container.seccomp.security.alpha.kubernetes.io/';

/** What a container gets that says nothing. */
const defaultCapabilities: readonly string[] = [
  ...['AUDIT_WRITE', 'CHOWN', 'DAC_OVERRIDE', 'FOWNER', 'FSETID', 'KILL', 'MKNOD', 'NET_BIND_SERVICE', 'SETFCAP'],
  ...['SETGID', 'SETPCAP', 'SETUID', 'SYS_CHROOT'],
];

const sysctlsOf1v0: readonly string[] = [
  'kernel.shm_rmid_forced',
  'net.ipv4.ip_local_port_range',
  'net.ipv4.ip_unprivileged_port_start',
  'net.ipv4.tcp_syncookies',
  'net.ipv4.ping_group_range',
];
const sysctlsOf1v27 = [...sysctlsOf1v0, 'net.ipv4.ip_local_reserved_ports'];
const sysctlsOf1v29 = [
  ...sysctlsOf1v27,
  ...['net.ipv4.tcp_keepalive_time', 'net.ipv4.tcp_fin_timeout', 'net.ipv4.tcp_keepalive_intvl'],
  'net.ipv4.tcp_keepalive_probes',
];
const sysctlsOf1v32 = [...sysctlsOf1v29, 'net.ipv4.tcp_rmem', 'net.ipv4.tcp_wmem'];

const seLinuxTypesOf1v0: readonly string[] = ['', 'container_t', 'container_init_t', 'container_kvm_t'];
const seLinuxTypesOf1v31 = [...seLinuxTypesOf1v0, 'container_engine_t'];

const safeProfiles: readonly string[] = ['RuntimeDefault', 'Localhost'];

const appArmorProfile: CheckPod = (pod) => {
  const values = new Set<string>();
  const setters = settersOf(pod, ({ appArmorProfile }) => {
    if (appArmorProfile === undefined || safeProfiles.includes(appArmorProfile.type)) return false;
    values.add(appArmorProfile.type);
    return true;
  });
  const annotations = Object.entries(pod.annotations)
    .filter(([key, value]) => key.startsWith(appArmorAnnotation) && !isSafeAppArmorAnnotation(value))
    .map(([key, value]) => `${key}=${goQuote(value)}`);
  if (setters.length === 0 && annotations.length === 0) return undefined;
  const all = [...sorted(values), ...sorted(annotations)];
  const who = [
    ...setters,
    ...(annotations.length > 0 ? [plural('annotation', 'annotations', annotations.length)] : []),
  ];
  return {
    reason: plural('forbidden AppArmor profile', 'forbidden AppArmor profiles', all.length),
    detail: `${who.join(' and ')} must not set AppArmor profile type to ${quoted(all)}`,
  };
};

const isSafeAppArmorAnnotation = (profile: string): boolean =>
  profile === '' || profile === 'runtime/default' || profile.startsWith('localhost/');

const capabilities: CheckPod = (pod) => {
  const added = new Set<string>();
  const names = containersWhere(pod, ({ securityContext }) => {
    const bad = (securityContext?.capabilities?.add ?? []).filter((one) => !defaultCapabilities.includes(one));
    for (const one of bad) added.add(one);
    return bad.length > 0;
  });
  if (names.length === 0) return undefined;
  return {
    reason: 'non-default capabilities',
    detail: `${containers(names)} must not include ${quoted(sorted(added))} in securityContext.capabilities.add`,
  };
};

const hostNamespaces: CheckPod = ({ spec }) => {
  const shared = (['hostIPC', 'hostNetwork', 'hostPID'] as const).filter((name) => spec[name]);
  if (shared.length === 0) return undefined;
  return { reason: 'host namespaces', detail: shared.map((name) => `${name}=true`).join(', ') };
};

const hostPathVolumes: CheckPod = ({ spec }) => {
  const names = (spec.volumes ?? []).filter(({ hostPath }) => hostPath !== undefined).map(({ name }) => name);
  if (names.length === 0) return undefined;
  return { reason: 'hostPath volumes', detail: `${plural('volume', 'volumes', names.length)} ${quoted(names)}` };
};

const hostPorts: CheckPod = (pod) => {
  const ports = new Set<string>();
  const names = containersWhere(pod, (container) => {
    const bad = (container.ports ?? []).filter(({ hostPort }) => hostPort !== undefined && hostPort !== 0);
    for (const { hostPort } of bad) ports.add(String(hostPort));
    return bad.length > 0;
  });
  if (names.length === 0) return undefined;
  const use = `${plural('uses', 'use', names.length)} ${plural('hostPort', 'hostPorts', ports.size)}`;
  return { reason: 'hostPort', detail: `${containers(names)} ${use} ${sorted(ports).join(', ')}` };
};

/** Who probes is the kubelet: the pod says where, and learns what stands there. */
const probedHosts: CheckPod = (pod) => {
  const hosts = new Set<string>();
  const names = containersWhere(pod, ({ livenessProbe, readinessProbe, startupProbe, lifecycle }) => {
    const handlers = [livenessProbe, readinessProbe, startupProbe, lifecycle?.postStart, lifecycle?.preStop];
    const bad = handlers
      .flatMap((handler) => [handler?.httpGet?.host, handler?.tcpSocket?.host])
      .filter((host): host is string => host !== undefined && host !== '');
    for (const host of bad) hosts.add(host);
    return bad.length > 0;
  });
  if (names.length === 0) return undefined;
  const use = plural('uses', 'use', names.length);
  const what = plural('probe or lifecycle host', 'probe or lifecycle hosts', hosts.size);
  return {
    reason: 'probe or lifecycle host',
    detail: `${containers(names)} ${use} ${what} ${quoted(sorted(hosts))}`,
  };
};

const privileged: CheckPod = (pod) => {
  const names = containersWhere(pod, ({ securityContext }) => securityContext?.privileged === true);
  if (names.length === 0) return undefined;
  return { reason: 'privileged', detail: `${containers(names)} must not set securityContext.privileged=true` };
};

export const procMount: CheckPod = (pod) => {
  const mounts = new Set<string>();
  const names = containersWhere(pod, ({ securityContext }) => {
    const mount = securityContext?.procMount;
    if (mount === undefined || mount === 'Default') return false;
    mounts.add(mount);
    return true;
  });
  if (names.length === 0) return undefined;
  return {
    reason: 'procMount',
    detail: `${containers(names)} must not set securityContext.procMount to ${quoted(sorted(mounts))}`,
  };
};

const seLinuxOptions =
  (allowedTypes: readonly string[]): CheckPod =>
  (pod) => {
    const types = new Set<string>();
    let setsUser = false;
    let setsRole = false;
    const setters = settersOf(pod, ({ seLinuxOptions }) => {
      const { type = '', user = '', role = '' } = seLinuxOptions ?? {};
      if (!allowedTypes.includes(type)) types.add(type);
      setsUser ||= user !== '';
      setsRole ||= role !== '';
      return !allowedTypes.includes(type) || user !== '' || role !== '';
    });
    if (setters.length === 0) return undefined;
    const what = [
      ...(types.size > 0 ? [`${plural('type', 'types', types.size)} ${quoted(sorted(types))}`] : []),
      ...(setsUser ? ['user may not be set'] : []),
      ...(setsRole ? ['role may not be set'] : []),
    ];
    const detail = `${setters.join(' and ')} set forbidden securityContext.seLinuxOptions: ${what.join('; ')}`;
    return { reason: 'seLinuxOptions', detail };
  };

/** Before there was a field for it. */
const seccompAnnotations: CheckPod = (pod) => {
  const keys = [seccompPodAnnotation];
  for (const { name } of containersOf(pod)) keys.push(seccompContainerAnnotation + name);
  const bad = sorted(
    keys.flatMap((key) => {
      const value = pod.annotations[key];
      return value === undefined || isSafeSeccompAnnotation(value) ? [] : [`${key}=${goQuote(value)}`];
    }),
  );
  if (bad.length === 0) return undefined;
  const what = plural('annotation', 'annotations', bad.length);
  return { reason: 'seccompProfile', detail: `forbidden ${what} ${bad.join(', ')}` };
};

const isSafeSeccompAnnotation = (profile: string): boolean =>
  profile === 'runtime/default' || profile === 'docker/default' || profile.startsWith('localhost/');

export const seccompProfile: CheckPod = (pod) => {
  const types = new Set<string>();
  const setters = settersOf(pod, ({ seccompProfile }) => {
    if (seccompProfile === undefined || safeProfiles.includes(seccompProfile.type)) return false;
    types.add(seccompProfile.type);
    return true;
  });
  if (setters.length === 0) return undefined;
  return {
    reason: 'seccompProfile',
    detail: `${setters.join(' and ')} must not set securityContext.seccompProfile.type to ${quoted(sorted(types))}`,
  };
};

const sysctls =
  (allowed: readonly string[]): CheckPod =>
  ({ spec }) => {
    const names = (spec.securityContext?.sysctls ?? [])
      .map(({ name }) => name)
      .filter((name) => !allowed.includes(name));
    return names.length === 0 ? undefined : { reason: 'forbidden sysctls', detail: names.join(', ') };
  };

/** Ours: an engine has no bounds of its own for what a pod asks of it. */
const engineSettings: CheckPod = ({ annotations }) => {
  const keys = engineAnnotationsOf(annotations).map(([key]) => key);
  return keys.length === 0 ? undefined : { reason: 'settings of the engine', detail: keys.join(', ') };
};

const windowsHostProcess: CheckPod = (pod) => {
  const setters = settersOf(pod, ({ windowsOptions }) => windowsOptions?.hostProcess === true);
  if (setters.length === 0) return undefined;
  return {
    reason: 'hostProcess',
    detail: `${setters.join(' and ')} must not set securityContext.windowsOptions.hostProcess=true`,
  };
};

const level = 'baseline';

export const baselineChecks: readonly Check[] = [
  { id: 'appArmorProfile', level, versions: [[0, appArmorProfile]] },
  { id: 'capabilities_baseline', level, versions: [[0, capabilities]] },
  { id: 'engineSettings', level, versions: [[0, engineSettings]] },
  { id: 'hostNamespaces', level, versions: [[0, hostNamespaces]] },
  { id: 'hostPathVolumes', level, versions: [[0, hostPathVolumes]] },
  { id: 'hostPorts', level, versions: [[0, hostPorts]] },
  { id: 'hostProbesAndHostLifecycle', level, versions: [[34, probedHosts]] },
  { id: 'privileged', level, versions: [[0, privileged]] },
  {
    ...{ id: 'procMount_baseline', level },
    versions: [
      [0, procMount],
      [35, exceptWithOwnUsers(procMount)],
    ],
  },
  {
    ...{ id: 'seLinuxOptions', level },
    versions: [
      [0, seLinuxOptions(seLinuxTypesOf1v0)],
      [31, seLinuxOptions(seLinuxTypesOf1v31)],
    ],
  },
  {
    ...{ id: 'seccompProfile_baseline', level },
    versions: [
      [0, seccompAnnotations],
      [19, seccompProfile],
    ],
  },
  {
    ...{ id: 'sysctls', level },
    versions: [
      [0, sysctls(sysctlsOf1v0)],
      [27, sysctls(sysctlsOf1v27)],
      [29, sysctls(sysctlsOf1v29)],
      [32, sysctls(sysctlsOf1v32)],
    ],
  },
  { id: 'windowsHostProcess', level, versions: [[0, windowsHostProcess]] },
];
