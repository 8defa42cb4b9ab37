/**
 * How many pods a second get a node, in one run beside the raw limits: what the decisions alone allow, and what the
 * API server alone allows. Etcd, API server, scheduler and load are processes of their own, as in production.
 */

import { type ChildProcess, fork } from 'node:child_process';
import { once } from 'node:events';
import { fileURLToPath } from 'node:url';
import { pods as podKind } from '../api/resources/core.ts';
import type { Node, Pod } from '../api/types/core/v1.ts';
import { createDeferred } from '../base/deferred.ts';
import { createLogger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { createInformer } from '../client/informer.ts';
import type { Cached } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { decide } from '../scheduler/decision.ts';
import { createDefaultPlugins } from '../scheduler/default-plugins.ts';
import { Nominations } from '../scheduler/nominations.ts';
import { createPodInfo } from '../scheduler/pod-info.ts';
import { Snapshot } from '../scheduler/snapshot.ts';
import { TemplateMemory } from '../scheduler/template-results.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import { runLoad } from './load.ts';
import { formatCount, printReport, type Row } from './report.ts';
import type { Role } from './scheduler-process.ts';

const inFlight = 64;
const rawPods = 3000;
const sizes = [
  { nodes: 500, pods: 3_000, goal: 1_000 },
  { nodes: 5_000, pods: 10_000, goal: 700 },
] as const;
const logger = createLogger('bench', { level: 'warn' });

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
    const alone = Array.from({ length: Math.min(pods, rawPods) }, (_, i) => podOf(`raw-${i}`));
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
    const bound = watchBound(client, pods);
    await bound.ready;
    const began = performance.now();
    await create(
      '/api/v1/namespaces/default/pods',
      Array.from({ length: pods }, (_, i) => podOf(`pod-${i}`)),
    );
    await bound.all;
    const endToEnd = pods / ((performance.now() - began) / 1000);
    await bound.stop();
    await scheduler.stop();
    await client.close();
    return { api, endToEnd };
  } finally {
    await server.stop();
    await etcd.stop();
  }
}

/** Tells when a watcher has seen `count` more pods with a node. */
function watchBound(
  client: Client,
  count: number,
): { ready: Promise<void>; all: Promise<void>; stop(): Promise<void> } {
  const over = new AbortController();
  const all = createDeferred<void>();
  const informer = createInformer(client, podKind, { logger, fieldSelector: 'metadata.namespace=default' });
  let seen = 0;
  informer.onChange(({ next, previous }) => {
    const isNew = next?.metadata.name.startsWith('pod-') && next.spec?.nodeName && !previous?.spec?.nodeName;
    if (isNew && ++seen === count) all.resolve();
  });
  const running = informer.run(over.signal);
  return {
    ready: informer.synced(),
    all: all.promise,
    async stop() {
      over.abort();
      await running;
    },
  };
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
  const child: ChildProcess = fork(fileURLToPath(new URL('./scheduler-process.ts', import.meta.url)), {
    execArgv: ['--import', 'tsx'],
  });
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

export async function run(): Promise<void> {
  const rows: Row[] = [];
  for (const { nodes, pods, goal } of sizes) {
    const decisions = measureDecisions(nodes, pods);
    const { api, endToEnd } = await measureThroughApi(nodes, pods);
    const size = `${formatCount(nodes)} nodes, ${formatCount(pods)} pods`;
    rows.push(
      { name: `${size}: decisions alone (raw)`, figure: `${formatCount(decisions)}/s` },
      { name: `${size}: created and bound without a scheduler (raw)`, figure: `${formatCount(api)}/s` },
      {
        name: `${size}: created until the last is seen bound`,
        figure: `${formatCount(endToEnd)}/s`,
        beside: `${(endToEnd / api).toFixed(2)} × the API server alone, to be ≥ ${formatCount(goal)}/s`,
        isReached: endToEnd >= goal,
      },
    );
  }
  printReport('Scheduler', rows);
}
