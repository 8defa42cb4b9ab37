import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container, PodSpec, SecurityContext, Volume } from '../../../api/types/core/v1.ts';
import { baselineChecks } from './baseline-checks.ts';
import type { CheckedPod } from './check.ts';
import { detailsOf, evaluatePod, reasonsOf } from './evaluate.ts';
import { type Level, type PolicyVersion, parseVersion } from './level.ts';
import { restrictedChecks } from './restricted-checks.ts';

type Pod = { readonly annotations: Record<string, string>; readonly spec: PodSpec };

/** The least that each level takes, of one container `c`. */
const least: Readonly<Record<'baseline' | 'restricted', () => Pod>> = {
  baseline: () => ({ annotations: {}, spec: { containers: [{ name: 'c', image: 'i' }] } }),
  restricted: () => ({
    annotations: {},
    spec: {
      securityContext: { runAsNonRoot: true, seccompProfile: { type: 'RuntimeDefault' } },
      containers: [
        {
          name: 'c',
          image: 'i',
          securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } },
        },
      ],
    },
  }),
};

type Change = (pod: Pod) => unknown;

const onPod =
  (settings: NonNullable<PodSpec['securityContext']>): Change =>
  ({ spec }) => {
    spec.securityContext = { ...spec.securityContext, ...settings };
  };
/** Of the one container. */
const onContainer =
  (settings: SecurityContext): Change =>
  ({ spec: { containers } }) => {
    for (const container of containers) container.securityContext = { ...container.securityContext, ...settings };
  };
const withSpec =
  (fields: Partial<PodSpec>): Change =>
  ({ spec }) =>
    Object.assign(spec, fields);
const withContainer =
  (fields: Partial<Container>): Change =>
  ({ spec: { containers } }) =>
    Object.assign(containers[0] ?? {}, fields);
const annotated =
  (annotations: Record<string, string>): Change =>
  (pod) =>
    Object.assign(pod.annotations, annotations);
const both =
  (...changes: readonly Change[]): Change =>
  (pod) => {
    for (const change of changes) change(pod);
  };
const volume = (fields: Partial<Volume>): Change => withSpec({ volumes: [{ name: 'v', ...fields }] });
const sysctl = (name: string): Change => onPod({ sysctls: [{ name, value: '1' }] });

interface Case {
  readonly change: Change;
  /** What is said of it; absent: it is allowed. */
  readonly says?: string;
  /** The minor release from which on this is so. Default: from the first. */
  readonly since?: number;
  /** The last one. Default: no end. */
  readonly until?: number;
}

