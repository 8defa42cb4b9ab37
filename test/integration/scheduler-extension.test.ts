/** Profiles and the later extension points of the scheduler (reserve, pre-bind), against the real API server. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Plugins, PreBindPlugin, ReservePlugin } from '../../scheduler/framework.ts';
import { type Scheduler, startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

/** One licence for the whole cluster: who has it is known at once, and given back when the attempt fails. */
class Licence implements ReservePlugin {
  readonly name = 'Licence';
  holder: string | undefined;

  reserve({ key }: { readonly key: string }) {
    if (this.holder !== undefined && this.holder !== key) {
      return { plugin: this.name, reasons: ['the licence is taken'], resolvable: false };
    }
    this.holder = key;
    return undefined;
  }

  unreserve({ key }: { readonly key: string }): void {
    if (this.holder === key) this.holder = undefined;
  }
}

/** Fails the first attempt of each pod. */
class SecondTime implements PreBindPlugin {
  readonly name = 'SecondTime';
  readonly seen = new Map<string, number>();

  async preBind({ key }: { readonly key: string }): Promise<void> {
    const attempts = (this.seen.get(key) ?? 0) + 1;
    this.seen.set(key, attempts);
    if (attempts === 1) throw new Error('not yet');
  }
}

describe('scheduler profiles', () => {
  const licence = new Licence();
  const secondTime = new SecondTime();
  let api: TestApiServer;
  let scheduler: Scheduler;

  before(async () => {
    api = await startTestApiServer();
    const amounts = { cpu: '4', memory: '8Gi', pods: '110' };
    const node: Node = { metadata: { name: 'n1' }, status: { capacity: amounts, allocatable: amounts } };
    await api.client.create(nodes, node);
    await api.client.patch(nodes, { name: 'n1' }, { type: 'merge', body: { spec: { taints: null } } });
    const profiles = (defaults: Plugins) => [
      { schedulerName: 'default-scheduler', plugins: defaults },
      { schedulerName: 'licensed', plugins: { ...defaults, reserves: [licence] } },
      { schedulerName: 'patient', plugins: { ...defaults, reserves: [licence], preBinds: [secondTime] } },
    ];
    const options = { connection: api.connection, logger: silentLogger, leaderElect: false, identity: 'one' };
    scheduler = await startScheduler({ ...options, profiles });
  });
  after(async () => {
    await scheduler.stop();
    await api.stop();
  });

  const create = (name: string, schedulerName: string) => {
    const containers = [{ name: 'main', image: 'registry.example/app:1' }];
    const pod: Pod = { metadata: { name, namespace }, spec: { schedulerName, containers } };
    return api.client.create(pods, pod);
  };
  const read = (name: string) => api.client.get(pods, { namespace, name });
  const placed = (name: string) =>
    eventually(`${name} has a node`, async () => (await read(name)).spec?.nodeName || undefined);

  it('place the pods that name them, each with its own plugins', async () => {
    await create('plain', 'default-scheduler');
    await create('first', 'licensed');
    assert.equal(await placed('plain'), 'n1');
    assert.equal(await placed('first'), 'n1');
    assert.equal(licence.holder, 'default/first');
  });

  it('say what a reserve plugin refused', async () => {
    await create('second', 'licensed');
    const condition = await eventually('second says why it waits', async () =>
      (await read('second')).status?.conditions?.find(({ type }) => type === 'PodScheduled'),
    );
    assert.equal(condition.message, '0/1 nodes are available: 1 the licence is taken.');
    await api.client.delete(pods, { namespace, name: 'second' }, { gracePeriodSeconds: 0 });
  });

  it('take a reservation back when a later step fails, and try again', async () => {
    licence.holder = undefined;
    await create('third', 'patient');
    assert.equal(await placed('third'), 'n1');
    assert.equal(secondTime.seen.get('default/third'), 2);
    assert.equal(licence.holder, 'default/third');
  });
});
