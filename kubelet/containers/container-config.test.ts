import assert from 'node:assert/strict';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import type { Container } from '../../api/types/core/v1.ts';
import { nothingToHandOver } from '../devices/node-device.ts';
import type { ContainerConfig } from '../runtime/runtime.ts';
import { containerIn, makePod, type PodSpec } from '../testing/make-pod.ts';
import { buildContainerConfig, type ContainerConfigInput, containerAnnotations } from './container-config.ts';

describe('buildContainerConfig', () => {
  let podFolder: string;
  before(async () => {
    podFolder = await mkdtemp(join(tmpdir(), 'container-config-'));
  });
  after(() => rm(podFolder, { recursive: true }));

  async function build(
    container: Partial<Container>,
    spec: Partial<PodSpec> = {},
    more: Partial<ContainerConfigInput> = {},
  ): Promise<ContainerConfig> {
    const pod = makePod({ containers: [{ name: 'a', image: 'app:1', ...container }], ...spec });
    const absent = () => Promise.reject(new Error('not asked for here'));
    return await buildContainerConfig({
      pod,
      container: containerIn(pod),
      attempt: 2,
      image: { id: 'sha256:i', sizeBytes: 1, user: '' },
      volumes: new Map([
        ['data', { hostPath: '/host/data', readOnly: false }],
        ['keys', { hostPath: '/host/keys', readOnly: true }],
      ]),
      services: new Map([['DB_SERVICE_HOST', '10.96.0.5']]),
      data: { configMapText: absent, secret: absent },
      fields: { nodeIp: '192.0.2.10', podIp: '10.0.0.7', allocatable: {} },
      podFolder,
      handOver: nothingToHandOver,
      grant: {},
      supportsRecursiveReadOnly: async () => false,
      imageAccounts: absent,
      nodeMemoryBytes: 2 ** 30,
      maxPids: 64,
      ...more,
    });
  }
  /** `host → container ro rshared`, of the pod's own. */
  const mountsOf = async (volumeMounts: NonNullable<Container['volumeMounts']>) =>
    (await build({ volumeMounts })).mounts
      .filter(({ hostPath }) => hostPath.startsWith('/host/'))
      .map(({ hostPath, containerPath, readOnly, propagation }) =>
        [hostPath, '→', containerPath, ...(readOnly ? ['ro'] : []), ...(propagation ? [propagation] : [])].join(' '),
      );

  it('has what comes with its devices, and remembers which these are', async () => {
    const handedOver = [{ hostPath: '/dev/fuse', containerPath: '/dev/fuse', permissions: 'rw' }];
    const env = [{ name: 'A', value: 'its own' }];
    const more = {
      handOver: { ...nothingToHandOver, devices: handedOver, environment: { A: 'of the device', FUSE: 'yes' } },
      grant: { 'example.com/fuse': ['fuse-0'] },
    };
    const { devices, environment, annotations } = await build({ env }, {}, more);
    assert.deepEqual(devices, handedOver);
    assert.ok(environment.includes('A=its own') && environment.includes('FUSE=yes'));
    assert.equal(environment.filter((line) => line.startsWith('A=')).length, 1);
    assert.equal(annotations['extended-devices'], '{"example.com/fuse":["fuse-0"]}');
  });

  it('says what the pod says, with what the node found', async () => {
    const { pod, name, kind, attempt, image, imageName, environment } = await build({
      env: [{ name: 'A', value: '1' }],
    });
    assert.deepEqual(pod, { namespace: 'default', name: 'p', uid: 'u' });
    assert.deepEqual([name, kind, attempt, image, imageName], ['a', 'main', 2, 'sha256:i', 'app:1']);
    assert.deepEqual(environment, ['DB_SERVICE_HOST=10.96.0.5', 'A=1']);
  });

  it('leaves to the image what is empty', async () => {
    const config = await build({ command: [], args: [], workingDir: '' });
    assert.deepEqual([config.command, config.args, config.workingDirectory], [undefined, undefined, undefined]);
  });

  it('expands commands and arguments by all of the environment', async () => {
    const { command, args } = await build({
      env: [{ name: 'NAME', value: 'web' }],
      command: ['run', '$(NAME)'],
      args: ['--db=$(DB_SERVICE_HOST)', '$$(NAME)', '$(NONE)'],
    });
    assert.deepEqual(
      [command, args],
      [
        ['run', 'web'],
        ['--db=10.96.0.5', '$(NAME)', '$(NONE)'],
      ],
    );
  });

  const mounts: readonly [mount: object, wanted: string][] = [
    [{ name: 'data', mountPath: '/d' }, '/host/data → /d'],
    [{ name: 'data', mountPath: '/d', readOnly: true }, '/host/data → /d ro'],
    [{ name: 'keys', mountPath: '/k' }, '/host/keys → /k ro'],
    [{ name: 'data', mountPath: 'relative' }, '/host/data → /relative'],
    [{ name: 'data', mountPath: '/d', mountPropagation: 'None' }, '/host/data → /d'],
    [{ name: 'data', mountPath: '/d', mountPropagation: 'HostToContainer' }, '/host/data → /d rslave'],
    [{ name: 'data', mountPath: '/d', mountPropagation: 'Bidirectional' }, '/host/data → /d rshared'],
  ];
  for (const [mount, wanted] of mounts)
    it(`mounts ${JSON.stringify(mount)}`, async () => assert.deepEqual(await mountsOf([mount as never]), [wanted]));

  const refused: readonly [mount: object, message: string | RegExp][] = [
    [{ name: 'none', mountPath: '/d' }, 'cannot find volume "none" to mount into container "a"'],
    [{ name: 'data', mountPath: '/d', subPathExpr: '$(NONE)' }, 'missing value for NONE'],
    [{ name: 'data', mountPath: '/d', subPath: '/abs' }, 'error SubPath `/abs` must not be an absolute path'],
    [
      { name: 'data', mountPath: '/d', subPath: 'a/../..' },
      "unable to provision SubPath `a/../..`: must not contain '..'",
    ],
    [{ name: 'data', mountPath: '/d', subPathExpr: '$(DB_SERVICE_HOST)/..' }, /must not contain '\.\.'/],
    [{ name: 'data', mountPath: '/d', readOnly: true, recursiveReadOnly: 'Enabled' }, /not supported by the runtime/],
  ];
  for (const [mount, message] of refused)
    it(`refuses ${JSON.stringify(mount)}`, async () => {
      await assert.rejects(mountsOf([mount as never]), { name: 'ContainerConfigError', message });
    });

  it('makes mounts read-only recursively where that is asked for and can be, and remembers which', async () => {
    const volumeMounts = [
      { name: 'data', mountPath: 'a', readOnly: true, recursiveReadOnly: 'Enabled' },
      { name: 'data', mountPath: '/b', readOnly: true, recursiveReadOnly: 'IfPossible' },
      { name: 'data', mountPath: '/c', readOnly: true, recursiveReadOnly: 'Disabled' },
      { name: 'keys', mountPath: '/d', readOnly: true },
    ];
    const recursiveOf = async (mounts: typeof volumeMounts, isSupported: boolean) => {
      const more = { supportsRecursiveReadOnly: async () => isSupported };
      const config = await build({ volumeMounts: mounts }, {}, more);
      const paths = config.mounts.filter((one) => one.recursiveReadOnly).map(({ containerPath }) => containerPath);
      return [paths, config.annotations[containerAnnotations.recursiveReadOnly]];
    };
    assert.deepEqual(await recursiveOf(volumeMounts, true), [['/a', '/b'], '["/a","/b"]']);
    assert.deepEqual(await recursiveOf(volumeMounts.slice(1), false), [[], undefined]);
  });

  it('gives it its names and resolvers, unless the pod mounts its own there', async () => {
    const pathsOf = async (...mountPaths: string[]) => {
      const volumeMounts = mountPaths.map((mountPath) => ({ name: 'data', mountPath }));
      const { mounts: found } = await build({ volumeMounts });
      return found.filter(({ hostPath }) => !hostPath.startsWith('/host/')).map(({ containerPath }) => containerPath);
    };
    assert.deepEqual(await pathsOf(), ['/etc/hosts', '/etc/resolv.conf', '/dev/termination-log']);
    assert.deepEqual(await pathsOf('/etc/hosts', '/etc//resolv.conf'), ['/dev/termination-log']);
  });

  it('gives it a file of its own for its termination message, which any user may write', async () => {
    const config = await build({
      terminationMessagePath: 'tmp/words',
      terminationMessagePolicy: 'FallbackToLogsOnError',
    });
    const file = config.mounts.find(({ containerPath }) => containerPath === '/tmp/words')?.hostPath ?? '';
    assert.equal(file, join(podFolder, 'containers', 'a', '2'));
    const { mode, size } = await stat(file);
    assert.deepEqual([mode & 0o777, size], [0o666, 0]);
    assert.equal(config.annotations[containerAnnotations.terminationMessage], file);
    assert.equal(config.annotations[containerAnnotations.logFallback], 'true');
  });

  it('keeps with it what must be known to end it, and what it was given', async () => {
    const resources = { limits: { cpu: '1' } };
    const { annotations } = await build({ resources }, { terminationGracePeriodSeconds: 7 });
    assert.equal(annotations[containerAnnotations.graceSeconds], '7');
    assert.deepEqual(JSON.parse(annotations[containerAnnotations.resources] ?? ''), resources);
    assert.equal((await build({})).annotations[containerAnnotations.graceSeconds], '30');
  });

  const namespaces: readonly [spec: Partial<PodSpec>, pid: string, ipc: string][] = [
    [{}, 'container', 'pod'],
    [{ shareProcessNamespace: true }, 'pod', 'pod'],
    [{ hostPID: true, hostIPC: true }, 'node', 'node'],
  ];
  for (const [spec, pid, ipc] of namespaces)
    it(`lives in the namespaces of ${pid} and ${ipc} with ${JSON.stringify(spec)}`, async () => {
      const config = await build({}, spec);
      assert.deepEqual([config.pid, config.ipc], [pid, ipc]);
    });

  for (const localhostProfile of ['../../../etc/passwd', 'not/there.json'])
    it(`refuses the seccomp profile ${localhostProfile}`, async () => {
      await assert.rejects(build({ securityContext: { seccompProfile: { type: 'Localhost', localhostProfile } } }), {
        name: 'ContainerConfigError',
        message: /^cannot load seccomp profile "/,
      });
    });
});
