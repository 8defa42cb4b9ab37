import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ContainerConfig, PortMapping, SandboxConfig } from '../runtime.ts';
import { computeContainerOptions, computeSandboxOptions } from './container-options.ts';

const pod = { namespace: 'shop', name: 'web', uid: 'u' };
const maker = { node: 'node-1', clusterId: 'c' };

const sandbox = (rest: Partial<SandboxConfig> = {}, lowestOomScoreAdj = -1000) =>
  computeSandboxOptions(
    {
      pod,
      attempt: 2,
      hostname: 'web',
      network: 'pod',
      pid: 'container',
      ipc: 'pod',
      sysctls: {},
      portMappings: [],
      ...rest,
    },
    { maker, infraImage: 'longshore/infra:1', networkName: 'longshore', apiVersion: '1.41', lowestOomScoreAdj },
  );

const usual: ContainerConfig = {
  pod,
  name: 'app',
  kind: 'main',
  attempt: 3,
  specHash: 'h',
  image: 'sha256:i',
  imageName: 'app:1',
  environment: ['A=1'],
  mounts: [],
  devices: [],
  deviceRequests: [],
  resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, oomScoreAdj: 1000, maxPids: 0 },
  security: {
    supplementalGroups: [],
    privileged: false,
    addCapabilities: [],
    dropCapabilities: [],
    readOnlyRootFilesystem: false,
    noNewPrivileges: false,
    unmaskedProc: false,
    seLinuxLabels: [],
  },
  pid: 'container',
  ipc: 'pod',
  stdin: false,
  stdinOnce: false,
  tty: false,
  annotations: {},
};
const container = (rest: Partial<ContainerConfig> = {}, lowestOomScoreAdj = -1000) =>
  computeContainerOptions(
    { ...usual, ...rest },
    { sandboxId: 'sb', maker, lowestOomScoreAdj, logRotation: { maxSize: '1Mi', maxFiles: 3 } },
  );
const hostOf = (rest?: Partial<ContainerConfig>) => container(rest).HostConfig;

describe('computeSandboxOptions', () => {
  it('names it as docker ps of a cluster reads, and gives it the pod’s network and name', () => {
    const { name, Hostname, Image, HostConfig } = sandbox();
    assert.deepEqual([name, Hostname, Image], ['k8s_POD_web_shop_u_2', 'web', 'longshore/infra:1']);
    assert.equal(HostConfig?.NetworkMode, 'longshore');
    assert.equal(HostConfig?.IpcMode, 'shareable');
    assert.equal(HostConfig?.PidMode, undefined);
    assert.equal(HostConfig?.UTSMode, undefined);
  });

  it('joins the node’s namespaces where the pod does', () => {
    const { Hostname, HostConfig } = sandbox({ network: 'node', pid: 'node', ipc: 'node' });
    assert.equal(Hostname, undefined);
    const { NetworkMode, UTSMode, PidMode, IpcMode } = HostConfig ?? {};
    assert.deepEqual([NetworkMode, UTSMode, PidMode, IpcMode], ['host', 'host', 'host', 'host']);
  });

  it('publishes ports by protocol, several addresses of one together', () => {
    const mapping = (rest: Partial<PortMapping>): PortMapping => ({
      containerPort: 80,
      hostPort: 8080,
      hostIp: '',
      protocol: 'TCP',
      ...rest,
    });
    const { ExposedPorts, HostConfig } = sandbox({
      portMappings: [
        mapping({}),
        mapping({ hostPort: 8081, hostIp: '127.0.0.1' }),
        mapping({ containerPort: 53, protocol: 'UDP' }),
      ],
    });
    assert.deepEqual(ExposedPorts, { '80/tcp': {}, '53/udp': {} });
    assert.deepEqual(HostConfig?.PortBindings, {
      '80/tcp': [
        { HostIp: '', HostPort: '8080' },
        { HostIp: '127.0.0.1', HostPort: '8081' },
      ],
      '53/udp': [{ HostIp: '', HostPort: '8080' }],
    });
  });

  it('sets the pod’s sysctls, and is the last to be killed for memory', () => {
    assert.deepEqual(sandbox({ sysctls: { 'net.core.somaxconn': '9' } }).HostConfig?.Sysctls, {
      'net.core.somaxconn': '9',
    });
    assert.equal(sandbox().HostConfig?.OomScoreAdj, -998);
    assert.equal(sandbox({}, -500).HostConfig?.OomScoreAdj, -500, 'no lower than we may');
  });
});

