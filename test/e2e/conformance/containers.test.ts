/** What the conformance suite asks of containers that run to their end: commands, environment, messages, users, init. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { at, type Json } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, podsOf, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
});
after(() => world.stop());

let count = 0;
const nextName = (): string => {
  count += 1;
  return `pod-${count}`;
};

/** What the container has written when it is over, well. */
async function outputOf(pod: Json): Promise<string> {
  const { pod: ended, log } = await world.runPod(namespace, pod);
  assert.equal(at(ended, 'status.phase'), 'Succeeded', log);
  return log;
}

/** `env` itself: a shell would not pass every name on. */
const withContainer = (container: Json, spec: Json = {}): Json =>
  scriptPod(nextName(), '', { container: { command: ['env'], ...container }, spec });
const environmentOf = async (container: Json, spec: Json = {}): Promise<string[]> =>
  (await outputOf(withContainer(container, spec))).split('\n');

function includesAll(lines: readonly string[], wanted: readonly string[]): void {
  for (const line of wanted) assert.ok(lines.includes(line), `${line} in:\n${lines.join('\n')}`);
}

// The image's entry point is `/bin/echo entrypoint`, its command `default arguments`.
for (const [title, container, output] of [
  [
    '[sig-node] Containers should use the image defaults if command and args are blank [NodeConformance] [Conformance]',
    {},
    'entrypoint default arguments\n',
  ],
  [
    "[sig-node] Containers should be able to override the image's default arguments (container cmd) [NodeConformance] [Conformance]",
    { args: ['override', 'arguments'] },
    'entrypoint override arguments\n',
  ],
  [
    "[sig-node] Containers should be able to override the image's default command (container entrypoint) [NodeConformance] [Conformance]",
    { command: ['/bin/echo', 'another'] },
    'another\n',
  ],
  [
    "[sig-node] Containers should be able to override the image's default command and arguments [NodeConformance] [Conformance]",
    { command: ['/bin/echo', 'another'], args: ['override', 'arguments'] },
    'another override arguments\n',
  ],
] as const) {
  it(title, async () => {
    const plain = scriptPod(nextName(), '');
    const [first] = at(plain, 'spec.containers') as Json[];
    const { command: _, ...withoutCommand } = first as Json;
    const containers = [{ ...withoutCommand, ...container }];
    assert.equal(await outputOf({ ...plain, spec: { ...(plain.spec as Json), containers } }), output);
  });
}

const base64 = (text: string): string => Buffer.from(text).toString('base64');

/** A ConfigMap and a Secret of this name with the same content. */
async function sources(name: string, data: Readonly<Record<string, string>>): Promise<void> {
  const root = `/api/v1/namespaces/${namespace}`;
  const encoded = Object.fromEntries(Object.entries(data).map(([key, value]) => [key, base64(value)]));
  await world.post(`${root}/configmaps`, { metadata: { name }, data });
  await world.post(`${root}/secrets`, { metadata: { name }, data: encoded });
}

for (const [title, name, reference] of [
  [
    '[sig-node] ConfigMap should be consumable via environment variable [NodeConformance] [Conformance]',
    'one-config',
    'configMapKeyRef',
  ],
  [
    '[sig-node] Secrets should be consumable from pods in env vars [NodeConformance] [Conformance]',
    'one-secret',
    'secretKeyRef',
  ],
] as const) {
  it(title, async () => {
    await sources(name, { 'data-1': 'value-1' });
    const env = [{ name: 'DATA_1', valueFrom: { [reference]: { name, key: 'data-1' } } }];
    includesAll(await environmentOf({ env }), ['DATA_1=value-1']);
  });
}

for (const [title, name, reference] of [
  [
    '[sig-node] ConfigMap should be consumable via the environment [NodeConformance] [Conformance]',
    'all-config',
    'configMapRef',
  ],
  [
    '[sig-node] Secrets should be consumable via the environment [NodeConformance] [Conformance]',
    'all-secret',
    'secretRef',
  ],
] as const) {
  it(title, async () => {
    await sources(name, { data_1: 'value-1', data_2: 'value-2' });
    const envFrom = [{ [reference]: { name } }, { prefix: 'p_', [reference]: { name } }];
    const wanted = ['data_1=value-1', 'data_2=value-2', 'p_data_1=value-1', 'p_data_2=value-2'];
    includesAll(await environmentOf({ envFrom }), wanted);
  });
}

