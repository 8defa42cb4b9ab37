/**
 * When a deleted pod is told to end: the kubelet, the controllers and the API server, with proxies that the test plays.
 * The kubelet's time is the test's.
 */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { drainBoundAnnotation, drainedCondition, programmedRevisionAnnotation } from '../../api/pod-drain.ts';
import { podCondition } from '../../api/pods.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Node, Pod, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { container, isReady, KubeletWorld } from '../support/kubelet-world.ts';

const namespace = 'default';

describe('a deleted pod', { timeout: 600_000 }, () => {
  let world: KubeletWorld;
  let manager: Running;
  before(async () => {
    world = await KubeletWorld.start();
    const { client, connection } = world.server;
    manager = await startControllerManager({
      connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      clusterCidr: '10.244.0.0/16',
    });
    await client.create<Node>(nodes, { metadata: { name: 'node-2' } });
    await client.create<Lease>(leases, { metadata: { namespace: 'kube-node-lease', name: 'node-2' }, spec: {} });
    const ports = [{ port: 80 }];
    await client.create<Service>(services, {
      metadata: { namespace, name: 'web' },
      spec: { selector: { app: 'web' }, ports },
    });
  });
  after(async () => {
    await manager?.stop();
    await world?.stop();
  });

  /** A pod behind the Service, once its slice says that it is ready. */
  async function startPod(name: string, annotations: Record<string, string> = {}): Promise<void> {
    await world.server.client.create<Pod>(pods, {
      metadata: { namespace, name, labels: { app: 'web' }, annotations },
      spec: { terminationGracePeriodSeconds: 30, nodeName: 'node-1', containers: [container()] },
    });
    await world.podAfterTime(name, isReady);
    await eventually(`${name} is an endpoint`, async () => (await endpointOf(name))?.conditions?.ready);
  }

  async function endpointOf(name: string) {
    const { items } = await world.server.client.list<EndpointSlice>(endpointSlices, { namespace });
    return items.flatMap(({ endpoints }) => endpoints ?? []).find(({ targetRef }) => targetRef?.name === name);
  }

  /** A proxy says that it has programmed all that there is now, or nothing. */
  async function program(node: string, revision?: string): Promise<void> {
    const { client } = world.server;
    const { metadata } = await client.list<EndpointSlice>(endpointSlices, { namespace });
    const annotations = { [programmedRevisionAnnotation]: revision ?? metadata.resourceVersion };
    const body = { metadata: { annotations }, spec: { renewTime: new Date().toISOString().replace('Z', '000Z') } };
    await client.patch<Lease>(leases, { namespace: 'kube-node-lease', name: node }, { type: 'merge', body });
  }

  const hasLeft = (name: string) =>
    eventually(`${name} is on its way out`, async () => (await endpointOf(name))?.conditions?.terminating);
  const isRunning = async (name: string): Promise<boolean> =>
    (await world.attemptsAt(name))[0]?.status.type === 'running';

  it('ends when all proxies have programmed that it left, and says until then who is waited for', async () => {
    await program('node-1');
    await program('node-2');
    await startPod('watched');
    await world.remove('watched');
    await hasLeft('watched');
    await program('node-1');
    const pod = await world.podUntil('watched', (one) => podCondition(one, drainedCondition)?.status === 'False');
    assert.equal(podCondition(pod, drainedCondition)?.message, 'proxies of node-2 may still lead to the pod');
    await world.pass(9);
    assert.equal(await isRunning('watched'), true);
    await program('node-2');
    await world.untilGone('watched');
  });

  it('ends at its bound, and then says so', async () => {
    await startPod('bounded', { [drainBoundAnnotation]: '3s' });
    await world.remove('bounded');
    await hasLeft('bounded');
    await world.podUntil('bounded', (one) => podCondition(one, drainedCondition)?.status === 'False');
    await world.pass(2.5);
    assert.equal(await isRunning('bounded'), true);
    await world.pass(1);
    await world.untilGone('bounded');
    const [message] = await world.messagesOf('bounded', 'EndpointsNotDrained');
    assert.match(message ?? '', /^The pod ends although it may still be sent requests, after 3s: proxies of node-/);
  });

  it('ends at once with a bound of 0, without a Service, or by force', async () => {
    await startPod('unbound', { [drainBoundAnnotation]: '0s' });
    await world.remove('unbound');
    await world.create('unserved');
    await world.podAfterTime('unserved', isReady);
    await world.remove('unserved');
    await startPod('forced');
    await world.remove('forced', 0);
    for (const name of ['unbound', 'unserved', 'forced'])
      await eventually(`${name} does not run`, async () => !(await isRunning(name)));
  });
});
