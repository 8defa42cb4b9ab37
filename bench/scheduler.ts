/**
 * `npm run bench -- scheduler [--share 0.1] [--only TEXT] [--cycle] [--servers 2]`: how many pods a second get a node,
 * beside what the cycle alone allows, what the API server alone allows, and raw transactions of etcd. Rates through the
 * API are by the clock; what a pod costs each process, which other load on the machine changes little, is CPU time.
 */

import { availableParallelism } from 'node:os';
import { Etcd3 } from 'etcd3';
import { createLogger } from '../base/logger.ts';
import type { Connection } from '../client/connection.ts';
import { createRestClient } from '../client/rest-client.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import { BoundWatch } from './bound-watch.ts';
import { ControlPlane } from './control-plane.ts';
import { measureGrowth } from './growth.ts';
import { cpuSeconds, mainThreadSeconds } from './process-usage.ts';
import { formatCount, measure, perSecond, printReport, type Row } from './report.ts';
import {
  type BenchPod,
  benchNode,
  benchPod,
  highPriorityClass,
  type SchedulerCase,
  scaled,
  schedulerCases,
} from './scheduler-cases.ts';
import { measureCycle } from './scheduling-cycle.ts';
import { describeWrites, readWriteCounts } from './write-counts.ts';

const podsPath = '/api/v1/namespaces/default/pods';
const logger = createLogger('bench', { level: 'error' });
/** The cycle alone, at 5,000 nodes, and how much more a pod may cost with fifty times as many placed. */
const cycleGoal = { perSecond: 3_000, growth: 1.2 };
const largeCase = '5,000 nodes';
const placedBefore = { few: 1_000, many: 50_000 };
/** The one that is measured by two API servers, too. */
const comparedCase = '500 nodes';
const aloneCount = 1_000;
/** Placed by the scheduler before the clock runs, as upstream's benchmarks do: what runs for days has long compiled. */
const warmUpCount = 500;

interface Flags {
  readonly share: number;
  readonly only: string;
  readonly cycle: boolean;
  readonly servers: number;
}

function parseFlags(words: readonly string[]): Flags {
  const textOf = (name: string) => words[words.indexOf(`--${name}`) + 1];
  const has = (name: string) => words.includes(`--${name}`);
  return {
    share: has('share') ? Number(textOf('share')) : 1,
    only: has('only') ? (textOf('only') ?? '') : '',
    cycle: has('cycle'),
    servers: has('servers') ? Number(textOf('servers')) : 1,
  };
}

export async function run(words: readonly string[]): Promise<void> {
  const flags = parseFlags(words);
  const cases = schedulerCases.filter(({ name }) => name.includes(flags.only)).map((one) => scaled(one, flags.share));
  printReport('Scheduling cycle alone (pods for each second of CPU)', [
    ...cases.map((one) => cycleRow(one)),
    ...(flags.only === '' ? [await growthRow(flags.share)] : []),
  ]);
  if (flags.cycle) return;
  const transactions = await measureTransactions();
  const rows: Row[] = [{ name: 'etcd3 transactions, 64 in flight (raw)', figure: `${formatCount(transactions)}/s` }];
  for (const one of cases) {
    const outcome = await measureThroughApi(one, flags.servers);
    rows.push(...rowsOf(one, outcome, transactions));
    const compared = one.name === comparedCase && flags.servers === 1;
    if (compared) rows.push(...secondServerRows(outcome, await measureThroughApi(one, 2)));
  }
  printReport('Scheduler through the API', rows);
}

function cycleRow(one: SchedulerCase): Row {
  const { perSecond: rate, placed } = measureCycle(one);
  const isPlain = one.goal >= 700;
  const beside = isPlain ? `, to be ≥ ${formatCount(cycleGoal.perSecond)}` : '';
  return {
    name: `${one.name}: ${formatCount(one.pods)} pods, ${formatCount(one.placed)} placed before`,
    figure: `${formatCount(rate)}/s`,
    beside: `${formatCount(placed)} got a node${beside}`,
    isReached: placed === one.pods && (!isPlain || rate >= cycleGoal.perSecond),
  };
}