/** By the check that it is about. */
const cases: Readonly<Record<string, readonly Case[]>> = {
  appArmorProfile: [
    { change: onPod({ appArmorProfile: { type: 'RuntimeDefault' } }) },
    { change: onContainer({ appArmorProfile: { type: 'Localhost', localhostProfile: 'x' } }) },
    { change: annotated({ 'container.apparmor.security.beta.kubernetes.io/c': 'localhost/x' }) },
    { change: annotated({ 'container.apparmor.security.beta.kubernetes.io/c': '' }) },
    {
      change: both(
        onPod({ appArmorProfile: { type: 'Unconfined' } }),
        onContainer({ appArmorProfile: { type: 'Odd' } }),
      ),
      says: 'forbidden AppArmor profiles (pod and container "c" must not set AppArmor profile type to "Odd", "Unconfined")',
    },
    {
      change: annotated({ 'container.apparmor.security.beta.kubernetes.io/c': 'unconfined' }),
      says: 'forbidden AppArmor profile (annotation must not set AppArmor profile type to "container.apparmor.security.beta.kubernetes.io/c="unconfined"")',
    },
  ],
  capabilities_baseline: [
    { change: onContainer({ capabilities: { add: ['NET_BIND_SERVICE'], drop: ['ALL'] } }) },
    {
      change: onContainer({ capabilities: { add: ['SYS_TIME', 'NET_RAW'], drop: ['ALL'] } }),
      says: 'non-default capabilities (container "c" must not include "NET_RAW", "SYS_TIME" in securityContext.capabilities.add)',
    },
    {
      change: onContainer({ capabilities: { add: ['CAP_CHOWN'], drop: ['ALL'] } }),
      says: 'non-default capabilities (container "c" must not include "CAP_CHOWN" in securityContext.capabilities.add)',
    },
  ],
  engineSettings: [
    { change: annotated({ 'example.com/init': 'true' }) },
    {
      change: annotated({ 'docker.longshore.dev/runtime': 'runsc', 'docker.longshore.dev/init': 'true' }),
      says: 'settings of the engine (docker.longshore.dev/init, docker.longshore.dev/runtime)',
    },
  ],
  hostNamespaces: [
    { change: withSpec({ hostNetwork: false, hostPID: false, hostIPC: false }) },
    { change: withSpec({ hostPID: true }), says: 'host namespaces (hostPID=true)' },
    {
      change: withSpec({ hostPID: true, hostNetwork: true, hostIPC: true }),
      says: 'host namespaces (hostIPC=true, hostNetwork=true, hostPID=true)',
    },
  ],
  hostPathVolumes: [
    { change: volume({ emptyDir: {} }) },
    { change: volume({ hostPath: { path: '/' } }), says: 'hostPath volumes (volume "v")' },
  ],
  hostPorts: [
    { change: withContainer({ ports: [{ containerPort: 80, hostPort: 0 }] }) },
    {
      change: withContainer({ ports: [{ containerPort: 80, hostPort: 80 }] }),
      says: 'hostPort (container "c" uses hostPort 80)',
    },
    {
      change: withSpec({
        initContainers: [
          { name: 'i', ...safe(), ports: [{ containerPort: 1, hostPort: 9 }] },
          { name: 'j', ...safe(), ports: [{ containerPort: 1, hostPort: 80 }] },
        ],
      }),
      says: 'hostPort (containers "i", "j" use hostPorts 80, 9)',
    },
  ],
  hostProbesAndHostLifecycle: [
    { change: withContainer({ livenessProbe: { tcpSocket: { port: 1 } } }) },
    { change: withContainer({ readinessProbe: { httpGet: { port: 1, host: '' } } }) },
    {
      change: withContainer({
        startupProbe: { httpGet: { port: 1, host: 'b' } },
        lifecycle: { preStop: { tcpSocket: { port: 1, host: 'a' } } },
      }),
      says: 'probe or lifecycle host (container "c" uses probe or lifecycle hosts "a", "b")',
      since: 34,
    },
    {
      change: withContainer({ lifecycle: { postStart: { httpGet: { port: 1, host: '127.0.0.1' } } } }),
      says: 'probe or lifecycle host (container "c" uses probe or lifecycle host "127.0.0.1")',
      since: 34,
    },
  ],
  privileged: [
    { change: onContainer({ privileged: false }) },
    {
      change: onContainer({ privileged: true }),
      says: 'privileged (container "c" must not set securityContext.privileged=true)',
    },
    {
      change: withSpec({
        ephemeralContainers: [{ name: 'e', securityContext: { ...safe().securityContext, privileged: true } }],
      }),
      says: 'privileged (container "e" must not set securityContext.privileged=true)',
    },
  ],
  procMount_baseline: [
    { change: onContainer({ procMount: 'Default' }) },
    {
      change: both(withSpec({ hostUsers: false }), onContainer({ procMount: 'Unmasked' })),
      says: 'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
      until: 34,
    },
    {
      change: onContainer({ procMount: 'Unmasked' }),
      says: 'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    },
  ],
  seLinuxOptions: [
    { change: onPod({ seLinuxOptions: { type: 'container_init_t', level: 's0' } }) },
    {
      change: onContainer({ seLinuxOptions: { type: 'spc_t' } }),
      says: 'seLinuxOptions (container "c" set forbidden securityContext.seLinuxOptions: type "spc_t")',
    },
    {
      change: onPod({ seLinuxOptions: { user: 'u', role: 'r' } }),
      says: 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: user may not be set; role may not be set)',
    },
    {
      change: onPod({ seLinuxOptions: { type: 'container_engine_t' } }),
      says: 'seLinuxOptions (pod set forbidden securityContext.seLinuxOptions: type "container_engine_t")',
      until: 30,
    },
  ],
  seccompProfile_baseline: [
    { change: onContainer({ seccompProfile: { type: 'Localhost', localhostProfile: 'x' } }) },
    { change: annotated({ 'seccomp.security.alpha.kubernetes.io/pod': 'docker/default' }) },
    {
      change: both(onPod({ seccompProfile: { type: 'Unconfined' } }), onContainer({ seccompProfile: { type: 'Odd' } })),
      says: 'seccompProfile (pod and container "c" must not set securityContext.seccompProfile.type to "Odd", "Unconfined")',
      since: 19,
    },
    {
      change: annotated({ 'container.seccomp.security.alpha.kubernetes.io/c': 'unconfined' }),
      says: 'seccompProfile (forbidden annotation container.seccomp.security.alpha.kubernetes.io/c="unconfined")',
      until: 18,
    },
  ],
  sysctls: [
    { change: sysctl('net.ipv4.ip_unprivileged_port_start') },
    { change: sysctl('kernel.msgmax'), says: 'forbidden sysctls (kernel.msgmax)' },
    {
      change: onPod({ sysctls: ['vm.a', 'kernel.b'].map((name) => ({ name, value: '1' })) }),
      says: 'forbidden sysctls (vm.a, kernel.b)',
    },
    {
      ...{ change: sysctl('net.ipv4.ip_local_reserved_ports'), until: 26 },
      says: 'forbidden sysctls (net.ipv4.ip_local_reserved_ports)',
    },
    {
      ...{ change: sysctl('net.ipv4.tcp_fin_timeout'), until: 28 },
      says: 'forbidden sysctls (net.ipv4.tcp_fin_timeout)',
    },
    { ...{ change: sysctl('net.ipv4.tcp_wmem'), until: 31 }, says: 'forbidden sysctls (net.ipv4.tcp_wmem)' },
  ],
  windowsHostProcess: [
    { change: onPod({ windowsOptions: { hostProcess: false } }) },
    {
      change: onPod({ windowsOptions: { hostProcess: true } }),
      says: 'hostProcess (pod must not set securityContext.windowsOptions.hostProcess=true)',
    },
    {
      change: onContainer({ windowsOptions: { hostProcess: true } }),
      says: 'hostProcess (container "c" must not set securityContext.windowsOptions.hostProcess=true)',
    },
  ],
  allowPrivilegeEscalation: [
    { change: onContainer({ allowPrivilegeEscalation: false }) },
    {
      change: onContainer({ allowPrivilegeEscalation: true }),
      says: 'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
      since: 8,
    },
    {
      change: both(withSpec({ os: { name: 'windows' } }), onContainer({ allowPrivilegeEscalation: true })),
      says: 'allowPrivilegeEscalation != false (container "c" must set securityContext.allowPrivilegeEscalation=false)',
      ...{ since: 8, until: 24 },
    },
  ],
  capabilities_restricted: [
    { change: onContainer({ capabilities: { add: ['NET_BIND_SERVICE'], drop: ['KILL', 'ALL'] } }) },
    {
      change: onContainer({ capabilities: { add: ['CHOWN'] } }),
      says: 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"]; container "c" must not include "CHOWN" in securityContext.capabilities.add)',
      since: 22,
    },
    {
      change: both(withSpec({ os: { name: 'windows' } }), onContainer({ capabilities: {} })),
      says: 'unrestricted capabilities (container "c" must set securityContext.capabilities.drop=["ALL"])',
      ...{ since: 22, until: 24 },
    },
  ],
  procMount_restricted: [
    { change: onContainer({ procMount: 'Default' }) },
    {
      change: both(withSpec({ hostUsers: false }), onContainer({ procMount: 'Unmasked' })),
      says: 'procMount (container "c" must not set securityContext.procMount to "Unmasked")',
    },
  ],
  restrictedVolumes: [
    ...(
      [
        { configMap: { name: 'x' } },
        { csi: { driver: 'x' } },
        { downwardAPI: {} },
        { emptyDir: {} },
        { ephemeral: {} },
        { image: { reference: 'x' } },
        { persistentVolumeClaim: { claimName: 'x' } },
        { projected: {} },
        { secret: { secretName: 'x' } },
      ] satisfies Partial<Volume>[]
    ).map((fields) => ({ change: volume(fields) })),
    {
      change: volume({ hostPath: { path: '/' } }),
      says: 'restricted volume types (volume "v" uses restricted volume type "hostPath")',
    },
    {
      change: withSpec({
        volumes: [
          { name: 'b', nfs: { server: 's', path: '/' } },
          { name: 'a', iscsi: { targetPortal: 't', iqn: 'i', lun: 0 } },
          { name: 'n' },
        ],
      }),
      says: 'restricted volume types (volumes "b", "a", "n" use restricted volume types "iscsi", "nfs", "unknown")',
    },
  ],
  runAsNonRoot: [
    {
      change: both(
        ({ spec }) => {
          delete spec.securityContext?.runAsNonRoot;
        },
        onContainer({ runAsNonRoot: true }),
      ),
    },
    {
      change: both(onPod({ runAsNonRoot: false }), onContainer({ runAsNonRoot: false })),
      says: 'runAsNonRoot != true (pod and container "c" must not set securityContext.runAsNonRoot=false)',
    },
    {
      change: onContainer({ runAsNonRoot: false }),
      says: 'runAsNonRoot != true (container "c" must not set securityContext.runAsNonRoot=false)',
    },
    {
      change: ({ spec }) => {
        delete spec.securityContext?.runAsNonRoot;
      },
      says: 'runAsNonRoot != true (pod or container "c" must set securityContext.runAsNonRoot=true)',
    },
    {
      change: both(withSpec({ hostUsers: false }), onPod({ runAsNonRoot: false })),
      says: 'runAsNonRoot != true (pod must not set securityContext.runAsNonRoot=false)',
      until: 34,
    },
  ],
  runAsUser: [
    { change: onContainer({ runAsUser: 1000 }) },
    {
      change: both(onPod({ runAsUser: 0 }), onContainer({ runAsUser: 0 })),
      says: 'runAsUser=0 (pod and container "c" must not set runAsUser=0)',
      since: 23,
    },
    {
      change: both(withSpec({ hostUsers: false }), onPod({ runAsUser: 0 })),
      says: 'runAsUser=0 (pod must not set runAsUser=0)',
      ...{ since: 23, until: 34 },
    },
  ],
  seccompProfile_restricted: [
    {
      change: ({ spec }) => {
        delete spec.securityContext?.seccompProfile;
      },
      says: 'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      since: 19,
    },
    {
      change: ({ spec }) => {
        delete spec.securityContext?.seccompProfile;
        for (const container of spec.containers) {
          container.securityContext = { ...container.securityContext, seccompProfile: { type: 'RuntimeDefault' } };
        }
      },
    },
    {
      change: both(withSpec({ os: { name: 'windows' } }), ({ spec }) => {
        delete spec.securityContext?.seccompProfile;
      }),
      says: 'seccompProfile (pod or container "c" must set securityContext.seccompProfile.type to "RuntimeDefault" or "Localhost")',
      ...{ since: 19, until: 24 },
    },
  ],
};

