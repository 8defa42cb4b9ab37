/** What the conformance suite asks of volumes of the downward API, plain and projected, of empty ones and of paths in them. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { at, type Json } from '../../conformance/api-user.ts';
import { eventually } from '../../support/eventually.ts';
import { ClusterWorld, image, podsOf, scriptPod } from './cluster-world.ts';

let world: ClusterWorld;
let namespace: string;
before(async () => {
  world = await ClusterWorld.start();
  namespace = await world.namespace();
});
after(() => world.stop());

const sleep = 'exec sleep 100000';
let count = 0;
const nextName = (): string => {
  count += 1;
  return `v-${count}`;
};

type Volume = (items: readonly Json[], defaultMode?: number) => Json;
const mode = (defaultMode?: number): Json => (defaultMode === undefined ? {} : { defaultMode });
const downward: Volume = (items, defaultMode) => ({ downwardAPI: { items, ...mode(defaultMode) } });
const projected: Volume = (items, defaultMode) => ({
  projected: { sources: [{ downwardAPI: { items } }], ...mode(defaultMode) },
});

const field = (path: string, fieldPath: string, more: Json = {}): Json => ({ path, fieldRef: { fieldPath }, ...more });
const resource = (path: string, of: string): Json => ({ path, resourceFieldRef: { containerName: 'c', resource: of } });
const volumeMounts = [{ name: 'podinfo', mountPath: '/etc/podinfo' }];

/** What the script writes in a pod that has the volume. */
async function read(volume: Json, script: string, container: Json = {}): Promise<{ pod: Json; log: string }> {
  const spec = { volumes: [{ name: 'podinfo', ...volume }] };
  const name = nextName();
  const outcome = await world.runPod(
    namespace,
    scriptPod(name, script, { spec, container: { volumeMounts, ...container } }),
  );
  assert.equal(at(outcome.pod, 'status.phase'), 'Succeeded', outcome.log);
  return outcome;
}

const podName = field('podname', 'metadata.name');

for (const [title, volume] of [
  ['[sig-storage] Downward API volume should provide podname only [NodeConformance] [Conformance]', downward],
  ['[sig-storage] Projected downwardAPI should provide podname only [NodeConformance] [Conformance]', projected],
] as const) {
  it(title, async () => {
    const { pod, log } = await read(volume([podName]), 'cat /etc/podinfo/podname');
    assert.equal(log, at(pod, 'metadata.name'));
  });
}

const showMode = 'stat -L -c %A /etc/podinfo/podname';

for (const [title, volume] of [
  [
    '[sig-storage] Downward API volume should set DefaultMode on files [LinuxOnly] [NodeConformance] [Conformance]',
    downward([podName], 0o400),
  ],
  [
    '[sig-storage] Projected downwardAPI should set DefaultMode on files [LinuxOnly] [NodeConformance] [Conformance]',
    projected([podName], 0o400),
  ],
  [
    '[sig-storage] Downward API volume should set mode on item file [LinuxOnly] [NodeConformance] [Conformance]',
    downward([field('podname', 'metadata.name', { mode: 0o400 })]),
  ],
  [
    '[sig-storage] Projected downwardAPI should set mode on item file [LinuxOnly] [NodeConformance] [Conformance]',
    projected([field('podname', 'metadata.name', { mode: 0o400 })]),
  ],
] as const) {
  it(title, async () => {
    assert.equal((await read(volume, showMode)).log, '-r--------\n');
  });
}