for (const [title, name, reference] of [
  [
    '[sig-node] ConfigMap should be consumable as environment variable names with various prefixes [Conformance]',
    'prefixed-config',
    'configMapRef',
  ],
  [
    '[sig-node] Secrets should be consumable as environment variable names variable names with various prefixes [Conformance]',
    'prefixed-secret',
    'secretRef',
  ],
] as const) {
  it(title, async () => {
    await sources(name, { data_1: 'value-1' });
    const prefixes = ['p-', 'p.', '1p_', '#%@_', 'a b '];
    const envFrom = prefixes.map((prefix) => ({ prefix, [reference]: { name } }));
    includesAll(
      await environmentOf({ envFrom }),
      prefixes.map((prefix) => `${prefix}data_1=value-1`),
    );
  });
}

const fromField = (name: string, fieldPath: string): Json => ({ name, valueFrom: { fieldRef: { fieldPath } } });
const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };
const fromResource = (name: string, resource: string): Json => ({
  name,
  valueFrom: { resourceFieldRef: { resource } },
});

/** What one run of a pod has of itself. */
async function downward(env: readonly Json[], container: Json = {}): Promise<{ lines: string[]; pod: Json }> {
  const { pod, log } = await world.runPod(namespace, withContainer({ env, ...container }));
  return { pod, lines: log.split('\n') };
}

it('[sig-node] Downward API should provide pod name, namespace and IP address as env vars [NodeConformance] [Conformance]', async () => {
  const { lines, pod } = await downward([
    fromField('POD_NAME', 'metadata.name'),
    fromField('POD_NAMESPACE', 'metadata.namespace'),
    fromField('POD_IP', 'status.podIP'),
  ]);
  includesAll(lines, [`POD_NAME=${at(pod, 'metadata.name')}`, `POD_NAMESPACE=${namespace}`]);
  assert.match(lines.find((line) => line.startsWith('POD_IP=')) ?? '', /^POD_IP=10\.244\.\d+\.\d+$/);
});

it('[sig-node] Downward API should provide host IP as an env var [NodeConformance] [Conformance]', async () => {
  const { lines, pod } = await downward([fromField('HOST_IP', 'status.hostIP')]);
  includesAll(lines, [`HOST_IP=${at(pod, 'status.hostIP')}`]);
});

it('[sig-node] Downward API should provide hostIPs as an env var [NodeConformance] [Conformance]', async () => {
  const { lines, pod } = await downward([fromField('HOST_IPS', 'status.hostIPs')]);
  const all = (at(pod, 'status.hostIPs') as Json[]).map(({ ip }) => ip);
  assert.ok(all.length > 0);
  includesAll(lines, [`HOST_IPS=${all.join(',')}`]);
});

it('[sig-node] Downward API should provide pod UID as env vars [NodeConformance] [Conformance]', async () => {
  const { lines, pod } = await downward([fromField('POD_UID', 'metadata.uid')]);
  includesAll(lines, [`POD_UID=${at(pod, 'metadata.uid')}`]);
});

const resourceFields = [
  fromResource('CPU_LIMIT', 'limits.cpu'),
  fromResource('MEMORY_LIMIT', 'limits.memory'),
  fromResource('CPU_REQUEST', 'requests.cpu'),
  fromResource('MEMORY_REQUEST', 'requests.memory'),
];

it("[sig-node] Downward API should provide container's limits.cpu/memory and requests.cpu/memory as env vars [NodeConformance] [Conformance]", async () => {
  const { lines } = await downward(resourceFields, { resources });
  includesAll(lines, ['CPU_LIMIT=2', 'MEMORY_LIMIT=67108864', 'CPU_REQUEST=1', 'MEMORY_REQUEST=33554432']);
});