async function growthRow(share: number): Promise<Row> {
  const { few, many } = await measureGrowth(largeCase, placedBefore, share);
  return {
    name: `cost of a pod with ${formatCount(placedBefore.many)} placed against ${formatCount(placedBefore.few)}`,
    figure: `${(many / few).toFixed(2)} ×`,
    beside: `${few.toFixed(0)} and ${many.toFixed(0)} µs of CPU, in turn; to be ≤ ${cycleGoal.growth} ×`,
    isReached: many / few <= cycleGoal.growth,
  };
}

/** What each binding is at least: a compare-and-put of some 1.5 kB. */
async function measureTransactions(): Promise<number> {
  const etcd = await TestEtcd.start();
  const client = new Etcd3({ hosts: etcd.url });
  const value = 'x'.repeat(1_500);
  const measured = await measure('transactions', { inFlight: 64, durationMs: 3_000 }, async (n) => {
    await client
      .if(`key-${n}`, 'Version', '==', 0)
      .then(client.put(`key-${n}`).value(value))
      .commit();
  });
  client.close();
  await etcd.stop();
  return perSecond(measured);
}

interface Outcome {
  readonly perSecond: number;
  readonly servers: readonly Use[];
  readonly scheduler: Use;
  readonly etcd: Use;
  /** This process: it creates the pods and watches for their nodes. */
  readonly load: Use;
  /** What a pod costs in writes, as people read it. */
  readonly writes: string;
  /** Pods a second that are created and bound without a scheduler. */
  readonly alone: number;
}

/** Of one process. */
interface Use {
  /** Milliseconds of CPU, of all its threads. */
  readonly msPerPod: number;
  /** Of the time: its main thread computed; it had something to do, but another process had the core. */
  readonly computing: number;
  readonly waiting: number;
}

async function measureThroughApi(one: SchedulerCase, servers: number): Promise<Outcome> {
  const plane = await ControlPlane.start(servers);
  const clientOf = (connection: Connection) => createRestClient(connection, { userAgent: 'bench', logger });
  const clients = plane.connections.map(clientOf);
  const [first = clientOf(plane.connection)] = clients;
  try {
    await prepare(plane, one);
    const alone = await measureAlone(plane, one.nodes);
    const last = plane.connections.at(-1) ?? plane.connection;
    const scheduler = await plane.add({ role: 'scheduler', connection: last });
    const bound = await BoundWatch.open(first, podsPath);
    await createPods(plane, warmUpCount, smallPod('warm'));
    await bound.reached('warm-', warmUpCount);
    const writtenBefore = await readWriteCounts(clients);
    const pids = [scheduler.pid, plane.etcd.pid ?? 0, process.pid, ...plane.servers.map(({ pid }) => pid)];
    const watched = await Promise.all(pids.map(startUse));
    const began = performance.now();
    await createPods(plane, one.pods, (i) => one.podOf(`pod-${i}`));
    await bound.reached('pod-', one.pods);
    const seconds = (performance.now() - began) / 1000;
    const uses = await Promise.all(watched.map((useOf) => useOf({ pods: one.pods, seconds })));
    bound.close();
    const writes = describeWrites(writtenBefore, await readWriteCounts(clients), one.pods);
    const [ofScheduler = nothing, etcd = nothing, load = nothing, ...ofServers] = uses;
    return { perSecond: one.pods / seconds, servers: ofServers, scheduler: ofScheduler, etcd, load, writes, alone };
  } finally {
    await Promise.all(clients.map((client) => client.close()));
    await plane.stop();
  }
}

const nothing: Use = { msPerPod: 0, computing: 0, waiting: 0 };

/** What the process uses from now on. */
async function startUse(pid: number): Promise<(run: { pods: number; seconds: number }) => Promise<Use>> {
  const read = async () => ({ cpu: await cpuSeconds(pid), ...(await mainThreadSeconds(pid)) });
  const before = await read();
  return async ({ pods, seconds }) => {
    const now = await read();
    return {
      msPerPod: (1000 * (now.cpu - before.cpu)) / pods,
      computing: (now.computing - before.computing) / seconds,
      waiting: (now.waiting - before.waiting) / seconds,
    };
  };
}