describe('computeContainerOptions', () => {
  it('joins the sandbox', () => {
    const options = container();
    assert.equal(options.name, 'k8s_app_web_shop_u_3');
    assert.deepEqual(
      [options.HostConfig?.NetworkMode, options.HostConfig?.IpcMode, options.HostConfig?.PidMode],
      ['container:sb', 'container:sb', undefined],
    );
  });

  const pids: readonly [rest: Partial<ContainerConfig>, wanted: string | undefined][] = [
    [{ pid: 'node' }, 'host'],
    [{ pid: 'pod' }, 'container:sb'],
    [{ pid: 'container' }, undefined],
    [{ pid: 'container', targetContainerId: 't' }, 'container:t'],
    [{ pid: 'node', targetContainerId: 't' }, 'container:t'],
  ];
  for (const [rest, wanted] of pids)
    it(`sees the processes of ${wanted} with ${JSON.stringify(rest)}`, () =>
      assert.equal(hostOf(rest)?.PidMode, wanted));

  it('leaves to the image what the pod does not say, and its health check out', () => {
    const options = container();
    for (const name of ['Entrypoint', 'Cmd', 'WorkingDir', 'User', 'StopSignal'] as const)
      assert.equal(name in options, false, name);
    assert.deepEqual(options.Healthcheck, { Test: ['NONE'] });
  });

  it('passes on what the pod says', () => {
    const { Entrypoint, Cmd, WorkingDir, User, StopSignal, Tty, OpenStdin, StdinOnce, Env } = container({
      command: ['sh'],
      args: ['-c', 'true'],
      workingDirectory: '/w',
      stopSignal: 'SIGQUIT',
      security: { ...usual.security, user: '1:2' },
      tty: true,
      stdin: true,
      stdinOnce: true,
    });
    assert.deepEqual([Entrypoint, Cmd, WorkingDir, User, StopSignal], [['sh'], ['-c', 'true'], '/w', '1:2', 'SIGQUIT']);
    assert.deepEqual([Tty, OpenStdin, StdinOnce, Env], [true, true, true, ['A=1']]);
  });

  it('limits what is limited, and nothing else', () => {
    const free = hostOf() ?? {};
    for (const name of ['CpuQuota', 'CpuPeriod', 'Memory', 'MemorySwap', 'PidsLimit'])
      assert.equal(name in free, false, name);
    const resources = {
      cpuShares: 512,
      cpuQuota: 50_000,
      cpuPeriod: 100_000,
      memoryBytes: 4096,
      oomScoreAdj: 3,
      maxPids: 64,
    };
    const { CpuShares, CpuQuota, CpuPeriod, Memory, MemorySwap, PidsLimit } = hostOf({ resources }) ?? {};
    assert.deepEqual([CpuShares, CpuQuota, CpuPeriod], [512, 50_000, 100_000]);
    assert.deepEqual([Memory, MemorySwap, PidsLimit], [4096, 4096, 64], 'no swap beyond the limit');
  });

  it('raises an OOM score that it may not set', () => {
    assert.equal(
      container({ resources: { ...usual.resources, oomScoreAdj: -997 } }, -500).HostConfig?.OomScoreAdj,
      -500,
    );
    assert.equal(container({}, -500).HostConfig?.OomScoreAdj, 1000);
  });

  const secured: readonly [security: Partial<ContainerConfig['security']>, options: readonly string[]][] = [
    [{}, ['seccomp=unconfined']],
    [{ seccompProfile: 'default' }, []],
    [{ seccompProfile: '{"a":1}' }, ['seccomp={"a":1}']],
    [{ privileged: true, seccompProfile: '{}' }, []],
    [{ seccompProfile: 'default', noNewPrivileges: true }, ['no-new-privileges']],
    [{ seccompProfile: 'default', appArmorProfile: 'unconfined' }, ['apparmor=unconfined']],
    [{ seccompProfile: 'default', appArmorProfile: 'mine' }, ['apparmor=mine']],
  ];
  for (const [security, options] of secured)
    it(`is secured by ${options.join()} with ${JSON.stringify(security)}`, () =>
      assert.deepEqual(hostOf({ security: { ...usual.security, ...security } })?.SecurityOpt, options));

  it('shows all of /proc only where that is wanted', () => {
    assert.equal(hostOf()?.MaskedPaths, undefined);
    const { MaskedPaths, ReadonlyPaths } = hostOf({ security: { ...usual.security, unmaskedProc: true } }) ?? {};
    assert.deepEqual([MaskedPaths, ReadonlyPaths], [[], []]);
  });

  it('mounts paths as they are, whatever characters they have', () => {
    const mounts = [
      { hostPath: '/a:b', containerPath: '/c,d', readOnly: true },
      { hostPath: '/e', containerPath: '/f', readOnly: false, propagation: 'rshared' },
      { hostPath: '/g', containerPath: '/h', readOnly: true, recursiveReadOnly: true },
      { hostPath: '/i', containerPath: '/j', readOnly: false },
    ] as const;
    assert.deepEqual(hostOf({ mounts })?.Mounts, [
      { Type: 'bind', Source: '/a:b', Target: '/c,d', ReadOnly: true, BindOptions: { ReadOnlyNonRecursive: true } },
      { Type: 'bind', Source: '/e', Target: '/f', ReadOnly: false, BindOptions: { Propagation: 'rshared' } },
      { Type: 'bind', Source: '/g', Target: '/h', ReadOnly: true, BindOptions: { ReadOnlyForceRecursive: true } },
      { Type: 'bind', Source: '/i', Target: '/j', ReadOnly: false },
    ]);
  });
});