it('[sig-node] Downward API should provide default limits.cpu/memory from node allocatable [NodeConformance] [Conformance]', async () => {
  const { lines, pod } = await downward(resourceFields.slice(0, 2));
  const { status } = await world.get(`/api/v1/nodes/${at(pod, 'spec.nodeName')}`);
  const memory = String(at(status, 'allocatable.memory'));
  assert.match(memory, /^\d+Ki$/);
  includesAll(lines, [
    `CPU_LIMIT=${at(status, 'allocatable.cpu')}`,
    `MEMORY_LIMIT=${Number.parseInt(memory, 10) * 1024}`,
  ]);
});

it('[sig-node] Variable Expansion should allow composing env vars into new env vars [NodeConformance] [Conformance]', async () => {
  const env = [
    { name: 'FOO', value: 'foo-value' },
    { name: 'BAR', value: 'bar-value' },
    { name: 'FOOBAR', value: '$(FOO);;$(BAR)' },
  ];
  includesAll(await environmentOf({ env }), ['FOO=foo-value', 'BAR=bar-value', 'FOOBAR=foo-value;;bar-value']);
});

const testVariable = [{ name: 'TEST_VAR', value: 'test-value' }];

it("[sig-node] Variable Expansion should allow substituting values in a container's command [NodeConformance] [Conformance]", async () => {
  const command = ['sh', '-c', 'TEST_VAR=wrong echo "$(TEST_VAR)"'];
  assert.equal(await outputOf(withContainer({ command, env: testVariable })), 'test-value\n');
});

it("[sig-node] Variable Expansion should allow substituting values in a container's args [NodeConformance] [Conformance]", async () => {
  const container = { command: ['sh', '-c'], args: ['TEST_VAR=wrong echo "$(TEST_VAR)"'], env: testVariable };
  assert.equal(await outputOf(withContainer(container)), 'test-value\n');
});

/** The message that a container leaves behind. */
async function lastWords(script: string, container: Json, exitCode = 0): Promise<unknown> {
  const { pod } = await world.runPod(namespace, scriptPod(nextName(), script, { container }));
  const { terminated } = at(pod, 'status.containerStatuses.0.state') as Json;
  assert.equal(at(terminated, 'exitCode'), exitCode);
  return at(terminated, 'message');
}

it('[sig-node] Container Runtime blackbox test on terminated container should report termination message if TerminationMessagePath is set as non-root user and at a non-default path [NodeConformance] [Conformance]', async () => {
  const container = { terminationMessagePath: '/dev/termination-custom-log', securityContext: { runAsUser: 1000 } };
  assert.equal(await lastWords('printf DONE > /dev/termination-custom-log', container), 'DONE');
});

const fallback = { terminationMessagePolicy: 'FallbackToLogsOnError' };

it('[sig-node] Container Runtime blackbox test on terminated container should report termination message from log output if TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  assert.equal(await lastWords('printf DONE; exit 1', fallback, 1), 'DONE');
});

it('[sig-node] Container Runtime blackbox test on terminated container should report termination message as empty when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  assert.equal(await lastWords('printf DONE', fallback), undefined);
});

it('[sig-node] Container Runtime blackbox test on terminated container should report termination message from file when pod succeeds and TerminationMessagePolicy FallbackToLogsOnError is set [NodeConformance] [Conformance]', async () => {
  assert.equal(await lastWords('printf OK > /dev/termination-log; printf DONE', fallback), 'OK');
});

