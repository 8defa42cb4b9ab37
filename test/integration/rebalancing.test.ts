/** Pods move to a node that came back: hollow nodes, the real scheduler and controllers, on a clock that is fast. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { deployments } from '../../api/resources/apps.ts';
import { events, nodes, pods } from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import type { Event, Pod } from '../../api/types/core/v1.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { HollowNodes } from '../../bench/hollow/hollow-nodes.ts';
import { createInformer } from '../../client/informer.ts';
import type { Cached } from '../../client/object-cache.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { startScheduler } from '../../scheduler/scheduler.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';
import { ensureNamespace } from '../support/test-kubelet.ts';

const speed = 200;
const fastClock: Clock = {
  now: () => systemClock.now(),
  monotonic: () => systemClock.monotonic() * speed,
  sleep: (ms, signal) => systemClock.sleep(ms / speed, signal),
};
const namespace = 'default';
const replicas = 4;

describe('pods of a workload that asks to be rebalanced', () => {
  let server: TestApiServer;
  const closers: (() => Promise<unknown>)[] = [];
  let seen: { readonly least: () => number; readonly on: (node: string) => number };

  before(async () => {
    server = await startTestApiServer();
    closers.push(() => server.stop());
    const { connection } = server;
    for (const name of ['default', 'kube-node-lease']) await ensureNamespace(server, name);
    const capacity = { cpu: '8', memory: '32Gi', pods: '20' };
    const options = { connection, logger: silentLogger };
    const hollow = await HollowNodes.start({ ...options, count: 2, prefix: 'hollow', capacity });
    closers.push(() => hollow.stop());
    const controllers = [
      ...['deployment-controller', 'replicaset-controller', 'disruption-controller', 'pod-rebalancer-controller'],
      ...['node-ipam-controller', 'node-lifecycle-controller'],
    ];
    const own = { leaderElect: false, identity: 'test' };
    const nodeGraceMs = 1e9;
    const parts: Running[] = [
      await startControllerManager({ ...options, ...own, controllers, clock: fastClock, nodeGraceMs }),
      await startScheduler({ ...options, ...own }),
    ];
    closers.push(() => Promise.all(parts.map((part) => part.stop())));
    await eventually('both nodes take pods', async () => {
      const { items } = await server.client.list(nodes);
      return items.length === 2 && items.every(({ spec }) => (spec?.taints ?? []).length === 0);
    });
    seen = await watchPods();
  });
  after(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function watchPods(): Promise<typeof seen> {
    const informer = createInformer(server.client, pods, { namespace, logger: silentLogger });
    const end = new AbortController();
    let least = Number.POSITIVE_INFINITY;
    let wereAll = false;
    const ready = () => [...informer.list(namespace)].filter(isServing);
    informer.onChange(() => {
      const count = ready().length;
      wereAll ||= count === replicas;
      if (wereAll) least = Math.min(least, count);
    });
    const running = informer.run(end.signal);
    closers.push(async () => {
      end.abort();
      await running;
    });
    return { least: () => least, on: (node) => ready().filter(({ spec }) => spec?.nodeName === node).length };
  }

  const cordon = (name: string, unschedulable: boolean) =>
    server.client.patch(nodes, { name }, { type: 'merge', body: { spec: { unschedulable } } });
  const ask = (wish: string | null) =>
    server.client.patch(
      deployments,
      { namespace, name: 'web' },
      { type: 'merge', body: { metadata: { annotations: { 'longshore.dev/rebalance': wish } } } },
    );
  const told = (reason: string) =>
    eventually(`event ${reason}`, async () => {
      const { items } = await server.client.list<Event>(events, { namespace });
      return items.find((event) => event.reason === reason && event.involvedObject.kind === 'Deployment');
    });

  it('are told of in a dry run, and then moved one by one: the new one first, and as a budget allows', async () => {
    await cordon('hollow-1', true);
    const selector = { matchLabels: { app: 'web' } };
    await server.client.create(podDisruptionBudgets, {
      metadata: { namespace, name: 'web' },
      spec: { minAvailable: replicas, selector },
    });
    await server.client.create(deployments, {
      metadata: { namespace, name: 'web', annotations: { 'longshore.dev/rebalance': 'dry-run' } },
      spec: {
        replicas,
        selector,
        template: {
          metadata: { labels: { app: 'web' } },
          spec: { terminationGracePeriodSeconds: 1, containers: [{ name: 'c', image: 'registry.example/web:1' }] },
        },
      },
    });
    await eventually('all serve', () => seen.on('hollow-0') === replicas);
    await cordon('hollow-1', false);
    const { message } = await told('WouldMovePod');
    assert.match(message ?? '', /^Would move pod web-\S+ from node hollow-0: node hollow-1 could take it$/);
    assert.equal(seen.on('hollow-0'), replicas);
    await ask('true');
    await eventually('half are there', () => seen.on('hollow-1') === 2 && seen.on('hollow-0') === 2, {
      timeoutMs: 60_000,
    });
    assert.match((await told('MovingPod')).message ?? '', /a new one comes first$/);
    assert.match((await told('MovedPod')).message ?? '', /from node hollow-0 to hollow-1$/);
    assert.equal(seen.least(), replicas, 'as many served all the time');
    await eventually('nothing moves any more', async () => {
      const { items } = await server.client.list<Pod>(pods, { namespace });
      return items.every(({ metadata }) => metadata.annotations?.['longshore.dev/moving-since'] === undefined);
    });
  });
});

const isServing = ({ metadata, status }: Cached<Pod>): boolean =>
  metadata.deletionTimestamp === undefined &&
  (status?.conditions ?? []).some(({ type, status: state }) => type === 'Ready' && state === 'True');