for (const [title, volume, what] of [
  [
    '[sig-storage] Downward API volume should update labels on modification [NodeConformance] [Conformance]',
    downward,
    'labels',
  ],
  [
    '[sig-storage] Projected downwardAPI should update labels on modification [NodeConformance] [Conformance]',
    projected,
    'labels',
  ],
  [
    '[sig-storage] Downward API volume should update annotations on modification [NodeConformance] [Conformance]',
    downward,
    'annotations',
  ],
  [
    '[sig-storage] Projected downwardAPI should update annotations on modification [NodeConformance] [Conformance]',
    projected,
    'annotations',
  ],
] as const) {
  it(title, async () => {
    const name = nextName();
    const spec = { volumes: [{ name: 'podinfo', ...volume([field(what, `metadata.${what}`)]) }] };
    const pod = scriptPod(name, sleep, { spec, container: { volumeMounts } });
    await world.startPod(namespace, { ...pod, metadata: { name, [what]: { key1: 'value1', key2: 'value2' } } });
    const shown = () => world.exec(namespace, name, `cat /etc/podinfo/${what}`);
    assert.match(await shown(), /key1="value1"\nkey2="value2"/);
    await world.patch(`${podsOf(namespace)}/${name}`, { metadata: { [what]: { key3: 'value3' } } });
    await eventually('the new one', async () => (await shown()).includes('key3="value3"'));
  });
}

const resources = { requests: { cpu: '250m', memory: '32Mi' }, limits: { cpu: '1250m', memory: '64Mi' } };

for (const [title, volume, of, value] of [
  [
    "[sig-storage] Downward API volume should provide container's cpu limit [NodeConformance] [Conformance]",
    downward,
    'limits.cpu',
    '2',
  ],
  [
    "[sig-storage] Downward API volume should provide container's memory limit [NodeConformance] [Conformance]",
    downward,
    'limits.memory',
    '67108864',
  ],
  [
    "[sig-storage] Downward API volume should provide container's cpu request [NodeConformance] [Conformance]",
    downward,
    'requests.cpu',
    '1',
  ],
  [
    "[sig-storage] Downward API volume should provide container's memory request [NodeConformance] [Conformance]",
    downward,
    'requests.memory',
    '33554432',
  ],
  [
    "[sig-storage] Projected downwardAPI should provide container's cpu limit [NodeConformance] [Conformance]",
    projected,
    'limits.cpu',
    '2',
  ],
  [
    "[sig-storage] Projected downwardAPI should provide container's memory limit [NodeConformance] [Conformance]",
    projected,
    'limits.memory',
    '67108864',
  ],
  [
    "[sig-storage] Projected downwardAPI should provide container's cpu request [NodeConformance] [Conformance]",
    projected,
    'requests.cpu',
    '1',
  ],
  [
    "[sig-storage] Projected downwardAPI should provide container's memory request [NodeConformance] [Conformance]",
    projected,
    'requests.memory',
    '33554432',
  ],
] as const) {
  it(title, async () => {
    const { log } = await read(volume([resource('amount', of)]), 'cat /etc/podinfo/amount', { resources });
    assert.equal(log, value);
  });
}

for (const [title, volume, of] of [
  [
    '[sig-storage] Downward API volume should provide node allocatable (cpu) as default cpu limit if the limit is not set [NodeConformance] [Conformance]',
    downward,
    'cpu',
  ],
  [
    '[sig-storage] Downward API volume should provide node allocatable (memory) as default memory limit if the limit is not set [NodeConformance] [Conformance]',
    downward,
    'memory',
  ],
  [
    '[sig-storage] Projected downwardAPI should provide node allocatable (cpu) as default cpu limit if the limit is not set [NodeConformance] [Conformance]',
    projected,
    'cpu',
  ],
  [
    '[sig-storage] Projected downwardAPI should provide node allocatable (memory) as default memory limit if the limit is not set [NodeConformance] [Conformance]',
    projected,
    'memory',
  ],
] as const) {
  it(title, async () => {
    const { pod, log } = await read(volume([resource('amount', `limits.${of}`)]), 'cat /etc/podinfo/amount');
    const { status } = await world.get(`/api/v1/nodes/${at(pod, 'spec.nodeName')}`);
    const allocatable = String(at(status, `allocatable.${of}`));
    const kibibytes = /^(\d+)Ki$/.exec(allocatable)?.[1];
    assert.equal(log, kibibytes === undefined ? allocatable : String(Number(kibibytes) * 1024));
  });
}

