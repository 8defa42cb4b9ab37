/** The runtime's conformance suite on a real Docker Engine. */

import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import type Dockerode from 'dockerode';
import type { EngineSettings } from '../../api/engine-settings.ts';
import { silentLogger } from '../../base/logger.ts';
import { DockerRuntime } from '../../kubelet/runtime/docker/docker-runtime.ts';
import type { Mount } from '../../kubelet/runtime/runtime.ts';
import { testRuntime } from '../../kubelet/runtime/testing/runtime-conformance.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';

const podCidr = '10.244.201.0/24';

describe('DockerRuntime', { timeout: 300_000 }, () => {
  let engine: TestEngine;
  let runtime: DockerRuntime;

  before(async () => {
    engine = await startTestEngine({ podCidr: podCidr });
    await engine.importBusybox('busybox:1');
    runtime = new DockerRuntime({ socketPath: engine.socketPath, nodeName: 'node-1', logger: silentLogger });
    await runtime.prepare();
    await runtime.ensureNetwork(podCidr);
  });

  after(async () => {
    await engine.stop();
  });

  testRuntime(async () => ({ runtime, imageName: 'busybox:1' }));

  describe('attach', { timeout: 60_000 }, () => {
    const outputs = { stdin: false, stdout: true, stderr: true, tty: false };

    async function startContainer(script: string): Promise<Dockerode.Container> {
      const container = await engine.docker.createContainer({
        ...{ Image: 'busybox:1', Cmd: ['sh', '-c', script], OpenStdin: true, StdinOnce: true },
      });
      await container.start();
      return container;
    }

    it('ends with its container, whenever that ends', async () => {
      for (const seconds of [0, 0.01, 0.02, 0.05, 0.1, 0.3]) {
        const { id } = await startContainer(`sleep ${seconds}`);
        const session = await runtime.attach(id, outputs);
        session.stdout.resume();
        await session.done;
      }
    });

    it('gives all that a container wrote, also to who reads late', async () => {
      const container = await startContainer('read line; head -c 1000000 /dev/zero');
      const session = await runtime.attach(container.id, { ...outputs, stdin: true });
      session.stdin?.end('go\n');
      await container.wait();
      const { length } = await buffer(session.stdout);
      assert.equal(length, 1_000_000);
    });
  });

  it('does what pods ask of the engine itself', async () => {
    const pod = { namespace: 'default', name: 'asking', uid: 'asking' };
    const engineSettings: EngineSettings = {
      ...{ init: true, cpusetCpus: '0', macAddress: '02:42:ac:11:00:99', oomKillDisable: false },
      ulimits: [{ name: 'nofile', soft: 123, hard: 456 }],
      logDriver: 'json-file',
      logOptions: { 'max-size': '1m' },
    };
    const sandboxId = await runtime.createSandbox({
      ...{ pod, attempt: 0, hostname: 'asking', network: 'pod', pid: 'container', ipc: 'pod' },
      ...{ sysctls: {}, portMappings: [], engineSettings },
    });
    await runtime.startSandbox(sandboxId);
    const image = await runtime.inspectImage('busybox:1');
    const script = 'ulimit -n; cat /proc/1/comm; cat /sys/class/net/eth0/address; sleep 60';
    const id = await runtime.createContainer(sandboxId, {
      ...{ pod, name: 'c', kind: 'main', attempt: 0, specHash: '', image: image?.id ?? '', imageName: 'busybox:1' },
      ...{ command: ['sh', '-c', script], environment: [], mounts: [], devices: [], deviceRequests: [] },
      resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, oomScoreAdj: 1000, maxPids: 0 },
      security: {
        ...{ supplementalGroups: [], privileged: false, addCapabilities: [], dropCapabilities: [] },
        ...{ readOnlyRootFilesystem: false, noNewPrivileges: false, unmaskedProc: false, seLinuxLabels: [] },
      },
      ...{ pid: 'container', ipc: 'pod', stdin: false, stdinOnce: false, tty: false, annotations: {}, engineSettings },
    });
    await runtime.startContainer(id);
    const { HostConfig: host } = await engine.docker.getContainer(id).inspect();
    assert.deepEqual(host.LogConfig, { Type: 'json-file', Config: { 'max-size': '1m' } });
    assert.equal(host.CpusetCpus, '0');
    const said = await eventually('it has said all', async () => {
      const options = { follow: false, timestamps: false, stdout: true, stderr: true };
      const chunks: Buffer[] = [];
      for await (const chunk of runtime.logs(id, options, new AbortController().signal)) chunks.push(chunk);
      const lines = Buffer.concat(chunks).toString().trim().split('\n');
      return lines.length === 3 && lines;
    });
    assert.deepEqual(said, ['123', 'docker-init', '02:42:ac:11:00:99']);
    for (const one of [id, sandboxId]) await runtime.remove(one);
  });

  it('makes mounts read-only, with what is mounted below them or without', async () => {
    const pod = { namespace: 'default', name: 'reading', uid: 'reading' };
    const sandboxId = await runtime.createSandbox({
      ...{ pod, attempt: 0, hostname: 'reading', network: 'pod', pid: 'container', ipc: 'pod' },
      ...{ sysctls: {}, portMappings: [] },
    });
    await runtime.startSandbox(sandboxId);
    const isSupported = await runtime.supportsRecursiveReadOnly();
    // Of the machine of the engine: its folder of devices has a mount below it.
    const mounts: Mount[] = [
      { hostPath: '/dev', containerPath: '/host-dev', readOnly: true },
      ...(isSupported
        ? [{ hostPath: '/dev', containerPath: '/closed-dev', readOnly: true, recursiveReadOnly: true } as const]
        : []),
    ];
    const image = await runtime.inspectImage('busybox:1');
    const id = await runtime.createContainer(sandboxId, {
      ...{ pod, name: 'c', kind: 'main', attempt: 0, specHash: '', image: image?.id ?? '', imageName: 'busybox:1' },
      ...{ command: ['sleep', '60'], environment: [], mounts, devices: [], deviceRequests: [] },
      resources: { cpuShares: 2, cpuQuota: 0, cpuPeriod: 100_000, memoryBytes: 0, oomScoreAdj: 1000, maxPids: 0 },
      security: {
        ...{ supplementalGroups: [], privileged: false, addCapabilities: [], dropCapabilities: [] },
        ...{ readOnlyRootFilesystem: false, noNewPrivileges: false, unmaskedProc: false, seLinuxLabels: [] },
      },
      ...{ pid: 'container', ipc: 'pod', stdin: false, stdinOnce: false, tty: false, annotations: {} },
    });
    const { status } = await runtime.startContainer(id);
    assert.equal(status.type, 'running', JSON.stringify(status));
    const session = await runtime.exec(id, ['cat', '/proc/mounts'], {
      ...{ stdin: false, stdout: true, stderr: true, tty: false },
    });
    const lines = (await buffer(session.stdout)).toString().trim().split('\n');
    /** How it is mounted, and what is below it: `ro` or `rw`. */
    const modesOf = (path: string) =>
      lines
        .map((line) => line.split(' '))
        .filter(([, at = '']) => at === path || at.startsWith(`${path}/`))
        .map(([, , , options = '']) => options.split(',')[0]);
    const [top, ...below] = modesOf('/host-dev');
    assert.equal(top, 'ro');
    assert.ok(below.includes('rw'), lines.join('\n'));
    const closed = modesOf('/closed-dev');
    assert.equal(closed.length, isSupported ? below.length + 1 : 0);
    assert.ok(closed.every((mode) => mode === 'ro'));
    for (const one of [id, sandboxId]) await runtime.remove(one);
  });

  describe('the pod network', () => {
    async function startPod(network: string): Promise<Dockerode.Container> {
      const container = await engine.docker.createContainer({
        Image: 'busybox:1',
        Cmd: ['httpd', '-f', '-p', '80', '-h', '/etc'],
        HostConfig: { NetworkMode: network },
      });
      await container.start();
      return container;
    }

    const networkId = async (name: string): Promise<string> => (await engine.docker.getNetwork(name).inspect()).Id;

    it('is made where the engine lives, which here is another network namespace', () => {
      assert.equal(existsSync('/sys/class/net/longshore'), false);
    });

    it('lets in what was routed to a pod, as from another node', async () => {
      const pod = await startPod('longshore');
      const { Networks: networks } = (await pod.inspect()).NetworkSettings;
      const url = `http://${networks.longshore?.IPAddress}/passwd`;
      const text = await eventually(`${url} answers`, async () =>
        (await fetch(url, { signal: AbortSignal.timeout(1_000) })).text(),
      );
      assert.match(text, /^root:/);
      await pod.remove({ force: true });
    });

    it('is made again when it lacks an option, once no pod is on it', async () => {
      const [networkName, cidr] = ['of-old', '10.244.202.0/24'];
      const options = { socketPath: engine.socketPath, nodeName: 'node-1', logger: silentLogger, networkName };
      const startKubelet = () => new DockerRuntime(options).ensureNetwork(cidr);
      const IPAM = { Driver: 'default', Config: [{ Subnet: cidr, Gateway: '10.244.202.1' }] };
      await engine.docker.createNetwork({ Name: networkName, Driver: 'bridge', IPAM });
      const before = await networkId(networkName);
      const pod = await startPod(networkName);
      await startKubelet();
      assert.equal(await networkId(networkName), before);
      await pod.remove({ force: true });
      await startKubelet();
      const after = await networkId(networkName);
      assert.notEqual(after, before);
      await startKubelet();
      assert.equal(await networkId(networkName), after);
    });
  });
});