it('[sig-node] Container Runtime blackbox test when starting a container that exits should run with the expected status [NodeConformance] [Conformance]', async () => {
  // Fails once, then goes on well: a volume remembers.
  const script = 'if [ -e /restart/count ]; then exec sleep 100000; fi; touch /restart/count; exit 1';
  const twice = script.replace('exec sleep 100000', 'exit 0');
  const more = (restartPolicy: string): Json => ({
    spec: { restartPolicy, volumes: [{ name: 'restart', emptyDir: {} }] },
    container: { volumeMounts: [{ name: 'restart', mountPath: '/restart' }] },
  });
  for (const [policy, program, phase, restarts, ready] of [
    ['Always', script, 'Running', 1, true],
    ['OnFailure', twice, 'Succeeded', 1, false],
    ['Never', 'exit 1', 'Failed', 0, false],
  ] as const) {
    const pod = await world.post(podsOf(namespace), scriptPod(nextName(), program, more(policy)));
    await world.until(`${podsOf(namespace)}/${at(pod, 'metadata.name')}`, `${phase} after ${restarts}`, (object) => {
      const [container] = (at(object, 'status.containerStatuses') ?? []) as Json[];
      const isPhase = at(object, 'status.phase') === phase;
      return isPhase && container?.restartCount === restarts && container.ready === ready;
    });
  }
});

const inits = (first: string, second: string): Json => ({
  initContainers: [
    { ...(at(scriptPod('', first), 'spec.containers.0') as Json), name: 'init1' },
    { ...(at(scriptPod('', second), 'spec.containers.0') as Json), name: 'init2' },
  ],
});
const conditionOf = (pod: Json, type: string): unknown =>
  (at(pod, 'status.conditions') as Json[] | undefined)?.find((one) => one.type === type)?.status;

it('[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartNever pod [Conformance]', async () => {
  const { pod } = await world.runPod(namespace, scriptPod(nextName(), 'true', { spec: inits('true', 'true') }));
  assert.equal(at(pod, 'status.phase'), 'Succeeded');
  assert.equal(conditionOf(pod, 'Initialized'), 'True');
  for (const status of at(pod, 'status.initContainerStatuses') as Json[]) {
    assert.equal(at(status, 'state.terminated.exitCode'), 0);
    assert.equal(status.ready, true);
  }
});

it('[sig-node] InitContainer [NodeConformance] should invoke init containers on a RestartAlways pod [Conformance]', async () => {
  const spec = { ...inits('true', 'true'), restartPolicy: 'Always' };
  const pod = await world.startPod(namespace, scriptPod(nextName(), 'exec sleep 100000', { spec }));
  assert.equal(conditionOf(pod, 'Initialized'), 'True');
  for (const status of at(pod, 'status.initContainerStatuses') as Json[]) {
    assert.equal(at(status, 'state.terminated.exitCode'), 0);
  }
});

it('[sig-node] InitContainer [NodeConformance] should not start app containers if init containers fail on a RestartAlways pod [Conformance]', async () => {
  const spec = { ...inits('exit 1', 'true'), restartPolicy: 'Always' };
  const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'true', { spec }));
  const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  const pod = await world.until(one, 'has tried again', (object) => {
    assert.ok(at(object, 'status.containerStatuses.0.state.running') === undefined);
    return Number(at(object, 'status.initContainerStatuses.0.restartCount') ?? 0) >= 2;
  });
  assert.equal(at(pod, 'status.phase'), 'Pending');
  assert.equal(conditionOf(pod, 'Initialized'), 'False');
  assert.ok(at(pod, 'status.initContainerStatuses.1.state.waiting'));
  assert.ok(at(pod, 'status.containerStatuses.0.state.waiting'));
  await world.delete(one);
});

it('[sig-node] InitContainer [NodeConformance] should not start app containers and fail the pod if init containers fail on a RestartNever pod [Conformance]', async () => {
  const spec = inits('true', 'exit 1');
  const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'true', { spec }));
  const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  const pod = await world.until(one, 'has failed', (object) => at(object, 'status.phase') === 'Failed');
  assert.equal(at(pod, 'status.initContainerStatuses.0.state.terminated.exitCode'), 0);
  assert.equal(at(pod, 'status.initContainerStatuses.1.state.terminated.exitCode'), 1);
  assert.equal(conditionOf(pod, 'Initialized'), 'False');
  assert.ok(at(pod, 'status.containerStatuses.0.state.waiting'));
});