const emptyVolume = (medium: string): Json => ({ emptyDir: medium === 'tmpfs' ? { medium: 'Memory' } : {} });

for (const [title, user, mode_, letters, medium] of [
  [
    '[sig-storage] EmptyDir volumes should support (root,0644,default) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0644',
    '-rw-r--r--',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (root,0644,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0644',
    '-rw-r--r--',
    'tmpfs',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (root,0666,default) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0666',
    '-rw-rw-rw-',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (root,0666,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0666',
    '-rw-rw-rw-',
    'tmpfs',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (root,0777,default) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0777',
    '-rwxrwxrwx',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (root,0777,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    0,
    '0777',
    '-rwxrwxrwx',
    'tmpfs',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0644,default) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0644',
    '-rw-r--r--',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0644,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0644',
    '-rw-r--r--',
    'tmpfs',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0666,default) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0666',
    '-rw-rw-rw-',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0666,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0666',
    '-rw-rw-rw-',
    'tmpfs',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0777,default) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0777',
    '-rwxrwxrwx',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes should support (non-root,0777,tmpfs) [LinuxOnly] [NodeConformance] [Conformance]',
    1001,
    '0777',
    '-rwxrwxrwx',
    'tmpfs',
  ],
] as const) {
  it(title, async () => {
    const file = '/etc/podinfo/test-file';
    const script = `echo content > ${file} && chmod ${mode_} ${file} && stat -c '%A %u' ${file} && cat ${file}; ${mountType}`;
    const { log } = await read(emptyVolume(medium), script, { securityContext: { runAsUser: user } });
    const [stated, content, type] = log.split('\n');
    assert.deepEqual([stated, content], [`${letters} ${user}`, 'content']);
    assert.equal(type === 'tmpfs', medium === 'tmpfs', type);
  });
}

const mountType = "grep ' /etc/podinfo ' /proc/mounts | cut -d' ' -f3";

for (const [title, medium] of [
  [
    '[sig-storage] EmptyDir volumes volume on default medium should have the correct mode [LinuxOnly] [NodeConformance] [Conformance]',
    'default',
  ],
  [
    '[sig-storage] EmptyDir volumes volume on tmpfs should have the correct mode [LinuxOnly] [NodeConformance] [Conformance]',
    'tmpfs',
  ],
] as const) {
  it(title, async () => {
    const { log } = await read(emptyVolume(medium), `stat -c %A /etc/podinfo; ${mountType}`);
    const [stated, type] = log.split('\n');
    // A tmpfs has the sticky bit, upstream too.
    assert.equal(stated, medium === 'tmpfs' ? 'drwxrwxrwt' : 'drwxrwxrwx');
    assert.equal(type === 'tmpfs', medium === 'tmpfs', type);
  });
}

it('[sig-storage] EmptyDir volumes pod should support shared volumes between containers [Conformance]', async () => {
  const name = nextName();
  const pod = scriptPod(
    name,
    `while [ ! -e /etc/podinfo/shared ]; do sleep 0.1; done; cat /etc/podinfo/shared; ${sleep}`,
    {
      spec: { volumes: [{ name: 'podinfo', emptyDir: {} }] },
      container: { volumeMounts },
    },
  );
  const writer = { name: 'sub', image, command: ['sh', '-c', 'echo Hello > /etc/podinfo/shared'], volumeMounts };
  const spec = pod.spec as Json;
  await world.post(podsOf(namespace), {
    ...pod,
    spec: { ...spec, containers: [...(spec.containers as Json[]), writer] },
  });
  await eventually('it is read', async () => (await world.log(`${podsOf(namespace)}/${name}`, 'c')) === 'Hello\n');
});

