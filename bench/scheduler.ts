/**
 * How many pods a second get a node, in one run beside the raw limits: what the decisions alone allow, and what the
 * API server alone allows. Etcd, API server, scheduler and load are processes of their own, as in production.
 *
 *   npm run bench -- scheduler [nodes pods]…        default: 500 nodes and 3000 pods, 5000 nodes and 10000 pods
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import type { Node, Pod } from 'kubernetes-types/core/v1';
import { EtcdStore } from '../apiserver/store/etcd-store.ts';
import { createLogger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import type { Cached } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { decide } from '../scheduler/decision.ts';
import { createDefaultPlugins } from '../scheduler/default-plugins.ts';
import { Nominations } from '../scheduler/nominations.ts';
import { createPodInfo } from '../scheduler/pod-info.ts';
import { startScheduler } from '../scheduler/scheduler.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import { TemplateMemory } from '../scheduler/template-results.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import { startTestApiServer } from '../test/support/test-api-server.ts';
import { runLoad } from './load.ts';

const inFlight = 64;
const logger = createLogger('bench', { level: 'warn' });

type Role =
  | { readonly role: 'apiserver'; readonly etcd: string }
  | { readonly role: 'scheduler'; readonly connection: Connection };

function nodeOf(index: number): Node {
  const name = `node-${index}`;
  const amounts = { cpu: '32', memory: '64Gi', pods: '110', 'ephemeral-storage': '100Gi' };
  const labels = { 'kubernetes.io/hostname': name, 'topology.kubernetes.io/zone': `zone-${index % 3}` };
  const conditions = [{ type: 'Ready', status: 'True' }];
  return {
    apiVersion: 'v1',
    kind: 'Node',
    metadata: { name, labels },
    status: { capacity: amounts, allocatable: amounts, conditions },
  };
}

function podOf(name: string): Pod {
  const resources = { requests: { cpu: '100m', memory: '128Mi' } };
  const containers = [{ name: 'main', image: 'registry.example/app:1', resources }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name, namespace: 'default', labels: { app: 'bench' } },
    spec: { containers },
  };
}

/** The decisions alone: no API, no informers. */
function measureDecisions(nodes: number, pods: number): number {
  const snapshot = new Snapshot();
  const none = { get: () => undefined, list: () => [], byIndex: () => [], size: 0 };
  const plugins = createDefaultPlugins({
    services: none,
    replicationControllers: none,
    replicaSets: none,
    statefulSets: none,
    namespaces: none,
  });
  for (let i = 0; i < nodes; i++) snapshot.setNode(nodeOf(i) as Cached<Node>);
  const context = {
    snapshot,
    plugins,
    templates: new TemplateMemory(),
    nominations: new Nominations(),
    random: Math.random,
  };
  const began = performance.now();
  for (let i = 0; i < pods; i++) {
    const pod = createPodInfo(podOf(`pod-${i}`) as Cached<Pod>);
    const decision = decide(pod, context);
    if (decision.type === 'node') snapshot.assume(pod, decision.node);
  }
  return pods / ((performance.now() - began) / 1000);
}

async function measureThroughApi(nodes: number, pods: number): Promise<{ api: number; endToEnd: number }> {
  const etcd = await TestEtcd.start();
  const server = await startProcess({ role: 'apiserver', etcd: etcd.url });
  const connection = server.answer as Connection;
  const create = (path: string, objects: readonly object[]) =>
    runLoad(connection, {
      connections: inFlight,
      requests: objects.length,
      next: (n) => ({ method: 'POST', path, body: JSON.stringify(objects[n]) }),
    });
  try {
    await create(
      '/api/v1/nodes',
      Array.from({ length: nodes }, (_, i) => nodeOf(i)),
    );
    const client = createRestClient(connection, { userAgent: 'bench', logger });
    await untaint(connection, nodes);
    const alone = Array.from({ length: Math.min(pods, 3000) }, (_, i) => podOf(`raw-${i}`));
    const rawBegan = performance.now();
    await create('/api/v1/namespaces/default/pods', alone);
    await runLoad(connection, {
      connections: inFlight,
      requests: alone.length,
      next: (n) => ({
        method: 'POST',
        path: `/api/v1/namespaces/default/pods/raw-${n}/binding`,
        body: JSON.stringify({
          apiVersion: 'v1',
          kind: 'Binding',
          metadata: { name: `raw-${n}` },
          target: { kind: 'Node', name: `node-${n % nodes}` },
        }),
      }),
    });
    const api = alone.length / ((performance.now() - rawBegan) / 1000);
    const scheduler = await startProcess({ role: 'scheduler', connection });
    const began = performance.now();
    await create(
      '/api/v1/namespaces/default/pods',
      Array.from({ length: pods }, (_, i) => podOf(`pod-${i}`)),
    );
    for (;;) {
      const { items, metadata } = JSON.parse(
        (await client.raw('GET', '/api/v1/pods?fieldSelector=spec.nodeName%3D&limit=1')).text,
      ) as { items: unknown[]; metadata: object };
      void metadata;
      if (items.length === 0) break;
      await new Promise((resolve) => setTimeout(resolve, 20));
    }
    const endToEnd = pods / ((performance.now() - began) / 1000);
    await scheduler.stop();
    await client.close();
    return { api, endToEnd };
  } finally {
    await server.stop();
    await etcd.stop();
  }
}

/** New nodes are tainted as not ready, and there is no controller here that would take it off. */
async function untaint(connection: Connection, nodes: number): Promise<void> {
  await runLoad(connection, {
    connections: inFlight,
    requests: nodes,
    next: (n) => ({
      method: 'PATCH',
      path: `/api/v1/nodes/node-${n}`,
      contentType: 'application/merge-patch+json',
      body: JSON.stringify({ spec: { taints: null } }),
    }),
  });
}

async function startProcess(role: Role): Promise<{ answer: unknown; stop(): Promise<void> }> {
  const child: ChildProcess = fork(fileURLToPath(import.meta.url), { execArgv: ['--import', 'tsx'] });
  child.send(role);
  const [answer] = (await once(child, 'message')) as [unknown];
  return {
    answer,
    async stop() {
      const exited = once(child, 'exit');
      child.disconnect();
      await exited;
    },
  };
}

async function play(role: Role): Promise<void> {
  if (role.role === 'apiserver') {
    const store = new EtcdStore({ servers: [role.etcd], logger });
    const server = await startTestApiServer({ store, logger });
    process.send?.(server.connection);
  } else {
    const { connection } = role;
    const scheduler = await startScheduler({ connection, logger, leaderElect: false, identity: 'bench' });
    while (scheduler.whyNotReady() !== undefined) await new Promise((resolve) => setTimeout(resolve, 20));
    process.send?.('ready');
  }
}

if (process.send === undefined) {
  const sizes = process.argv.slice(2).map(Number);
  if (sizes.length === 0) sizes.push(500, 3000, 5000, 10_000);
  for (let i = 0; i + 1 < sizes.length; i += 2) {
    const [nodes = 0, pods = 0] = sizes.slice(i, i + 2);
    const decisions = measureDecisions(nodes, pods);
    const { api, endToEnd } = await measureThroughApi(nodes, pods);
    console.log(
      `${nodes} nodes, ${pods} pods: ${endToEnd.toFixed(0)} pods/s end to end` +
        ` (raw: ${decisions.toFixed(0)} decisions/s; create and bind without a scheduler ${api.toFixed(0)} pods/s)`,
    );
  }
} else {
  process.once('message', (role) => void play(role as Role));
  process.once('disconnect', () => process.exit(0));
}
