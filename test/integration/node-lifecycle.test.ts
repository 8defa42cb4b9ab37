/** Nodes that fall silent and come back, against the real API server, with a grace time short enough for a test. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const graceMs = 2_500;
const leaseNamespace = 'kube-node-lease';

describe('node lifecycle', () => {
  let server: TestApiServer;
  let proxy: TcpProxy;
  let manager: Running;
  /** Renew their Leases. */
  const alive = new Set<string>();
  let beat: NodeJS.Timeout;
  let renewals = 0;
  /** How wrong the controller manager's wall clock is; that of the nodes has stopped in 2001. */
  let wallJumpMs = 0;

  before(async () => {
    server = await startTestApiServer();
    proxy = await TcpProxy.start(server.port);
    const renew = async () => {
      renewals += 1;
      await Promise.allSettled([...alive].map(renewLease));
      beat = setTimeout(() => void renew(), 500);
    };
    await renew();
  });
  after(async () => {
    clearTimeout(beat);
    await proxy.stop();
    await server.stop();
  });
  beforeEach(async () => {
    manager = await startControllerManager({
      connection: { ...server.connection, servers: [`https://127.0.0.1:${proxy.port}`] },
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      nodeGraceMs: graceMs,
      clock: { ...systemClock, now: () => systemClock.now() + wallJumpMs },
    });
  });
  afterEach(async () => {
    await manager.stop();
    const { items } = await server.client.list(nodes);
    for (const { metadata } of items) await server.client.delete(nodes, { name: metadata.name });
    alive.clear();
  });

  async function renewLease(name: string): Promise<void> {
    const renewTime = `2001-01-01T00:00:00.${String(renewals).padStart(6, '0')}Z`;
    const spec = { holderIdentity: name, leaseDurationSeconds: 40, renewTime };
    const key = { namespace: leaseNamespace, name };
    try {
      await server.client.patch<Lease>(leases, key, { type: 'merge', body: { spec } });
    } catch {
      await server.client.create<Lease>(leases, { metadata: key, spec }); // It is the first one.
    }
  }

  async function addNode(name: string): Promise<void> {
    alive.add(name);
    await renewLease(name);
    await server.client.create<Node>(nodes, { metadata: { name } });
    await sayReady(name);
  }
  const sayReady = (name: string) =>
    server.client.patch<Node>(
      nodes,
      { name },
      { type: 'merge', body: { status: { conditions: [{ type: 'Ready', status: 'True', reason: 'KubeletReady' }] } } },
      { subresource: 'status' },
    );
  async function readiness(name: string): Promise<string | undefined> {
    const node = await server.client.get(nodes, { name });
    return node.status?.conditions?.find(({ type }) => type === 'Ready')?.status;
  }
  async function taints(name: string): Promise<string[]> {
    const node = await server.client.get(nodes, { name });
    return (node.spec?.taints ?? []).map(({ key, effect }) => `${key}:${effect}`).sort();
  }
  const unreachable = ['node.kubernetes.io/unreachable:NoExecute', 'node.kubernetes.io/unreachable:NoSchedule'];

  it('says that a silent node is Unknown, makes its pods not ready, and takes it all back', async () => {
    for (const name of ['a', 'b', 'c']) await addNode(name);
    const pod = { namespace: 'default', name: 'on-a' };
    const tolerations = [{ operator: 'Exists' }];
    const spec = { containers: [{ name: 'c', image: 'x' }], nodeName: 'a', tolerations };
    await server.client.create<Pod>(pods, { metadata: pod, spec });
    const status = { phase: 'Running', conditions: [{ type: 'Ready', status: 'True' }] };
    await server.client.patch(pods, pod, { type: 'merge', body: { status } }, { subresource: 'status' });
    await eventually('the nodes have no taints', async () => (await taints('a')).length === 0);

    alive.delete('a');
    await eventually('a is Unknown', async () => (await readiness('a')) === 'Unknown');
    await eventually('a is tainted', async () => assert.deepEqual(await taints('a'), unreachable) ?? true);
    await eventually('its pod is not ready', async () => {
      const { status: seen } = await server.client.get(pods, pod);
      return seen?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'False');
    });
    assert.deepEqual([await readiness('b'), await readiness('c')], ['True', 'True']);

    alive.add('a');
    await sayReady('a');
    await eventually('a has no taints', async () => (await taints('a')).length === 0);
  });

  it('drives nobody away when every node is silent', async () => {
    for (const name of ['a', 'b']) await addNode(name);
    await eventually('the nodes have no taints', async () => (await taints('b')).length === 0);
    alive.clear();
    await eventually(
      'all are Unknown',
      async () => (await readiness('a')) === 'Unknown' && (await readiness('b')) === 'Unknown',
    );
    await eventually('only new pods stay away', async () => {
      const seen = [await taints('a'), await taints('b')];
      assert.deepEqual(seen, [[unreachable[1]], [unreachable[1]]]);
      return true;
    });
  });

  it('blames no node for the time in which it could not hear itself', async () => {
    for (const name of ['a', 'b']) await addNode(name);
    await eventually('the nodes have no taints', async () => (await taints('b')).length === 0);
    proxy.refuse(true);
    proxy.cut();
    // Nobody renews either: as when the API server is away.
    alive.clear();
    // What must not happen shows only once the time has passed in which it would have: no state tells of it.
    await new Promise((resolve) => setTimeout(resolve, graceMs + 500));
    for (const name of ['a', 'b']) alive.add(name);
    proxy.refuse(false);
    await new Promise((resolve) => setTimeout(resolve, graceMs + 500));
    assert.deepEqual([await readiness('a'), await readiness('b')], ['True', 'True']);
  });

  it('lets clocks jump: no node is lost, and the difference is told', async () => {
    for (const name of ['a', 'b']) await addNode(name);
    await eventually('the nodes have no taints', async () => (await taints('b')).length === 0);
    const hour = 3_600_000;
    for (const jumpMs of [24 * hour, -hour]) {
      wallJumpMs = jumpMs;
      // What must not happen shows only once the time has passed in which it would have: no state tells of it.
      await new Promise((resolve) => setTimeout(resolve, graceMs / 2 + 500));
    }
    wallJumpMs = 0;
    assert.deepEqual([await readiness('a'), await readiness('b')], ['True', 'True']);
    assert.deepEqual([await taints('a'), await taints('b')], [[], []]);
    await eventually('a condition', async () => {
      const { status } = await server.client.get(nodes, { name: 'a' });
      return status?.conditions?.some(
        ({ type, status: is, message }) =>
          type === 'longshore.dev/ClockSkewed' && is === 'True' && message?.includes('behind'),
      );
    });
  });

  it('gives every node a pod network of its own', async () => {
    await Promise.all(Array.from({ length: 20 }, (_, i) => addNode(`n${i}`)));
    const given = await eventually('all have one', async () => {
      const { items } = await server.client.list(nodes);
      const cidrs = items.map(({ spec }) => spec?.podCIDR);
      return cidrs.every((cidr) => cidr !== undefined) && cidrs;
    });
    assert.equal(new Set(given).size, 20);
  });
});
