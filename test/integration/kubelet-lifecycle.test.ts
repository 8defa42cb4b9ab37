/** The life of pods where an engine hangs, fails or loses something. No engine, and no time but the test's. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { events, pods } from '../../api/resources/core.ts';
import type { Event, Pod } from '../../api/types/core/v1.ts';
import { runtimeIdOf } from '../../kubelet/model/pod.ts';
import { container, exec, isReady, KubeletWorld, type PodSpec, patient } from '../support/kubelet-world.ts';

describe('the life of a pod', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const create = async (name: string, spec: Partial<PodSpec> = {}) =>
    await world.create(name, { terminationGracePeriodSeconds: 1, ...spec });
  const containersOf = async (name: string) => {
    const { containers, sandboxes } = await world.runtime.list();
    return [...containers, ...sandboxes].filter(({ pod }) => pod.name === name);
  };
  const eventsOf = async (name: string): Promise<Event[]> =>
    (
      await world.server.client.list<Event>(events, {
        namespace: 'default',
        fieldSelector: `involvedObject.name=${name}`,
      })
    ).items;

  describe('ends, whatever its start waits for:', () => {
    const hung = { containers: [container(patient, { lifecycle: { postStart: exec('while true') } })] };
    const runs = async (name: string) =>
      await world.passUntil('its container runs', async () =>
        (await containersOf(name)).some((one) => 'status' in one && one.status.type === 'running'),
      );

    it('a postStart hook that hangs, when the pod is deleted', async () => {
      await create('hooked', hung);
      await runs('hooked');
      await world.remove('hooked');
      await world.untilGone('hooked');
    });

    it('a postStart hook that hangs, when it is deleted by force', async () => {
      await create('forced', hung);
      await runs('forced');
      await world.remove('forced', 0);
      await world.passUntil('nothing of it is left', async () => (await containersOf('forced')).length === 0);
    });

    it('a postStart hook that hangs, when its deadline passes', async () => {
      await create('late', { ...hung, activeDeadlineSeconds: 1 });
      const pod = await world.podAfterTime('late', ({ status }) => status?.phase === 'Failed');
      assert.equal(pod.status?.reason, 'DeadlineExceeded');
      await world.remove('late');
    });

    for (const method of ['createSandbox', 'startSandbox', 'createContainer', 'startContainer'] as const) {
      it(`a runtime that does not answer ${method}; what comes of it later is ended`, async () => {
        const release = world.runtime.hold(method);
        const name = `held-${method.toLowerCase()}`;
        await create(name);
        await world.podAfterTime(name, ({ status }) => status?.phase === 'Pending' && status.startTime !== undefined);
        await world.remove(name);
        await world.untilGone(name);
        release();
        await world.passUntil('nothing of it is left', async () => (await containersOf(name)).length === 0);
      });
    }
  });

  describe('goes on when somebody removed its ended containers:', () => {
    it('it stays Ready, and init containers stay completed', async () => {
      const initContainers = [{ ...container('exit 0'), name: 'first' }];
      await create('pruned', { initContainers });
      const before = await world.podAfterTime('pruned', isReady);
      assert.ok(world.runtime.prune() > 0);
      await world.server.client.patch<Pod>(
        pods,
        { namespace: 'default', name: 'pruned' },
        { type: 'merge', body: { metadata: { labels: { again: 'yes' } } } },
      );
      await world.kubelet.stop();
      await world.kubelet.start();
      await create('after-prune');
      await world.podAfterTime('after-prune', isReady);
      const { status } = await world.server.client.get<Pod>(pods, { namespace: 'default', name: 'pruned' });
      assert.deepEqual(status?.initContainerStatuses, before.status?.initContainerStatuses);
      assert.deepEqual(status?.containerStatuses, before.status?.containerStatuses);
    });

    it('one that was removed while it ran starts again, and how it ended is not known', async () => {
      await create('vanished');
      const before = await world.podAfterTime('vanished', isReady);
      await world.runtime.remove(runtimeIdOf(before.status?.containerStatuses?.[0]?.containerID ?? ''));
      const restarts = ({ status }: Pod) => status?.containerStatuses?.[0]?.restartCount;
      const after = await world.podAfterTime('vanished', (pod) => isReady(pod) && restarts(pod) === 1);
      const { exitCode, reason } = after.status?.containerStatuses?.[0]?.lastState?.terminated ?? {};
      assert.deepEqual([exitCode, reason], [137, 'ContainerStatusUnknown']);
    });

    it('one that is not to run again does not', async () => {
      await create('half', {
        restartPolicy: 'OnFailure',
        containers: [container('exit 0'), { ...container(patient), name: 'other' }],
      });
      const exitCode = ({ status }: Pod) => status?.containerStatuses?.[0]?.state?.terminated?.exitCode;
      const before = await world.podAfterTime('half', (pod) => exitCode(pod) === 0);
      assert.ok(world.runtime.prune() > 0);
      const other = before.status?.containerStatuses?.find(({ name }) => name === 'other');
      world.runtime.exit(runtimeIdOf(other?.containerID ?? ''), 0);
      const after = await world.podAfterTime('half', ({ status }) => status?.phase === 'Succeeded');
      assert.deepEqual(after.status?.containerStatuses?.[0]?.state, before.status?.containerStatuses?.[0]?.state);
    });
  });

  it('ends at once what a killed kubelet left of a pod that is gone', async () => {
    const pod = { namespace: 'default', name: 'leftover', uid: 'leftover-uid' };
    const config = { pod, attempt: 0, hostname: 'x', network: 'pod', pid: 'container', ipc: 'pod' } as const;
    const id = await world.runtime.createSandbox({ ...config, sysctls: {}, portMappings: [] });
    await world.runtime.startSandbox(id);
    await world.passUntil('it is gone', async () => (await containersOf('leftover')).length === 0);
  });

  describe('without a sandbox', () => {
    const triesOf = (name: string) =>
      world.runtime.changesOf(name).filter((change) => change === 'create sandbox').length;

    for (const method of ['createSandbox', 'startSandbox'] as const) {
      it(`tells why when ${method} fails, leaves others alone, and starts once it can`, async () => {
        const name = `boxless-${method.toLowerCase()}`;
        await create(`${name}-other`);
        await world.podAfterTime(`${name}-other`, isReady);
        world.runtime.fail(method, 'the bridge is gone');
        await create(name);
        const event = await world.passUntil('an event', async () =>
          (await eventsOf(name)).find(({ reason }) => reason === 'FailedCreatePodSandBox'),
        );
        assert.equal(event.type, 'Warning');
        assert.equal(event.message, 'Failed to create pod sandbox: the bridge is gone');
        const tries = triesOf(name);
        const other = await world.server.client.get<Pod>(pods, { namespace: 'default', name: `${name}-other` });
        assert.equal(isReady(other), true);
        await world.passUntil('it is tried again', async () => {
          const [known] = (await eventsOf(name)).filter(({ reason }) => reason === 'FailedCreatePodSandBox');
          return (known?.count ?? 0) > 1;
        });
        assert.ok(triesOf(name) <= tries + 3);
        world.runtime.fail(method, undefined);
        await world.podAfterTime(name, isReady);
      });
    }
  });
});
