/** The scheduler against the real API server: what becomes of pods, never which calls were made. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { setTimeout } from 'node:timers/promises';
import type { Stored } from '../../api/object.ts';
import { events, nodes, pods } from '../../api/resources/core.ts';
import { priorityClasses } from '../../api/resources/scheduling.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

function podOf(name: string, spec: Partial<NonNullable<Pod['spec']>> = {}, cpu = '100m', labels = {}): Pod {
  const containers = [{ name: 'main', image: 'registry.example/app:1', resources: { requests: { cpu } } }];
  const metadata = { name, namespace, labels };
  return { apiVersion: 'v1', kind: 'Pod', metadata, spec: { schedulerName: 'default-scheduler', containers, ...spec } };
}

describe('scheduler', () => {
  let api: TestApiServer;
  let scheduler: Scheduler;

  const start = (identity: string, leaderElect = false) =>
    startScheduler({ connection: api.connection, logger: silentLogger, leaderElect, identity });
  const read = (name: string) => api.client.get(pods, { namespace, name });
  const nodeOf = async (name: string) =>
    await eventually(`${name} has a node`, async () => (await read(name)).spec?.nodeName || undefined);
  const whyPending = async (name: string, since?: string) =>
    await eventually(`${name} says why it waits`, async () => {
      const condition = (await read(name)).status?.conditions?.find(({ type }) => type === 'PodScheduled');
      return condition?.status === 'False' && condition.message !== since ? condition : undefined;
    });

  async function addNode(name: string, cpu: string, more: Partial<Node> = {}): Promise<Stored<Node>> {
    const amounts = { cpu, memory: '8Gi', pods: '110' };
    const metadata = { name, labels: { 'kubernetes.io/hostname': name } };
    const node: Node = {
      apiVersion: 'v1',
      kind: 'Node',
      metadata,
      status: { capacity: amounts, allocatable: amounts },
      ...more,
    };
    await api.client.create(nodes, node);
    return await setNode(name, { spec: { taints: null, ...more.spec } });
  }

  const setNode = (name: string, body: object) => api.client.patch(nodes, { name }, { type: 'merge', body });
  const remove = (name: string) => api.client.delete(pods, { namespace, name }, { gracePeriodSeconds: 0 });

  before(async () => {
    api = await startTestApiServer();
    scheduler = await start('one');
  });
  after(async () => {
    await scheduler.stop();
    await api.stop();
  });

  it('says when there are no nodes, and goes on once there is one', async () => {
    await api.client.create(pods, podOf('first'));
    const { reason, message } = await whyPending('first');
    assert.deepEqual([reason, message], ['Unschedulable', 'no nodes available to schedule pods']);
    await addNode('n1', '2');
    assert.equal(await nodeOf('first'), 'n1');
  });

  it('tells in a condition and an event why a pod fits nowhere, for each group of nodes', async () => {
    await addNode('n2', '2', { spec: { unschedulable: true } });
    await addNode('n3', '64', { spec: { taints: [{ key: 'gpu', effect: 'NoSchedule' }] } });
    await api.client.create(pods, podOf('huge', {}, '16'));
    const { message } = await whyPending('huge');
    const none = '3 Preemption is not helpful for scheduling.';
    assert.equal(
      message,
      '0/3 nodes are available: 1 Insufficient cpu, 1 node(s) had untolerated taint(s), 1 node(s) were unschedulable. ' +
        `no new claims to deallocate, preemption: 0/3 nodes are available: ${none}`,
    );
    const event = await eventually('the event is written', async () => {
      const { items } = await api.client.list(events, { namespace });
      return items.find(
        ({ reason, involvedObject }) => reason === 'FailedScheduling' && involvedObject.name === 'huge',
      );
    });
    assert.deepEqual([event.action, event.message], ['Scheduling', message]);
  });

  it('tries again when a change may help: a taint that goes', async () => {
    await setNode('n3', { spec: { taints: null } });
    assert.equal(await nodeOf('huge'), 'n3');
    await remove('huge');
  });

  it('gives freed room to who waits for it', async () => {
    await setNode('n3', { spec: { unschedulable: true } });
    await api.client.create(pods, podOf('large', {}, '1500m'));
    assert.equal(await nodeOf('large'), 'n1');
    await api.client.create(pods, podOf('next', {}, '1500m'));
    await whyPending('next');
    await remove('large');
    assert.equal(await nodeOf('next'), 'n1');
    await remove('next');
    await setNode('n3', { spec: { unschedulable: null } });
  });

  it('counts a pod before its binding is seen: many at once do not overfill a node', async () => {
    await addNode('small', '1', { metadata: { name: 'small', labels: { size: 'small' } } });
    const names = Array.from({ length: 15 }, (_, i) => `many-${i}`);
    await Promise.all(names.map((name) => api.client.create(pods, podOf(name, { nodeSelector: { size: 'small' } }))));
    const placed = await eventually('ten have a node and five know why not', async () => {
      const all = await Promise.all(names.map(read));
      const waiting = all.filter(({ status }) => status?.conditions?.some(({ reason }) => reason === 'Unschedulable'));
      const bound = all.filter(({ spec }) => spec?.nodeName === 'small');
      return bound.length === 10 && waiting.length === 5;
    });
    assert.equal(placed, true);
    await Promise.all(names.map(remove));
  });

  it('makes room for a more important pod, and says so', async () => {
    await addNode('only', '1', { metadata: { name: 'only', labels: { size: 'only' } } });
    const here = { nodeSelector: { size: 'only' } };
    await api.client.create(pods, podOf('lesser', { ...here, priority: 0, terminationGracePeriodSeconds: 0 }, '800m'));
    assert.equal(await nodeOf('lesser'), 'only');
    await api.client.create(priorityClasses, { metadata: { name: 'important' }, value: 100 });
    const important = { ...here, priorityClassName: 'important', priority: 100 };
    await api.client.create(pods, podOf('greater', important, '800m'));
    await eventually(
      'the victim is asked to go',
      async () =>
        (await read('lesser').catch(() => undefined))?.metadata.deletionTimestamp !== undefined ||
        (await read('greater')).spec?.nodeName === 'only',
    );
    await remove('lesser').catch(() => undefined);
    assert.equal(await nodeOf('greater'), 'only');
  });

  it('leaves pods of other schedulers and gated pods alone', async () => {
    await api.client.create(pods, podOf('foreign', { schedulerName: 'mine' }));
    await api.client.create(pods, podOf('gated', { schedulingGates: [{ name: 'wait' }] }));
    await api.client.create(pods, podOf('after'));
    await nodeOf('after');
    assert.equal((await read('foreign')).spec?.nodeName, undefined);
    assert.equal((await read('gated')).spec?.nodeName, undefined);
  });

  it('lets a standby take over, which binds what waits and binds nothing twice', async () => {
    await scheduler.stop();
    const first = await start('a', true);
    await api.client.create(pods, podOf('led-1'));
    await nodeOf('led-1');
    const second = await start('b', true);
    await first.stop();
    await api.client.create(pods, podOf('led-2'));
    await nodeOf('led-2');
    await second.stop();
    scheduler = await start('c');
  });

  it('binds every pod once and counts each on its node although answers are lost', async () => {
    await scheduler.stop();
    const wire = await TcpProxy.start(api.port);
    const connection = { ...api.connection, servers: [`https://127.0.0.1:${wire.port}`] };
    scheduler = await startScheduler({ connection, logger: silentLogger, leaderElect: false, identity: 'd' });
    await addNode('cut', '2', { metadata: { name: 'cut', labels: { size: 'cut' } } });
    const names = Array.from({ length: 20 }, (_, i) => `cut-${i}`);
    for (const [i, name] of names.entries()) {
      await api.client.create(pods, podOf(name, { nodeSelector: { size: 'cut' } }));
      if (i % 5 === 2) {
        wire.holdAnswers(true);
        await setTimeout(20);
        wire.cut();
        wire.holdAnswers(false);
      }
    }
    await eventually('all twenty are bound', async () =>
      (await Promise.all(names.map(read))).every(({ spec }) => spec?.nodeName === 'cut'),
    );
    await api.client.create(pods, podOf('one-too-many', { nodeSelector: { size: 'cut' } }));
    assert.match((await whyPending('one-too-many')).message ?? '', /1 Insufficient cpu/);
    await scheduler.stop();
    await wire.stop();
    scheduler = await start('e');
  });
});
