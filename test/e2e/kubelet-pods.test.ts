/** Pods from object to containers and back, by a real kubelet on a real engine and a real API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { readClusterId } from '../../client/cluster-id.ts';
import type { RunningKubelet } from '../../kubelet/kubelet.ts';
import { DockerRuntime } from '../../kubelet/runtime/docker/docker-runtime.ts';
import { startTestEngine, type TestEngine } from '../support/docker-engine.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, startTestKubelet, untilPodIsGone } from '../support/test-kubelet.ts';

const podCidr = '10.244.202.0/24';
const waiting = 'trap "exit 0" TERM; while true; do sleep 0.1; done';

describe('kubelet', { timeout: 500_000 }, () => {
  let engine: TestEngine;
  let server: TestApiServer;
  let kubelet: RunningKubelet;
  let dataDir: string;

  const start = () => startTestKubelet({ engine, server, podCidr, dataDir });

  before(async () => {
    engine = await startTestEngine({ podCidr, registry: true });
    await engine.importBusybox('busybox:1');
    server = await startTestApiServer();
    dataDir = `${engine.folder}/kubelet`;
    kubelet = await start();
  });

  after(async () => {
    await kubelet?.stop();
    await server?.stop();
    await engine?.stop();
  });

  async function create(name: string, script: string, spec: Partial<NonNullable<Pod['spec']>> = {}): Promise<void> {
    const container = { name: 'c', image: 'busybox:1', command: ['sh', '-c', script], ...spec.containers?.[0] };
    const grace = { terminationGracePeriodSeconds: 2, nodeName: 'node-1' };
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { ...grace, ...spec, containers: [container] },
    });
  }

  const remove = async (name: string) => {
    await server.client.delete(pods, { namespace: 'default', name });
    await untilPodIsGone(server, name);
  };

  const isRunning = (pod: Pod) => pod.status?.containerStatuses?.[0]?.state?.running !== undefined;
  const log = async (name: string, query = '') =>
    (await server.client.raw('GET', `/api/v1/namespaces/default/pods/${name}/log${query}`)).text;
  const containersOf = async (name: string) =>
    await engine.docker.listContainers({ all: true, filters: { label: [`io.kubernetes.pod.name=${name}`] } });

  it('runs a pod, shows its log, and leaves nothing when it is deleted', async () => {
    await create('simple', `echo out; hostname; ${waiting}`);
    const pod = await podUntil(server, 'simple', isRunning);
    assert.equal(pod.status?.phase, 'Running');
    assert.match(pod.status?.podIP ?? '', /^10\.244\.202\./);
    assert.equal(await eventually('its log', async () => (await log('simple')) || undefined), 'out\nsimple\n');
    await remove('simple');
    await eventually('no container is left', async () => (await containersOf('simple')).length === 0);
  });

  it('starts a killed container again at once', async () => {
    await create('killed', waiting);
    const pod = await podUntil(server, 'killed', isRunning);
    const id = pod.status?.containerStatuses?.[0]?.containerID?.replace('docker://', '') ?? '';
    await engine.docker.getContainer(id).kill();
    const next = await podUntil(
      server,
      'killed',
      (one) => one.status?.containerStatuses?.[0]?.restartCount === 1 && isRunning(one),
    );
    assert.equal(next.status?.containerStatuses?.[0]?.lastState?.terminated?.exitCode, 137);
    await remove('killed');
  });

  it('says in the words of the registry that an image is not there', async () => {
    await create('imageless', '', { containers: [{ name: 'c', image: 'localhost:5000/none:1' }] });
    const reasonIs = (reason: string) => (pod: Pod) =>
      pod.status?.containerStatuses?.[0]?.state?.waiting?.reason === reason;
    const pod = await podUntil(server, 'imageless', reasonIs('ErrImagePull'));
    assert.match(pod.status?.containerStatuses?.[0]?.state?.waiting?.message ?? '', /localhost:5000/);
    await podUntil(server, 'imageless', reasonIs('ImagePullBackOff'));
    await remove('imageless');
  });

  it('ends a Never pod with the phase of its exit codes', async () => {
    await create('succeeds', 'exit 0', { restartPolicy: 'Never' });
    await create('fails', 'echo why > /dev/termination-log; exit 3', { restartPolicy: 'Never' });
    await podUntil(server, 'succeeds', ({ status }) => status?.phase === 'Succeeded');
    const failed = await podUntil(server, 'fails', ({ status }) => status?.phase === 'Failed');
    const { exitCode, message } = failed.status?.containerStatuses?.[0]?.state?.terminated ?? {};
    assert.deepEqual([exitCode, message], [3, 'why\n']);
    await remove('succeeds');
    await remove('fails');
  });

  it('adopts what runs after it was away, restarts nothing and doubles nothing', async () => {
    await create('adopted', waiting);
    await create('orphan', waiting);
    const before = await podUntil(server, 'adopted', isRunning);
    await podUntil(server, 'orphan', isRunning);
    await kubelet.stop();
    await server.client.delete(pods, { namespace: 'default', name: 'orphan' }, { gracePeriodSeconds: 0 });
    kubelet = await start();
    await eventually('the orphan is ended', async () => (await containersOf('orphan')).length === 0);
    const after = await podUntil(server, 'adopted', isRunning);
    assert.deepEqual(after.status?.containerStatuses, before.status?.containerStatuses);
    assert.equal((await containersOf('adopted')).length, 2);
    await remove('adopted');
  });

  it('ends at once what a killed kubelet had asked the engine for', async () => {
    const killed = new DockerRuntime({ socketPath: engine.socketPath, nodeName: 'node-1', logger: silentLogger });
    killed.useCluster(await readClusterId(server.client));
    const pod = { namespace: 'default', name: 'leftover', uid: 'leftover-uid' };
    const shape = { attempt: 0, hostname: 'x', network: 'pod', pid: 'container', ipc: 'pod' } as const;
    await killed.createSandbox({ pod, ...shape, sysctls: {}, portMappings: [] });
    await eventually('it is gone', async () => (await containersOf('leftover')).length === 0, { timeoutMs: 40_000 });
  });

  it('ends a pod whose postStart hook hangs', async () => {
    const lifecycle = { postStart: { exec: { command: ['sleep', '600'] } } };
    const container = { name: 'c', image: 'busybox:1', lifecycle };
    await create('hooked', waiting, { containers: [container] });
    await eventually(
      'its container runs',
      async () => (await containersOf('hooked')).filter(({ State: state }) => state === 'running').length === 2,
    );
    await remove('hooked');
    await eventually('nothing of it is left', async () => (await containersOf('hooked')).length === 0);
  });

  it('goes on with a pod whose ended containers were pruned', async () => {
    const initContainers = [{ name: 'first', image: 'busybox:1', command: ['true'] }];
    await create('pruned', waiting, { initContainers });
    const before = await podUntil(server, 'pruned', isRunning);
    const { ContainersDeleted: deleted } = await engine.docker.pruneContainers();
    assert.ok((deleted ?? []).length > 0);
    await eventually('the log says so', async () => {
      try {
        await log('pruned', '?container=first');
        return false;
      } catch (error) {
        return /ended and was removed/.test(String(error));
      }
    });
    const { status } = await server.client.get<Pod>(pods, { namespace: 'default', name: 'pruned' });
    assert.deepEqual(status?.initContainerStatuses, before.status?.initContainerStatuses);
    assert.deepEqual(status?.containerStatuses, before.status?.containerStatuses);
    await remove('pruned');
  });

  it('shows the name that a push gave to the image of a running container', async () => {
    const image = 'localhost:5000/pushed:1';
    await engine.importBusybox(image);
    await create('pushed', waiting, { containers: [{ name: 'c', image }] });
    const imageId = (pod: Pod) => pod.status?.containerStatuses?.[0]?.imageID ?? '';
    const before = await podUntil(server, 'pushed', isRunning);
    assert.match(imageId(before), /^docker:\/\/sha256:/);
    const progress = await engine.docker.getImage(image).push({ authconfig: {} });
    await new Promise((resolve) => engine.docker.modem.followProgress(progress, resolve));
    await podUntil(server, 'pushed', (pod) =>
      imageId(pod).startsWith('docker-pullable://localhost:5000/pushed@sha256:'),
    );
    await remove('pushed');
  });

  it('keeps its heartbeat while the engine hangs, tells of it, and turns not ready after a minute', async () => {
    const node = () => server.client.get<Node>(nodes, { name: 'node-1' });
    const conditionOf = async (type: string) =>
      (await node()).status?.conditions?.find((one) => one.type === type)?.status;
    const renewedAt = async () => {
      const key = { namespace: 'kube-node-lease', name: 'node-1' };
      return (await server.client.get<Lease>(leases, key)).spec?.renewTime;
    };
    const until = (type: string, status: string) =>
      eventually(`${type} is ${status}`, async () => (await conditionOf(type)) === status, { timeoutMs: 240_000 });
    const pausedAt = performance.now();
    engine.pause();
    try {
      await until('RuntimeSlow', 'True');
      assert.equal(await conditionOf('Ready'), 'True');
      const before = await renewedAt();
      await until('Ready', 'False');
      const ready = (await node()).status?.conditions?.find(({ type }) => type === 'Ready');
      assert.match(ready?.message ?? '', /^container runtime is down: /);
      assert.ok(performance.now() - pausedAt >= 60_000, 'the node is ready for a minute');
      assert.equal(await conditionOf('RuntimeDown'), 'True');
      assert.notEqual(await renewedAt(), before);
    } finally {
      engine.resume();
    }
    await until('Ready', 'True');
    await until('RuntimeDown', 'False');
    await until('RuntimeSlow', 'False');
  });
});