function safe(): Pick<Container, 'securityContext'> {
  return { securityContext: { allowPrivilegeEscalation: false, capabilities: { drop: ['ALL'] } } };
}

const all = [...baselineChecks, ...restrictedChecks];
const newest = 36;
const everyVersion: readonly PolicyVersion[] = [
  ...Array.from({ length: newest + 1 }, (_, minor) => minor),
  'latest',
  99,
];

const judge = (level: Level, version: PolicyVersion, pod: CheckedPod): string =>
  detailsOf(evaluatePod({ level, version }, pod));

describe('the pod security standards', () => {
  it('have an allowed and a refused pod for each control here', () => {
    for (const { id } of all) {
      assert.ok(
        cases[id]?.some(({ says }) => says !== undefined),
        `nothing is refused by ${id}`,
      );
      assert.ok(
        cases[id]?.some(({ says }) => says === undefined),
        `nothing is allowed by ${id}`,
      );
    }
    assert.equal(Object.keys(cases).length, all.length);
  });

  it('take the least pod of each level at every version', () => {
    for (const level of ['baseline', 'restricted'] as const) {
      for (const version of everyVersion)
        assert.equal(judge(level, version, least[level]()), '', `${level} ${version}`);
    }
  });

  for (const { id, level, versions } of all) {
    const first = versions[0]?.[0] ?? 0;
    for (const [index, { change, says, since = first, until = Number.POSITIVE_INFINITY }] of (
      cases[id] ?? []
    ).entries()) {
      it(`${level}: ${id}, case ${index + 1}: ${says ?? 'allowed'}`, () => {
        for (const version of everyVersion) {
          const pod = least[level]();
          change(pod);
          const minor = version === 'latest' ? newest : version;
          // Before there is a control of its own, that of the lower level may say something.
          if (minor < first) continue;
          const isSaid = says !== undefined && minor >= since && minor <= until;
          assert.equal(judge(level, version, pod), isSaid ? says : '', `at ${version}`);
          assert.equal(judge('privileged', version, pod), '');
        }
      });
    }
  }

  it('hold pods of `restricted` to `baseline` too, and say nothing twice', () => {
    const pod = least.baseline();
    Object.assign(pod.spec, { hostNetwork: true, volumes: [{ name: 'v', hostPath: { path: '/' } }] });
    onContainer({ privileged: true, capabilities: { add: ['SYS_ADMIN'] }, seccompProfile: { type: 'Unconfined' } })(
      pod,
    );
    assert.equal(
      reasonsOf(evaluatePod({ level: 'restricted', version: 'latest' }, pod)),
      'host namespaces, privileged, allowPrivilegeEscalation != false, unrestricted capabilities, restricted volume types, runAsNonRoot != true, seccompProfile',
    );
    assert.equal(
      reasonsOf(evaluatePod({ level: 'restricted', version: 0 }, pod)),
      'non-default capabilities, host namespaces, privileged, restricted volume types, runAsNonRoot != true',
    );
  });
});

it('reads versions as upstream writes them', () => {
  assert.equal(parseVersion('latest'), 'latest');
  assert.equal(parseVersion('v1.0'), 0);
  assert.equal(parseVersion('v1.35'), 35);
  for (const wrong of [
    '',
    'v1',
    'v1.',
    'v1.01',
    'v2.1',
    '1.2',
    'v1.2.3',
    'Latest',
    'v1.x',
    'v1.99999999999999999999',
  ]) {
    assert.equal(parseVersion(wrong), undefined, wrong);
  }
});
