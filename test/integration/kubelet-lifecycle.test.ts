/** The life of pods where an engine hangs, fails or loses something. No engine: the fake runtime. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { events, pods } from '../../api/resources/core.ts';
import type { Event, Pod } from '../../api/types/core/v1.ts';
import { runtimeIdOf } from '../../kubelet/model/pod.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { podUntil, untilPodIsGone } from '../support/test-kubelet.ts';

const waiting = 'trap "exit 0" TERM; while true; do sleep 0.1; done';
const exec = (script: string) => ({ exec: { command: ['sh', '-c', script] } });

describe('the life of a pod', { timeout: 240_000 }, () => {
  let server: TestApiServer;
  let kubelet: FakeKubelet;

  before(async () => {
    server = await startTestApiServer();
    kubelet = await FakeKubelet.start(server);
  });
  after(async () => {
    await kubelet?.remove();
    await server?.stop();
  });

  type Spec = NonNullable<Pod['spec']>;
  const container = (script: string, rest: Partial<Spec['containers'][number]> = {}) => ({
    name: 'c',
    image: 'busybox:1',
    command: ['sh', '-c', script],
    ...rest,
  });
  const create = async (name: string, spec: Partial<Spec> = {}) =>
    await server.client.create<Pod>(pods, {
      metadata: { namespace: 'default', name },
      spec: { terminationGracePeriodSeconds: 1, nodeName: 'node-1', containers: [container(waiting)], ...spec },
    });
  const isReady = ({ status }: Pod) =>
    status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ?? false;
  const remove = async (name: string, gracePeriodSeconds?: number) =>
    await server.client.delete(pods, { namespace: 'default', name }, { gracePeriodSeconds });
  const containersOf = async (name: string) => {
    const { containers, sandboxes } = await kubelet.runtime.list();
    return [...containers, ...sandboxes].filter(({ pod }) => pod.name === name);
  };
  const eventsOf = async (name: string): Promise<Event[]> =>
    (await server.client.list<Event>(events, { namespace: 'default', fieldSelector: `involvedObject.name=${name}` }))
      .items;

  describe('ends, whatever its start waits for:', () => {
    const hung = { containers: [container(waiting, { lifecycle: { postStart: exec('while true') } })] };
    const runs = async (name: string) =>
      await eventually('its container runs', async () =>
        (await containersOf(name)).some((one) => 'status' in one && one.status.type === 'running'),
      );

    it('a postStart hook that hangs, when the pod is deleted', async () => {
      await create('hooked', hung);
      await runs('hooked');
      await remove('hooked');
      await untilPodIsGone(server, 'hooked');
    });

    it('a postStart hook that hangs, when it is deleted by force', async () => {
      await create('forced', hung);
      await runs('forced');
      await remove('forced', 0);
      await eventually('nothing of it is left', async () => (await containersOf('forced')).length === 0);
    });

    it('a postStart hook that hangs, when its deadline passes', async () => {
      await create('late', { ...hung, activeDeadlineSeconds: 1 });
      const pod = await podUntil(server, 'late', ({ status }) => status?.phase === 'Failed');
      assert.equal(pod.status?.reason, 'DeadlineExceeded');
      await remove('late');
    });

    for (const method of ['createSandbox', 'startSandbox', 'createContainer', 'startContainer'] as const) {
      it(`a runtime that does not answer ${method}; what comes of it later is ended`, async () => {
        const release = kubelet.runtime.hold(method);
        const name = `held-${method.toLowerCase()}`;
        await create(name);
        await podUntil(server, name, ({ status }) => status?.phase === 'Pending' && status.startTime !== undefined);
        await remove(name);
        await untilPodIsGone(server, name);
        release();
        await eventually('nothing of it is left', async () => (await containersOf(name)).length === 0);
      });
    }
  });

  describe('goes on when somebody removed its ended containers:', () => {
    it('it stays Ready, and init containers stay completed', async () => {
      const initContainers = [{ ...container('exit 0'), name: 'first' }];
      await create('pruned', { initContainers });
      const before = await podUntil(server, 'pruned', isReady);
      assert.ok(kubelet.runtime.prune() > 0);
      await server.client.patch<Pod>(
        pods,
        { namespace: 'default', name: 'pruned' },
        { type: 'merge', body: { metadata: { labels: { again: 'yes' } } } },
      );
      await kubelet.stop();
      await kubelet.start();
      await create('after-prune');
      await podUntil(server, 'after-prune', isReady);
      const { status } = await server.client.get<Pod>(pods, { namespace: 'default', name: 'pruned' });
      assert.deepEqual(status?.initContainerStatuses, before.status?.initContainerStatuses);
      assert.deepEqual(status?.containerStatuses, before.status?.containerStatuses);
    });

    it('one that was removed while it ran starts again, and how it ended is not known', async () => {
      await create('vanished');
      const before = await podUntil(server, 'vanished', isReady);
      await kubelet.runtime.remove(runtimeIdOf(before.status?.containerStatuses?.[0]?.containerID ?? ''));
      const restarts = ({ status }: Pod) => status?.containerStatuses?.[0]?.restartCount;
      const after = await podUntil(server, 'vanished', (pod) => isReady(pod) && restarts(pod) === 1);
      const { exitCode, reason } = after.status?.containerStatuses?.[0]?.lastState?.terminated ?? {};
      assert.deepEqual([exitCode, reason], [137, 'ContainerStatusUnknown']);
    });

    it('one that is not to run again does not', async () => {
      await create('half', {
        restartPolicy: 'OnFailure',
        containers: [container('exit 0'), { ...container(waiting), name: 'other' }],
      });
      const exitCode = ({ status }: Pod) => status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
      const before = await podUntil(server, 'half', (pod) => exitCode(pod) === 0);
      assert.ok(kubelet.runtime.prune() > 0);
      const other = before.status?.containerStatuses?.find(({ name }) => name === 'other');
      kubelet.runtime.exit(runtimeIdOf(other?.containerID ?? ''), 0);
      const after = await podUntil(server, 'half', ({ status }) => status?.phase === 'Succeeded');
      assert.deepEqual(after.status?.containerStatuses?.[0]?.state, before.status?.containerStatuses?.[0]?.state);
    });
  });

  it('ends at once what a killed kubelet left of a pod that is gone', async () => {
    const pod = { namespace: 'default', name: 'leftover', uid: 'leftover-uid' };
    const config = { pod, attempt: 0, hostname: 'x', network: 'pod', pid: 'container', ipc: 'pod' } as const;
    const id = await kubelet.runtime.createSandbox({ ...config, sysctls: {}, portMappings: [] });
    await kubelet.runtime.startSandbox(id);
    await eventually('it is gone', async () => (await containersOf('leftover')).length === 0, { timeoutMs: 20_000 });
  });

  describe('without a sandbox', () => {
    const triesOf = (name: string) =>
      kubelet.runtime.changesOf(name).filter((change) => change === 'create sandbox').length;

    for (const method of ['createSandbox', 'startSandbox'] as const) {
      it(`tells why when ${method} fails, leaves others alone, and starts once it can`, async () => {
        const name = `boxless-${method.toLowerCase()}`;
        await create(`${name}-other`);
        await podUntil(server, `${name}-other`, isReady);
        kubelet.runtime.fail(method, 'the bridge is gone');
        await create(name);
        const event = await eventually('an event', async () =>
          (await eventsOf(name)).find(({ reason }) => reason === 'FailedCreatePodSandBox'),
        );
        assert.equal(event.type, 'Warning');
        assert.equal(event.message, 'Failed to create pod sandbox: the bridge is gone');
        const tries = triesOf(name);
        const other = await server.client.get<Pod>(pods, { namespace: 'default', name: `${name}-other` });
        assert.equal(isReady(other), true);
        await eventually('it is tried again', async () => {
          const [known] = (await eventsOf(name)).filter(({ reason }) => reason === 'FailedCreatePodSandBox');
          return (known?.count ?? 0) > 1;
        });
        assert.ok(triesOf(name) <= tries + 3);
        kubelet.runtime.fail(method, undefined);
        await podUntil(server, name, isReady);
      });
    }
  });
});