it('[sig-node] Kubelet when scheduling a busybox command in a pod should print the output to logs [NodeConformance] [Conformance]', async () => {
  const log = await outputOf(scriptPod(nextName(), 'echo out; echo "Hello World" >&2'));
  // Two pipes: which is read first is chance.
  assert.deepEqual(log.trim().split('\n').sort(), ['Hello World', 'out']);
});

/** A pod whose command always fails; its path. */
async function failing(): Promise<string> {
  const spec = { restartPolicy: 'Always' };
  const made = await world.post(podsOf(namespace), scriptPod(nextName(), 'exit 1', { spec }));
  return `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
}

it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should have an terminated reason [NodeConformance] [Conformance]', async () => {
  const one = await failing();
  const pod = await world.until(one, 'has ended', (object) =>
    ['state', 'lastState'].some((state) => at(object, `status.containerStatuses.0.${state}.terminated`) !== undefined),
  );
  const { state, lastState } = at(pod, 'status.containerStatuses.0') as Json;
  const { exitCode, reason } = (at(state, 'terminated') ?? at(lastState, 'terminated')) as Json;
  assert.deepEqual([exitCode, reason], [1, 'Error']);
  await world.delete(one);
});

it('[sig-node] Kubelet when scheduling a busybox command that always fails in a pod should be possible to delete [NodeConformance] [Conformance]', async () => {
  const one = await failing();
  await world.delete(one);
  await world.isGone(one);
});

it('[sig-node] Kubelet when scheduling a read only busybox container should not write to root filesystem [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const container = { securityContext: { readOnlyRootFilesystem: true } };
  const script = 'echo test > /file; exec cat /file';
  const { pod, log } = await world.runPod(namespace, scriptPod(nextName(), script, { container }));
  assert.equal(at(pod, 'status.phase'), 'Failed');
  assert.match(log, /\/file: Read-only file system/);
});

it('[sig-node] Kubelet when scheduling an agnhost Pod with hostAliases should write entries to /etc/hosts [NodeConformance] [Conformance]', async () => {
  const spec = { hostAliases: [{ ip: '123.45.67.89', hostnames: ['foo', 'bar'] }] };
  assert.match(await outputOf(scriptPod(nextName(), 'cat /etc/hosts', { spec })), /^123\.45\.67\.89\tfoo\tbar$/m);
});

it('[sig-node] KubeletManagedEtcHosts should test kubelet managed /etc/hosts file [NodeConformance] [Conformance]', async () => {
  const managed = '# Kubernetes-managed hosts file';
  const volumes = [{ name: 'hosts', hostPath: { path: '/etc/hosts', type: 'File' } }];
  const volumeMounts = [{ name: 'hosts', mountPath: '/etc/hosts' }];
  const read = (spec: Json, container: Json = {}) =>
    outputOf(scriptPod(nextName(), 'cat /etc/hosts', { spec, container }));
  assert.ok((await read({})).startsWith(managed));
  assert.doesNotMatch(await read({ volumes }, { volumeMounts }), /managed hosts file/);
  assert.ok(!(await read({ hostNetwork: true })).startsWith(`${managed}.\n`));
});

it('[sig-node] Security Context When creating a container with runAsUser should run the container with uid 65534 [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const container = { securityContext: { runAsUser: 65534 } };
  assert.equal(await outputOf(scriptPod(nextName(), 'id -u', { container })), '65534\n');
});

it('[sig-node] Security Context When creating a pod with privileged should run the container as unprivileged when false [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const container = { securityContext: { privileged: false } };
  const script = 'ip link add dummy0 type dummy || true';
  assert.match(await outputOf(scriptPod(nextName(), script, { container })), /Operation not permitted/);
});

it('[sig-node] Security Context When creating a pod with readOnlyRootFilesystem should run the container with writable rootfs when readOnlyRootFilesystem=false [NodeConformance] [Conformance]', async () => {
  const container = { securityContext: { readOnlyRootFilesystem: false } };
  assert.equal(await outputOf(scriptPod(nextName(), 'touch checkfile && echo done', { container })), 'done\n');
});

it('[sig-node] Security Context when creating containers with AllowPrivilegeEscalation should not allow privilege escalation when false [LinuxOnly] [NodeConformance] [Conformance]', async () => {
  const container = { securityContext: { runAsUser: 1000, allowPrivilegeEscalation: false } };
  const script = 'grep NoNewPrivs /proc/self/status; id -u';
  assert.match(await outputOf(scriptPod(nextName(), script, { container })), /^NoNewPrivs:\t1\n1000\n$/);
});

it('[sig-node] Security Context should support container.SecurityContext.RunAsUser And container.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
  const container = { securityContext: { runAsUser: 1001, runAsGroup: 2002 } };
  assert.match(await outputOf(scriptPod(nextName(), 'id', { container })), /^uid=1001 gid=2002/);
});

it('[sig-node] Security Context should support pod.Spec.SecurityContext.RunAsUser And pod.Spec.SecurityContext.RunAsGroup [LinuxOnly] [Conformance]', async () => {
  const spec = { securityContext: { runAsUser: 1001, runAsGroup: 2002 } };
  assert.match(await outputOf(scriptPod(nextName(), 'id', { spec })), /^uid=1001 gid=2002/);
});

it('[sig-node] Sysctls [LinuxOnly] [NodeConformance] should support sysctls [Environment:NotInUserNS] [Conformance]', async () => {
  const spec = { securityContext: { sysctls: [{ name: 'kernel.shm_rmid_forced', value: '1' }] } };
  const script = 'cat /proc/sys/kernel/shm_rmid_forced';
  assert.equal(await outputOf(scriptPod(nextName(), script, { spec })), '1\n');
});

it('[sig-network] DNS should support configurable pod DNS nameservers [Conformance]', async () => {
  const spec = { dnsPolicy: 'None', dnsConfig: { nameservers: ['1.1.1.1'], searches: ['resolv.conf.local'] } };
  const log = await outputOf(scriptPod(nextName(), 'cat /etc/resolv.conf', { spec }));
  assert.deepEqual(log.trim().split('\n').sort(), ['nameserver 1.1.1.1', 'search resolv.conf.local']);
});

it('[sig-network] DNS should provide /etc/hosts entries for the cluster [Conformance]', async () => {
  const spec = { hostname: 'dns-querier-1', subdomain: 'dns-test-service' };
  const { pod, log } = await world.runPod(namespace, scriptPod(nextName(), 'cat /etc/hosts', { spec }));
  const names = log.split('\n').map((line) => line.split(/\s+/));
  const own = names.find(([address]) => address === at(pod, 'status.podIP'));
  const domain = `dns-test-service.${namespace}.svc.cluster.local`;
  assert.deepEqual(own?.slice(1), [`dns-querier-1.${domain}`, 'dns-querier-1'], log);
});

it('[sig-auth] ServiceAccounts should mount projected service account token [Conformance]', async () => {
  const sources = [
    { serviceAccountToken: { path: 'token', expirationSeconds: 3600, audience: 'oidc-discovery-test' } },
  ];
  const spec = { volumes: [{ name: 'token', projected: { sources } }] };
  const container = { volumeMounts: [{ name: 'token', mountPath: '/test-volume' }] };
  const pod = scriptPod(nextName(), `cat /test-volume/token; echo; exec sleep 100000`, { spec, container });
  const made = await world.startPod(namespace, pod);
  const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  const token = await eventually('the token', async () => (await world.log(one)).trim() || undefined);
  const review = await world.post('/apis/authentication.k8s.io/v1/tokenreviews', {
    apiVersion: 'authentication.k8s.io/v1',
    kind: 'TokenReview',
    spec: { token, audiences: ['oidc-discovery-test'] },
  });
  assert.equal(at(review, 'status.authenticated'), true);
  assert.equal(at(review, 'status.user.username'), `system:serviceaccount:${namespace}:default`);
  const extra = at(review, 'status.user.extra') as Json;
  assert.deepEqual(extra['authentication.kubernetes.io/pod-uid'], [at(made, 'metadata.uid')]);
});
