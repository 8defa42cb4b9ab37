/**
 * Watches of the API server over etcd: writers and watchers together for a minute; how long until a thousand watchers
 * have a change, beside a bare node:https server writing the same bytes to as many; what watchers of other nodes cost.
 */

import { setTimeout as delay } from 'node:timers/promises';
import type { Connection } from '../client/connection.ts';
import {
  ApiLab,
  BareServer,
  measurementOf,
  podCount,
  podPath,
  podsPath,
  refuseFailures,
  statusPatch,
} from './api-lab.ts';
import { LoadConnection, type LoadRequest, percentile, runLoad } from './load.ts';
import { residentMegabytes } from './process-usage.ts';
import { formatCount, formatMs, printReport, type Row, rateRow } from './report.ts';
import { openWatches } from './watch-connection.ts';

const many = 1_000;
const changes = 100;
const crowdMs = Number(process.env.BENCH_SECONDS ?? 60) * 1000;
/** Each of the two servers has its changes so many times in turn. */
const rounds = 3;

export async function run(): Promise<void> {
  const lab = await ApiLab.start();
  try {
    await lab.createPods();
    const rows = [...(await measureCrowd(lab)), ...(await measureElsewhere(lab)), ...(await measureFanOut(lab))];
    printReport(`Watches over etcd, ${formatCount(podCount)} pods`, rows);
  } finally {
    await lab.stop();
  }
}

/** Ten writers and ten watchers of everything. */
async function measureCrowd(lab: ApiLab): Promise<Row[]> {
  const watches = await openWatches(lab.connection, 10, `${podsPath}?watch=1&resourceVersion=0`);
  await Promise.all(watches.map((watch) => watch.reached(podCount)));
  await patchFor(lab, 10, 5_000);
  const memory: number[] = [];
  const ended = new AbortController();
  const sampling = sampleMemory(lab, memory, ended.signal);
  const before = watches.map(({ events }) => events);
  const load = await patchFor(lab, 10, crowdMs);
  ended.abort();
  await sampling;
  await Promise.all(watches.map((watch, index) => watch.reached((before[index] ?? 0) + load.requests)));
  for (const watch of watches) watch.close();
  const patches = measurementOf('PATCH, 10 writers and 10 watchers of all pods', load);
  const half = memory.length >> 1;
  const [early, late] = [memory.slice(0, half), memory.slice(half)].map((part) => Math.max(...part));
  return [
    rateRow(patches),
    {
      name: '  memory, at most: first half, second half',
      figure: `${early?.toFixed(0)} MB, ${late?.toFixed(0)} MB`,
      beside: 'to be flat: ≤ 1.1 ×',
      isReached: (late ?? 0) <= 1.1 * (early ?? 0),
    },
  ];
}

async function sampleMemory({ server }: ApiLab, samples: number[], signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    samples.push(await residentMegabytes(server.pid));
    await delay(500, undefined, { signal }).catch(() => undefined); // an abort ends the loop
  }
}

async function patchFor(lab: ApiLab, connections: number, durationMs: number) {
  const load = await runLoad(lab.connection, {
    connections,
    durationMs,
    next: (n) => statusPatch(n * 7919),
  });
  refuseFailures(load);
  return load;
}

/** In turn with and without, so that whatever else the machine does falls on both. */
async function measureElsewhere(lab: ApiLab): Promise<Row[]> {
  const path = `${podsPath}?watch=1&resourceVersion=${await currentVersion(lab)}&fieldSelector=spec.nodeName%3Delsewhere`;
  const beside: number[] = [];
  const alone: number[] = [];
  for (let round = 0; round < 3; round += 1) {
    alone.push(...(await patchOneByOne(lab)));
    const watches = await openWatches(lab.connection, many, path);
    beside.push(...(await patchOneByOne(lab)));
    for (const watch of watches) watch.close();
    await delay(500);
  }
  const [withMany, without] = [medianOf(beside), medianOf(alone)];
  return [
    {
      name: `PATCH one by one, ${formatCount(many)} watchers of other nodes' pods`,
      figure: `p50 ${formatMs(withMany)}`,
      beside: `${(withMany / without).toFixed(2)} × without them (p50 ${formatMs(without)}, to be ≤ 1.05 ×)`,
      isReached: withMany <= 1.05 * without,
    },
  ];
}

async function currentVersion(lab: ApiLab): Promise<string> {
  const { body } = await lab.send({ method: 'GET', path: `${podsPath}?limit=1` });
  const { metadata } = JSON.parse(body.toString()) as { metadata: { resourceVersion: string } };
  return metadata.resourceVersion;
}

const sorted = (latencies: readonly number[]): number[] => latencies.toSorted((a, b) => a - b);
const medianOf = (latencies: readonly number[]): number => percentile(sorted(latencies), 0.5);
const p99Of = (latencies: readonly number[]): number => percentile(sorted(latencies), 0.99);

async function patchOneByOne(lab: ApiLab): Promise<number[]> {
  const connection = await LoadConnection.open(lab.connection);
  const latencies: number[] = [];
  for (let n = 0; n < 300; n += 1) {
    const begin = performance.now();
    await connection.send(statusPatch(0));
    latencies.push(performance.now() - begin);
  }
  connection.close();
  return latencies.slice(50);
}

/** From the sending of a change until the last watcher has it. */
async function measureFanOut(lab: ApiLab): Promise<Row[]> {
  const pod = (await lab.send({ method: 'GET', path: podPath(0) })).body.toString().trim();
  const line = `{"type":"MODIFIED","object":${pod}}\n`;
  const bare = await BareServer.start(lab, {});
  try {
    const raw: number[] = [];
    const ours: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      raw.push(
        ...(await fanOut({
          connection: bare.connection,
          path: '/watch',
          change: () => ({ method: 'POST', path: '/event', body: line }),
        })),
      );
      ours.push(
        ...(await fanOut({
          connection: lab.connection,
          path: `${podsPath}?watch=1&resourceVersion=${await currentVersion(lab)}`,
          change: () => statusPatch(0),
        })),
      );
    }
    const [rawP99, p99] = [p99Of(raw), p99Of(ours)];
    return [
      {
        name: `one change to ${formatCount(many)} watchers, the last has it`,
        figure: `p50 ${formatMs(medianOf(ours))}  p99 ${formatMs(p99)}`,
        beside: `a bare https server: p50 ${formatMs(medianOf(raw))}  p99 ${formatMs(rawP99)}; p99 ${(p99 / rawP99).toFixed(2)} ×, to be ≤ 1.00 ×`,
        isReached: p99 <= rawP99,
      },
    ];
  } finally {
    await bare.stop();
  }
}

async function fanOut(options: {
  readonly connection: Connection;
  readonly path: string;
  change(): LoadRequest;
}): Promise<number[]> {
  const { connection, path, change } = options;
  const watches = await openWatches(connection, many, path);
  const writer = await LoadConnection.open(connection);
  const latencies: number[] = [];
  for (let n = 0; n < changes; n += 1) {
    const before = watches.map(({ events }) => events);
    const begin = performance.now();
    const sent = writer.send(change());
    await Promise.all(watches.map((watch, index) => watch.reached((before[index] ?? 0) + 1)));
    latencies.push(performance.now() - begin);
    await sent;
    await delay(20);
  }
  for (const watch of watches) watch.close();
  writer.close();
  return latencies.slice(10);
}
