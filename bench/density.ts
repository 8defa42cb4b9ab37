/**
 * `npm run bench -- density [--nodes 1000] [--pods 30000] [--processes 1]`: hollow nodes full of pods on one machine: how
 * fast pods start, how long the API takes meanwhile, whether every heartbeat comes in time, what each process holds.
 */

import { isPodReady } from '../api/pods.ts';
import { deployments } from '../api/resources/apps.ts';
import { namespaces, nodes as nodeResource, pods as podResource } from '../api/resources/core.ts';
import { createLogger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import { createRestClient } from '../client/rest-client.ts';
import { eventually } from '../test/support/eventually.ts';
import { ControlPlane } from './control-plane.ts';
import { residentMegabytes } from './process-usage.ts';
import { formatCount, formatMs, printReport, type Row } from './report.ts';
import { type Latency, latenciesByVerb, readLatencies } from './request-latencies.ts';

const logger = createLogger('bench', { level: 'error' });
const goals = { startsPerSecond: 100, p99Seconds: 1, listSeconds: 30 };
/** Of one Deployment: so many workloads are created. */
const replicas = 500;
const patience = { timeoutMs: 3_600_000, everyMs: 200 };

function flagOf(words: readonly string[], name: string, standard: number): number {
  const at = words.indexOf(`--${name}`);
  return at < 0 ? standard : Number(words[at + 1]);
}

export async function run(words: readonly string[]): Promise<void> {
  const nodeCount = flagOf(words, 'nodes', 1_000);
  const podCount = flagOf(words, 'pods', 30_000);
  const processes = flagOf(words, 'processes', 1);
  const plane = await ControlPlane.start();
  const client = createRestClient(plane.connection, { userAgent: 'bench', logger });
  const over = new AbortController();
  try {
    const { connection } = plane;
    await ensureNamespaces(client);
    const manager = await plane.add({ role: 'controller-manager', connection });
    const scheduler = await plane.add({ role: 'scheduler', connection });
    const watched = watch(client, over.signal);
    const share = Math.ceil(nodeCount / processes);
    const joining = performance.now();
    const hollow = await Promise.all(
      Array.from({ length: processes }, (_, i) =>
        plane.add({ role: 'hollow', connection, nodes: share, prefix: `hollow-${i}` }),
      ),
    );
    await eventually('all nodes are Ready', () => watched.readyNodes() >= share * processes, patience);
    const joined = (performance.now() - joining) / 1000;
    watched.judgeHeartbeats();
    const before = await readLatencies(client);
    const began = performance.now();
    await createDeployments(client, podCount);
    await eventually('all pods are ready', () => watched.readyPods() >= podCount, patience);
    const seconds = (performance.now() - began) / 1000;
    await client.list(podResource);
    const latencies = await readLatencies(client, before);
    printReport(`Density: ${formatCount(share * processes)} hollow nodes, ${formatCount(podCount)} pods`, [
      { name: 'nodes joined until the last is Ready', figure: `${joined.toFixed(1)} s` },
      {
        name: 'pods created until the last is Ready',
        figure: `${formatCount(podCount / seconds)}/s`,
        beside: `to be ≥ ${goals.startsPerSecond}/s`,
        isReached: podCount / seconds >= goals.startsPerSecond,
      },
      ...latenciesByVerb(latencies).map(latencyRow),
      {
        name: 'nodes that were not Ready at some time',
        figure: String(watched.notReady()),
        beside: 'to be 0',
        isReached: watched.notReady() === 0,
      },
      ...(await Promise.all(
        [...plane.servers, manager, scheduler, ...hollow].map(async (one) => ({
          name: `memory: ${one.name}`,
          figure: `${(await residentMegabytes(one.pid)).toFixed(0)} MB`,
        })),
      )),
      { name: 'memory: etcd', figure: `${(await residentMegabytes(plane.etcd.pid ?? 0)).toFixed(0)} MB` },
    ]);
  } finally {
    over.abort();
    await client.close();
    await plane.stop();
  }
}

function latencyRow({ whole, slowest }: { whole: Latency; slowest: Latency }): Row {
  const { verb, count, p99Seconds } = whole;
  const limit = verb === 'LIST' ? goals.listSeconds : goals.p99Seconds;
  const slow = `${formatCount(slowest.count)} of ${slowest.resource || 'no resource'} ≤ ${formatMs(slowest.p99Seconds * 1000)}`;
  return {
    name: `API ${verb}: p99 of ${formatCount(count)}`,
    figure: `≤ ${formatMs(p99Seconds * 1000)}`,
    beside: `to be ≤ ${limit} s; the slowest: ${slow}`,
    isReached: p99Seconds <= limit,
  };
}

async function ensureNamespaces(client: Client): Promise<void> {
  const there = new Set((await client.list(namespaces)).items.map(({ metadata }) => metadata.name));
  for (const name of ['default', 'kube-system', 'kube-node-lease'])
    if (!there.has(name)) await client.create(namespaces, { metadata: { name } });
}

async function createDeployments(client: Client, podCount: number): Promise<void> {
  for (let made = 0; made < podCount; made += replicas) {
    const labels = { app: `web-${made / replicas}` };
    const resources = { requests: { cpu: '50m', memory: '64Mi' } };
    const containers = [{ name: 'main', image: 'registry.example/app:1', resources }];
    await client.create(deployments, {
      metadata: { name: labels.app, namespace: 'default' },
      spec: {
        replicas: Math.min(replicas, podCount - made),
        ...{ selector: { matchLabels: labels }, template: { metadata: { labels }, spec: { containers } } },
      },
    });
  }
}

/** Counts what is Ready, and nodes that were and are not any more. */
function watch(client: Client, signal: AbortSignal) {
  const [ready, pods, lost] = [new Set<string>(), new Set<string>(), new Set<string>()];
  let judging = false;
  const nodeInformer = createInformer(client, nodeResource, { logger });
  nodeInformer.onChange(({ next, previous }) => {
    const { name } = (next ?? previous)?.metadata ?? { name: '' };
    const isReady =
      next?.status?.conditions?.some(({ type, status }) => type === 'Ready' && status === 'True') ?? false;
    if (isReady) ready.add(name);
    else if (ready.delete(name) && judging) lost.add(name);
  });
  const podInformer = createInformer(client, podResource, { logger });
  podInformer.onChange(({ next, previous }) => {
    const { uid } = (next ?? previous)?.metadata ?? { uid: '' };
    if (next !== undefined && isPodReady(next)) pods.add(uid);
    else pods.delete(uid);
  });
  void nodeInformer.run(signal);
  void podInformer.run(signal);
  return {
    readyNodes: () => ready.size,
    readyPods: () => pods.size,
    judgeHeartbeats() {
      judging = true;
    },
    notReady: () => lost.size,
  };
}