it('[sig-storage] Subpath Atomic writer volumes should support subpaths with downward pod [Conformance]', async () => {
  const spec = { volumes: [{ name: 'podinfo', ...downward([field('downward/podname', 'metadata.name')]) }] };
  const subPath = [{ name: 'podinfo', mountPath: '/test-folder', subPath: 'downward' }];
  const pod = scriptPod(nextName(), 'cat /test-folder/podname', { spec, container: { volumeMounts: subPath } });
  const { pod: ended, log } = await world.runPod(namespace, pod);
  assert.equal(log, at(ended, 'metadata.name'));
});

const withSubPath = (
  subPathExpr: string,
  script: string,
  annotation = 'mysubpath',
  env: readonly Json[] = [],
): Json => {
  const pod = scriptPod(nextName(), script, {
    spec: { volumes: [{ name: 'workdir', emptyDir: {} }] },
    container: {
      env: [{ name: 'POD_NAME', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } }, ...env],
      volumeMounts: [
        { name: 'workdir', mountPath: '/logscontainer', subPathExpr },
        { name: 'workdir', mountPath: '/testcontainer' },
      ],
    },
  });
  return { ...pod, metadata: { ...(pod.metadata as Json), annotations: { mysubpath: annotation } } };
};

it('[sig-node] Variable Expansion should allow substituting values in a volume subpath [Conformance]', async () => {
  const script = 'echo written > /logscontainer/file; ls /testcontainer; cat "/testcontainer/$POD_NAME/file"';
  const { pod, log } = await world.runPod(namespace, withSubPath('$(POD_NAME)', script));
  assert.equal(log, `${at(pod, 'metadata.name')}\nwritten\n`);
});

/** It never starts, and says why. */
async function refuses(subPathExpr: string, env: readonly Json[]): Promise<void> {
  const made = await world.post(podsOf(namespace), withSubPath(subPathExpr, 'true', '', env));
  const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  const pod = await world.until(one, 'is refused', (object) => {
    const reason = at(object, 'status.containerStatuses.0.state.waiting.reason');
    return reason === 'CreateContainerConfigError';
  });
  assert.equal(at(pod, 'status.phase'), 'Pending');
  await world.delete(one);
}

it('[sig-node] Variable Expansion should fail substituting values in a volume subpath with backticks [Conformance]', () =>
  refuses('$(BACKTICKS)', [{ name: 'BACKTICKS', value: '..' }]));

it('[sig-node] Variable Expansion should fail substituting values in a volume subpath with absolute path [Conformance]', () =>
  refuses('$(ABSOLUTE)', [{ name: 'ABSOLUTE', value: '/tmp' }]));

const annotated = [{ name: 'ANNOTATION', valueFrom: { fieldRef: { fieldPath: "metadata.annotations['mysubpath']" } } }];

it('[sig-node] Variable Expansion should verify that a failing subpath expansion can be modified during the lifecycle of a container [Slow] [Conformance]', async () => {
  const made = await world.post(podsOf(namespace), withSubPath('$(ANNOTATION)', sleep, '..', annotated));
  const one = `${podsOf(namespace)}/${at(made, 'metadata.name')}`;
  await world.until(
    one,
    'is refused',
    (object) => at(object, 'status.containerStatuses.0.state.waiting') !== undefined,
  );
  await world.patch(one, { metadata: { annotations: { mysubpath: 'mypath' } } });
  await world.until(one, 'runs', (object) => at(object, 'status.phase') === 'Running');
});

it('[sig-node] Variable Expansion should succeed in writing subpaths in container [Conformance]', async () => {
  const pod = await world.startPod(namespace, withSubPath('$(ANNOTATION)', sleep, 'mypath', annotated));
  const name = String(at(pod, 'metadata.name'));
  const script = 'echo x > /logscontainer/test.log; cat /testcontainer/mypath/test.log';
  assert.equal(await world.exec(namespace, name, script), 'x\n');
  // What it was expanded from may change: the volume can still be taken down.
  const one = `${podsOf(namespace)}/${name}`;
  await world.patch(one, { metadata: { annotations: { mysubpath: 'mynewpath' } } });
  await world.delete(one);
  await world.isGone(one);
});
