/** A runtime that fails or hangs, a kubelet that is started again, an object that is gone. No engine, no time but the test's. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import net from 'node:net';
import { after, before, describe, it } from 'node:test';
import { events, nodes, pods } from '../../api/resources/core.ts';
import type { Event, Node, Pod } from '../../api/types/core/v1.ts';
import { eventually } from '../support/eventually.ts';
import {
  container,
  exec,
  isReady,
  KubeletWorld,
  patient,
  statusOf,
  stubborn,
  waitingReason,
} from '../support/kubelet-world.ts';
import { untilPodIsGone } from '../support/test-kubelet.ts';

describe('trouble of a kubelet', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  before(async () => {
    world = await KubeletWorld.start();
  });
  after(() => world?.stop());

  const startsOf = (name: string) => world.runtime.changesOf(name).filter((change) => change.startsWith('start '));

  it('without a DNS of the cluster says so once, of the node', async () => {
    for (const name of ['asks', 'asks-too']) {
      await world.create(name);
      await world.podUntil(name, isReady);
    }
    const found = await world.passUntil('the event', async () => {
      const fieldSelector = 'reason=MissingClusterDNS';
      const { items } = await world.server.client.list<Event>(events, { namespace: 'default', fieldSelector });
      return items.length > 0 && items;
    });
    assert.deepEqual(
      found.map(({ involvedObject, count = 1 }) => [involvedObject.kind, involvedObject.name, count]),
      [['Node', 'node-1', 1]],
    );
    for (const name of ['asks', 'asks-too']) await world.remove(name);
  });

  describe('with a runtime that fails', () => {
    it('to make a container: it says why, tries again, and starts it once it can', async () => {
      world.runtime.fail('createContainer', 'no space left on device');
      await world.create('unmade');
      const pod = await world.podUntil('unmade', (one) => waitingReason(one) === 'CreateContainerError');
      assert.equal(statusOf(pod)?.state?.waiting?.message, 'no space left on device');
      assert.equal((await world.messagesOf('unmade', 'Failed'))[0], 'Error: no space left on device');
      world.runtime.fail('createContainer', undefined);
      await world.podAfterTime('unmade', isReady);
      assert.equal(statusOf(await world.get('unmade'))?.restartCount, 0);
      await world.remove('unmade');
    });

    it('to start a container: it says why, and waits longer each time', async () => {
      world.runtime.fail('startContainer', 'the mount is private');
      await world.create('unstarted');
      const pod = await world.podUntil('unstarted', (one) => waitingReason(one) === 'RunContainerError');
      assert.equal(statusOf(pod)?.state?.waiting?.message, 'the mount is private');
      assert.deepEqual(await world.messagesOf('unstarted', 'Failed'), ['Error: the mount is private']);
      await world.pass(120);
      const tries = world.runtime.changesOf('unstarted').filter((change) => change === 'create c').length;
      assert.ok(tries < 10, `${tries} tries in two minutes`);
      world.runtime.fail('startContainer', undefined);
      await world.podAfterTime('unstarted', isReady);
      await world.remove('unstarted');
    });

    for (const method of ['startContainer', 'inspectImage'] as const)
      it(`at ${method}: it tries again, and starts it once it can`, async () => {
        const name = `fails-${method.toLowerCase()}`;
        world.runtime.fail(method, 'the engine is out of order');
        await world.create(name);
        await world.podAfterTime(name, ({ status }) => status?.startTime !== undefined);
        await world.pass(60);
        assert.equal(isReady(await world.get(name)), false);
        world.runtime.fail(method, undefined);
        await world.podAfterTime(name, isReady);
        await world.remove(name);
      });

    for (const method of ['stop', 'remove'] as const)
      it(`at ${method}: it goes on trying to end the pod`, async () => {
        const name = `fails-${method}`;
        await world.create(name);
        await world.podUntil(name, isReady);
        world.runtime.fail(method, 'the engine is out of order');
        await world.remove(name);
        await world.pass(60);
        world.runtime.fail(method, undefined);
        await world.passUntil('nothing is left', async () => (await world.attemptsAt(name)).length === 0);
        await untilPodIsGone(world.server, name);
      });

    it('to say what runs: it goes by what it is told meanwhile, and looks again', async () => {
      await world.create('unlisted');
      await world.podUntil('unlisted', isReady);
      world.runtime.fail('list', 'the engine is out of order');
      await world.pass(60);
      world.runtime.fail('list', undefined);
      await world.exit('unlisted', 1);
      await world.podAfterTime('unlisted', (pod) => statusOf(pod)?.restartCount === 1 && isReady(pod));
      await world.remove('unlisted');
    });
  });

  describe('with a runtime that hangs', () => {
    it('at the end of a container: the pod stays until it has ended', async () => {
      await world.create('hangs');
      await world.podUntil('hangs', isReady);
      const release = world.runtime.hold('stop');
      await world.remove('hangs');
      await eventually('it is asked to end', () => world.runtime.changesOf('hangs').includes('stop c 30'));
      await world.pass(300);
      assert.notEqual((await world.get('hangs')).metadata.deletionTimestamp, undefined);
      release();
      await world.passUntil('it ended', async () => (await world.attemptsAt('hangs')).length === 0);
      await untilPodIsGone(world.server, 'hangs');
    });

    it('at the start of a sandbox whose pod is deleted by force: the sandbox goes as soon as it turns up', async () => {
      await world.create('late-sandbox');
      await world.podUntil('late-sandbox', isReady);
      const changes = () => world.runtime.changesOf('late-sandbox');
      const sandboxesOf = async () =>
        (await world.runtime.list()).sandboxes.filter(({ pod }) => pod.name === 'late-sandbox');
      const startIt = world.runtime.hold('startSandbox');
      await world.runtime.stop((await sandboxesOf())[0]?.id ?? '', 0);
      await eventually('another one is made', () => changes().filter((one) => one === 'create sandbox').length === 2);
      const removeIt = world.runtime.hold('remove');
      await world.remove('late-sandbox', 0);
      await world.passUntil('what had ended is being removed', () => changes().includes('remove c'));
      startIt();
      await eventually('it turns up', async () => (await sandboxesOf()).some(({ running }) => running));
      removeIt();
      await eventually('it is gone', async () => (await sandboxesOf()).length === 0);
    });

    it('for all pods: the node is not ready, says why, and is ready again afterwards', async () => {
      const release = world.runtime.hold('version');
      const notReady = await world.passUntil('the node is not ready', async () => {
        const node = await world.kubelet.node();
        return node.status?.conditions?.find(({ type, status }) => type === 'Ready' && status === 'False');
      });
      assert.match(notReady.message ?? '', /did not answer within 5 s/);
      release();
      await world.passUntil('the node is ready', async () => (await world.kubelet.conditionOf('Ready')) === 'True');
    });
  });

  describe('with an engine that was killed', () => {
    it('shows no address of a sandbox that ended, makes another one, and counts one restart', async () => {
      await world.create('survivor');
      const before = await world.podUntil('survivor', isReady);
      const makeIt = world.runtime.hold('createSandbox');
      world.runtime.die();
      const between = await world.podAfterTime('survivor', ({ status }) => status?.podIP === undefined);
      assert.deepEqual([isReady(between), between.status?.podIPs], [false, undefined]);
      makeIt();
      const pod = await world.podAfterTime('survivor', (one) => isReady(one) && statusOf(one)?.restartCount === 1);
      assert.notEqual(pod.status?.podIP, undefined);
      assert.notEqual(pod.status?.podIP, before.status?.podIP);
      const made = world.runtime.changesOf('survivor').filter((change) => /^(create|start)/.test(change));
      assert.deepEqual(made, ['create sandbox', 'create c', 'start c', 'create sandbox', 'create c', 'start c']);
      await world.remove('survivor');
    });
  });

  it('that is stopped while it starts waits for no answer', { timeout: 60_000 }, async () => {
    await world.kubelet.stop();
    const release = world.runtime.hold('list');
    await world.kubelet.start();
    await world.kubelet.stop();
    release();
    const connections = new Set<net.Socket>();
    const silent = net.createServer((connection) => connections.add(connection)).listen(0, '127.0.0.1');
    await once(silent, 'listening');
    const address = silent.address();
    const port = typeof address === 'object' && address !== null ? address.port : 0;
    await world.kubelet.start({ connection: { ...world.server.connection, servers: [`https://127.0.0.1:${port}`] } });
    await eventually('it asks', () => connections.size > 0);
    await world.kubelet.stop();
    for (const connection of connections) connection.destroy();
    silent.close();
    await world.kubelet.start();
  });

  describe('that is started again', () => {
    it('adopts what runs, and starts and ends nothing', async () => {
      world.runtime.answer('serves', 0);
      const readinessProbe = { ...exec('serves'), periodSeconds: 1 };
      await world.create('adopted', { containers: [container(patient, { readinessProbe })] });
      await world.exit('adopted', 1);
      const before = await world.podAfterTime('adopted', (pod) => isReady(pod) && statusOf(pod)?.restartCount === 1);
      const changes = world.runtime.changesOf('adopted').filter((change) => !change.startsWith('exec'));
      await world.kubelet.stop();
      await world.kubelet.start();
      await world.create('witness');
      await world.podAfterTime('witness', isReady);
      const after = await world.get('adopted');
      assert.deepEqual(after.status, before.status);
      assert.deepEqual(
        world.runtime.changesOf('adopted').filter((change) => !change.startsWith('exec')),
        changes,
      );
      await world.exit('adopted', 1);
      await world.podAfterTime('adopted', (pod) => isReady(pod) && statusOf(pod)?.restartCount === 2);
      await world.remove('adopted');
      await world.remove('witness');
    });

    it('sees what ended meanwhile', async () => {
      await world.create('ended', { restartPolicy: 'Never' });
      await world.podUntil('ended', isReady);
      await world.kubelet.stop();
      await world.exit('ended', 4);
      await world.kubelet.start();
      const pod = await world.podAfterTime('ended', ({ status }) => status?.phase === 'Failed');
      assert.equal(statusOf(pod)?.state?.terminated?.exitCode, 4);
      await world.remove('ended');
    });

    it('ends what was deleted meanwhile, with its grace', async () => {
      await world.create('deleted', { containers: [container(stubborn)], terminationGracePeriodSeconds: 50 });
      await world.podUntil('deleted', isReady);
      await world.kubelet.stop();
      await world.remove('deleted');
      await world.kubelet.start();
      await eventually('it is asked to end', () => world.runtime.changesOf('deleted').includes('stop c 50'));
      await world.pass(50);
      await untilPodIsGone(world.server, 'deleted');
    });

    it('ends what was deleted by force meanwhile', async () => {
      await world.create('erased');
      await world.podUntil('erased', isReady);
      await world.kubelet.stop();
      await world.remove('erased', 0);
      await untilPodIsGone(world.server, 'erased');
      await world.kubelet.start();
      await world.passUntil('nothing is left', async () => (await world.attemptsAt('erased')).length === 0);
    });

    it('does not run again what had ended', async () => {
      await world.create('over', { restartPolicy: 'OnFailure' });
      await world.exit('over', 0);
      await world.podPhase('over', 'Succeeded');
      const before = startsOf('over');
      await world.kubelet.stop();
      await world.kubelet.start();
      await world.create('later');
      await world.podAfterTime('later', isReady);
      assert.deepEqual(startsOf('over'), before);
      await world.remove('over');
      await world.remove('later');
    });
  });

  it('with a full name that no kernel takes is told, and nothing is made', async () => {
    await world.create('long-name', { subdomain: 's'.repeat(63), setHostnameAsFQDN: true });
    const [message = ''] = await world.messagesOf('long-name', 'FailedCreatePodSandBox');
    assert.match(message, /failed to construct FQDN from pod hostname and cluster domain, FQDN long-name\.s+\.default/);
    assert.deepEqual(world.runtime.changesOf('long-name'), []);
    await world.remove('long-name');
    await world.untilGone('long-name');
  });

  describe('whose objects change behind its back', () => {
    it('registers its node anew, and its pods go on', async () => {
      await world.create('bystander');
      await world.podUntil('bystander', isReady);
      const { metadata } = await world.kubelet.node();
      await world.server.client.delete(nodes, { name: 'node-1' });
      const found = await world.passUntil('the node is there again', async () => {
        const node = await world.kubelet.node().catch((): Node => ({}));
        return node.metadata?.uid !== undefined && node.metadata.uid !== metadata?.uid && node;
      });
      assert.equal(found.metadata?.labels?.['kubernetes.io/hostname'], 'node-1');
      assert.deepEqual(startsOf('bystander'), ['start c']);
      await world.remove('bystander');
    });

    it('restarts a container whose image was changed', async () => {
      world.runtime.addImage('busybox:2');
      await world.create('changed');
      await world.podUntil('changed', isReady);
      const body = { spec: { containers: [{ name: 'c', image: 'busybox:2' }] } };
      const key = { namespace: 'default', name: 'changed' };
      await world.server.client.patch<Pod>(pods, key, { type: 'strategic', body });
      const pod = await world.podAfterTime('changed', (one) => isReady(one) && statusOf(one)?.restartCount === 1);
      assert.equal(statusOf(pod)?.image, 'busybox:2');
      assert.deepEqual(await world.messagesOf('changed', 'Killing'), [
        'Container c definition changed, will be restarted',
      ]);
      await world.remove('changed');
    });
  });
});
