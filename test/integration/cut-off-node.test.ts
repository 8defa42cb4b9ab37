/**
 * Pods of a node that is cut off: the kubelet ends those that ask for it, and only then are they made anew. Without an
 * engine; the kubelet's time and the controllers' are two clocks, which only the test moves.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { endsWhenCutOffCondition, moveWhenCutOffAnnotation } from '../../api/cut-off.ts';
import type { Stored } from '../../api/object.ts';
import { statefulSets } from '../../api/resources/apps.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { StatefulSet } from '../../api/types/apps/v1.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { FakeKubelet } from '../support/fake-kubelet.ts';
import { container, isReady } from '../support/kubelet-world.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const graceSeconds = 5;

describe('a node that is cut off', { timeout: 600_000 }, () => {
  const kubeletClock = new FakeClock(Date.now());
  const managerClock = new FakeClock(Date.now());
  let server: TestApiServer;
  let proxy: TcpProxy;
  let kubelet: FakeKubelet;
  let manager: Running;

  before(async () => {
    server = await startTestApiServer();
    proxy = await TcpProxy.start(server.port);
    const connection = { ...(await server.connectAsNode('node-1')), servers: [`https://127.0.0.1:${proxy.port}`] };
    kubelet = await FakeKubelet.start(server, { clock: kubeletClock, connection });
    await server.client.create<Node>(nodes, { metadata: { name: 'other' } });
    await sayOf('other', 'True');
    manager = await startControllerManager({
      connection: server.connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      clock: managerClock,
      controllers: ['statefulset-controller', 'node-cut-off-controller'],
    });
  });
  after(async () => {
    await manager?.stop();
    await kubelet?.remove();
    await proxy?.stop();
    await server?.stop();
  });

  /** The part of the node lifecycle controller. */
  const sayOf = (name: string, status: string) =>
    server.client.patch<Node>(
      nodes,
      { name },
      { type: 'merge', body: { status: { conditions: [{ type: 'Ready', status }] } } },
      { subresource: 'status' },
    );
  const get = (name: string): Promise<Stored<Pod>> => server.client.get<Pod>(pods, { namespace, name });
  const podUntil = (name: string, check: (pod: Stored<Pod>) => boolean) =>
    eventually(`pod ${name}`, async () => {
      const pod = await get(name);
      return check(pod) && pod;
    });
  const promises = ({ status }: Pod) =>
    status?.conditions?.some(({ type, status: is }) => type === endsWhenCutOffCondition && is === 'True') ?? false;
  const bind = (name: string) =>
    server.client.createSubresource(pods, { namespace, name }, 'binding', {
      apiVersion: 'v1',
      kind: 'Binding',
      metadata: { name },
      target: { kind: 'Node', name: 'node-1' },
    } as never);
  async function runs(name: string): Promise<boolean> {
    const { containers } = await kubelet.runtime.list();
    return containers.some(({ pod, status }) => pod.name === name && status.type === 'running');
  }
  /** While the kubelet's time passes, a second and then another. */
  const passUntil = (clock: FakeClock, what: string, check: () => boolean | Promise<boolean>) =>
    eventually(
      what,
      async () => {
        if (await check()) return true;
        await clock.advance(1_000);
        return false;
      },
      { everyMs: 5 },
    );
  const cutOff = (isCut: boolean) => {
    proxy.refuse(isCut);
    if (isCut) proxy.cut();
  };

  async function createSet(name: string): Promise<Stored<Pod>> {
    await server.client.create<StatefulSet>(statefulSets, {
      metadata: { namespace, name, annotations: { [moveWhenCutOffAnnotation]: 'true' } },
      spec: {
        replicas: 1,
        serviceName: name,
        selector: { matchLabels: { app: name } },
        template: {
          metadata: { labels: { app: name } },
          spec: { containers: [container()], terminationGracePeriodSeconds: graceSeconds },
        },
      },
    });
    await podUntil(`${name}-0`, () => true);
    await bind(`${name}-0`);
    return await podUntil(`${name}-0`, (pod) => isReady(pod) && promises(pod));
  }

  it('ends its pods of StatefulSets that ask for it, and only then are they made anew; others go on', async () => {
    await server.client.create<Pod>(pods, {
      metadata: { namespace, name: 'stays' },
      spec: { nodeName: 'node-1', containers: [container()] },
    });
    assert.equal(promises(await podUntil('stays', isReady)), false);
    const first = await createSet('web');

    cutOff(true);
    await kubeletClock.advance(45_000);
    assert.equal(await runs('web-0'), true, 'it waits: the network may come back');
    await sayOf('node-1', 'Unknown');
    await managerClock.advance(60_000);
    assert.equal((await get('web-0')).metadata.uid, first.metadata.uid, 'the control plane waits longer');

    await passUntil(kubeletClock, 'the pod ends', async () => !(await runs('web-0')));
    assert.equal(await runs('stays'), true);
    await passUntil(managerClock, 'it is made anew', async () => {
      const { items } = await server.client.list(pods, { namespace, labelSelector: 'app=web' });
      return items.some(({ metadata, spec }) => metadata.uid !== first.metadata.uid && spec?.nodeName === undefined);
    });

    cutOff(false);
    await passUntil(kubeletClock, 'nothing is left of the first one', async () => {
      const { containers } = await kubelet.runtime.list();
      return containers.every(({ pod }) => pod.uid !== first.metadata.uid);
    });
    assert.equal(await runs('stays'), true);
  });

  it('also when the kubelet was started again meanwhile, and has never heard of the API', async () => {
    await createSet('db');
    cutOff(true);
    await kubelet.stop();
    await kubelet.start();
    assert.equal(await runs('db-0'), true);
    await passUntil(kubeletClock, 'the pod ends', async () => !(await runs('db-0')));
    cutOff(false);
  });
});
