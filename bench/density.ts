/**
 * `npm run bench -- density [--nodes 1000] [--pods 30000] [--processes 1]`: hollow nodes full of pods on one machine: how
 * fast pods start, how long the API takes meanwhile, whether every heartbeat comes in time, what each process holds.
 */

import { nodeCondition } from '../api/nodes.ts';
import { isPodReady } from '../api/pods.ts';
import { deployments } from '../api/resources/apps.ts';
import { namespaces, nodes as nodeResource, pods as podResource } from '../api/resources/core.ts';
import { createLogger } from '../base/logger.ts';
import type { Client } from '../client/client.ts';
import { createInformer } from '../client/informer.ts';
import { createRestClient } from '../client/rest-client.ts';
import { eventually } from '../test/support/eventually.ts';
import { ControlPlane } from './control-plane.ts';
import { cpuSeconds, mainThreadSeconds, residentMegabytes } from './process-usage.ts';
import { formatCount, formatMs, printReport, type Row } from './report.ts';
import { type Latency, latenciesByVerb, readLatencies } from './request-latencies.ts';
import { describeWrites, readWriteCounts } from './write-counts.ts';

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
  const hollowCount = flagOf(words, 'processes', 1);
  const plane = await ControlPlane.start();
  const client = createRestClient(plane.connection, { userAgent: 'bench', logger });
  const over = new AbortController();
  try {
    const { connection } = plane;
    await ensureNamespaces(client);
    const manager = await plane.add({ role: 'controller-manager', connection });
    const scheduler = await plane.add({ role: 'scheduler', connection });
    const watched = watch(client, over.signal);
    const share = Math.ceil(nodeCount / hollowCount);
    const joining = performance.now();
    const hollow = await Promise.all(
      Array.from({ length: hollowCount }, (_, i) =>
        plane.add({ role: 'hollow', connection, nodes: share, prefix: `hollow-${i}` }),
      ),
    );
    await eventually('all nodes are Ready', () => watched.readyNodes() >= share * hollowCount, patience);
    const joined = (performance.now() - joining) / 1000;
    watched.judgeHeartbeats();
    const before = await readLatencies(client);
    const writtenBefore = await readWriteCounts([client]);
    const processes = [...plane.servers, manager, scheduler, ...hollow];
    const measured = await Promise.all([
      ...processes.map(({ name, pid }) => startUse(name, pid)),
      startUse('etcd', plane.etcd.pid ?? 0),
      startUse('the load itself', process.pid),
    ]);
    const began = performance.now();
    await createDeployments(client, podCount);
    await eventually('all pods are ready', () => watched.readyPods() >= podCount, patience);
    const seconds = (performance.now() - began) / 1000;
    const useRows = await Promise.all(measured.map((rowOf) => rowOf(podCount, seconds)));
    await client.list(podResource);
    const latencies = await readLatencies(client, before);
    const written = await readWriteCounts([client]);
    printReport(`Density: ${formatCount(share * hollowCount)} hollow nodes, ${formatCount(podCount)} pods`, [
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
        figure: String(watched.notReady().length),
        beside: ['to be 0', ...new Set(watched.notReady())].join('; '),
        isReached: watched.notReady().length === 0,
      },
      { name: 'writes for a pod', figure: '', beside: describeWrites(writtenBefore, written, podCount) },
      ...useRows,
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

/** What one process takes, from now on, for each pod. */
async function startUse(name: string, pid: number): Promise<(pods: number, seconds: number) => Promise<Row>> {
  const read = async () => ({ cpu: await cpuSeconds(pid), ...(await mainThreadSeconds(pid)) });
  const before = await read();
  return async (pods, seconds) => {
    const now = await read();
    const cpu = now.cpu - before.cpu;
    const busy = now.computing - before.computing + now.waiting - before.waiting;
    const work = `${((100 * cpu) / seconds).toFixed(0)} % of a core; its main thread had work ${((100 * busy) / seconds).toFixed(0)} % of the time`;
    return {
      name,
      figure: `${(await residentMegabytes(pid)).toFixed(0)} MB, ${((1000 * cpu) / pods).toFixed(2)} ms a pod`,
      beside: name === 'etcd' ? (work.split(';')[0] ?? '') : work,
    };
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
  const [ready, pods] = [new Set<string>(), new Set<string>()];
  /** Node → why. */
  const lost = new Map<string, string>();
  let judging = false;
  const nodeInformer = createInformer(client, nodeResource, { logger });
  nodeInformer.onChange(({ next, previous }) => {
    const { name } = (next ?? previous)?.metadata ?? { name: '' };
    const { status = 'gone', reason = '' } = (next && nodeCondition(next, 'Ready')) ?? {};
    if (status === 'True') ready.add(name);
    else if (ready.delete(name) && judging) lost.set(name, `${status} ${reason}`);
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
    notReady: () => [...lost.values()],
  };
}