function rowsOf(one: SchedulerCase, outcome: Outcome, transactions: number): readonly Row[] {
  const { perSecond: rate, servers, scheduler, etcd, load, writes, alone } = outcome;
  const size = `${formatCount(one.nodes)} nodes, ${formatCount(one.placed)} placed, ${formatCount(one.pods)} pods`;
  return [
    {
      name: `${one.name} (${size})`,
      figure: `${formatCount(rate)}/s`,
      beside: `to be ≥ ${formatCount(one.goal)}/s; ${(rate / alone).toFixed(2)} × created and bound without a scheduler (${formatCount(alone)}/s); ${(rate / transactions).toFixed(2)} × transactions`,
      isReached: rate >= one.goal,
    },
    ...servers.map((server) => useRow('  API server', server)),
    useRow('  scheduler', scheduler),
    { name: '  etcd', figure: `${etcd.msPerPod.toFixed(2)} ms a pod`, beside: 'all its threads' },
    useRow('  the load itself', load),
    { name: '  writes for a pod', figure: '', beside: writes },
  ];
}

function secondServerRows(one: Outcome, two: Outcome): readonly Row[] {
  return [
    {
      name: '  the same by two API servers, half of the clients at each',
      figure: `${formatCount(two.perSecond)}/s`,
      beside: `${(two.perSecond / one.perSecond).toFixed(2)} × one; ${availableParallelism()} cores for all processes together`,
    },
    ...two.servers.map((server) => useRow('    API server', server)),
    useRow('    scheduler', two.scheduler),
  ];
}

const percent = (share: number) => `${(100 * share).toFixed(0)} %`;

/** The main thread is the limit while it has something to do. */
function useRow(name: string, { msPerPod, computing, waiting }: Use): Row {
  return {
    name,
    figure: `${msPerPod.toFixed(2)} ms a pod`,
    beside: `its main thread had work ${percent(computing + waiting)} of the time, and a core for it ${percent(computing)}`,
  };
}

/** Nodes, and the pods that are there before. New nodes are tainted as not ready; no controller takes it off here. */
async function prepare(
  plane: ControlPlane,
  { nodes, placed, podOf, placedPodOf = podOf }: SchedulerCase,
): Promise<void> {
  const names = Array.from({ length: nodes }, (_, i) => `node-${i}`);
  await plane.create(
    '/api/v1/nodes',
    names.map((_, i) => benchNode(i)),
  );
  const untainted = { spec: { taints: null } };
  await plane.each(names, (name) => ({ method: 'PATCH', path: `/api/v1/nodes/${name}`, body: untainted }));
  const priorityClass = { metadata: { name: highPriorityClass }, value: 1000 };
  await plane.create('/apis/scheduling.k8s.io/v1/priorityclasses', [priorityClass]);
  const before = Array.from({ length: placed }, (_, i) => {
    const pod = placedPodOf(`placed-${i}`);
    return { ...pod, spec: { ...pod.spec, nodeName: `node-${i % nodes}` } };
  });
  await plane.create(podsPath, before);
}

/** Pods a second that are created and bound by the load itself. They ask for next to nothing and stay. */
async function measureAlone(plane: ControlPlane, nodes: number): Promise<number> {
  const names = Array.from({ length: aloneCount }, (_, i) => `alone-${i}`);
  const began = performance.now();
  await createPods(plane, aloneCount, smallPod('alone'));
  let n = 0;
  await plane.each(names, (name) => ({
    method: 'POST',
    path: `${podsPath}/${name}/binding`,
    body: { metadata: { name }, target: { kind: 'Node', name: `node-${n++ % nodes}` } },
  }));
  return aloneCount / ((performance.now() - began) / 1000);
}

const createPods = (plane: ControlPlane, count: number, podOf: (i: number) => BenchPod) =>
  plane.create(
    podsPath,
    Array.from({ length: count }, (_, i) => podOf(i)),
  );

/** Asks for next to nothing, and is like no pod of any case. */
const smallPod = (app: string) => (i: number) => benchPod(`${app}-${i}`, { labels: { app }, cpu: '1m' });
