/**
 * Requests to the API server over etcd, each beside its raw limit in the same run (etcd3's own transactions, a bare
 * node:https server sending the same bytes); and the server's memory.
 */

import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { Etcd3 } from 'etcd3';
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
import { type LoadOptions, type LoadRequest, runLoad } from './load.ts';
import { residentMegabytes } from './process-usage.ts';
import {
  formatCount,
  limitRow,
  type Measurement,
  measure,
  perSecond,
  printReport,
  type Row,
  rateRow,
} from './report.ts';
import { costsOf } from './request-slices.ts';

const durationMs = 3_000;

export async function run(): Promise<void> {
  const lab = await ApiLab.start();
  try {
    const rows = [
      await memoryRow('memory, idle', lab),
      ...(await measureCreate(lab)),
      await memoryRow(`memory with ${formatCount(podCount)} pods`, lab),
      ...(await measureReads(lab)),
      ...(await measureAccess(lab)),
      await memoryRow('memory after the lists', lab),
      ...(await measurePatch(lab)),
      ...(await measureStart(lab)),
    ];
    printReport(`API server over etcd, ${formatCount(podCount)} pods`, rows);
  } finally {
    await lab.stop();
  }
}

async function memoryRow(name: string, { server }: ApiLab, limit?: number): Promise<Row> {
  const megabytes = await residentMegabytes(server.pid);
  return limit === undefined ? { name, figure: `${megabytes.toFixed(0)} MB` } : limitRow(name, megabytes, limit, 'MB');
}

async function measureCreate(lab: ApiLab): Promise<Row[]> {
  await lab.warmUp();
  const creates = measurementOf('CREATE pods, 64 in flight', await lab.createPods());
  const raw = await measureRawTransactions(lab);
  return [rateRow(creates, raw, 0.66)];
}

/** Values of the size of a stored pod under keys that are not there yet. */
async function measureRawTransactions(lab: ApiLab): Promise<Measurement> {
  const client = new Etcd3({ hosts: lab.etcd.url });
  const value = await client.get('/registry/core/pods/default/pod-00000').buffer();
  if (value === null) throw new Error('The pods are not where they should be');
  const transact = (n: number): Promise<unknown> =>
    client
      .if(`/raw/${n}`, 'Mod', '==', 0)
      .then(client.put(`/raw/${n}`).value(value))
      .commit();
  let key = 0;
  const next = (): Promise<unknown> => transact(key++);
  await measure('warm up', { inFlight: 64, durationMs: 1_000 }, next);
  const raw = await measure('raw etcd3 transactions', { inFlight: 64, durationMs }, next);
  client.close();
  return raw;
}

async function measureReads(lab: ApiLab): Promise<Row[]> {
  const paths = { pod: podPath(0), list: podsPath };
  const bare = await BareServer.start(lab, {
    pod: (await lab.send({ method: 'GET', path: paths.pod })).body,
    list: (await lab.send({ method: 'GET', path: paths.list })).body,
  });
  try {
    const gets = await beside({ lab, bare, name: 'GET one pod, 32 connections', connections: 32, ...pathsOf('pod') });
    const lists = await beside({ lab, bare, name: 'LIST of all pods, one by one', connections: 1, ...pathsOf('list') });
    const byLabel = await read(lab, '1 % of the pods by label, 4 in flight', 4, `${podsPath}?labelSelector=group%3D7`);
    return [rateRow(gets.ours, gets.raw, 0.45), rateRow(lists.ours, lists.raw, 0.6), rateRow(byLabel)];
  } finally {
    await bare.stop();
  }
  function pathsOf(name: 'pod' | 'list') {
    return { path: paths[name], barePath: `/${name}` };
  }
}

const roleCount = 1_000;

/** Everything that a request says, but for bodies, at each of its stages. */
const auditEverything = JSON.stringify({
  apiVersion: 'audit.k8s.io/v1',
  kind: 'Policy',
  rules: [{ level: 'Metadata' }],
});

/** What it costs to judge by roles, and to write down who asked: the same GET with and without. */
async function measureAccess(lab: ApiLab): Promise<Row[]> {
  const reader = 'reader';
  await lab.createRoles(roleCount, reader);
  const folder = await mkdtemp(join(tmpdir(), 'longshore-bench-'));
  const policy = join(folder, 'policy.json');
  await writeFile(policy, auditEverything);
  const audited = await lab.startServer(['--audit-policy-file', policy, '--audit-log-path', join(folder, 'audit.log')]);
  const open = await lab.startServer(['--authorization-mode', 'AlwaysAllow']);
  try {
    const next = (): LoadRequest => ({ method: 'GET', path: podPath(0) });
    const costs = await costsOf(
      [
        { next, name: 'by roles', pid: lab.server.pid, connection: await lab.connectAs(reader) },
        { next, name: 'unjudged', pid: open.pid, connection: await lab.connectAs(reader, open) },
        { next, name: 'audited', pid: audited.pid, connection: await lab.connectAs(reader, audited) },
      ],
      { requestsPerSlice: 1_500, warmUpRounds: 6, rounds: 40 },
    );
    const [byRoles = 0, unjudged = 0, written = 0] = costs.map(({ microseconds }) => microseconds);
    const roles = `GET one pod by roles, ${formatCount(roleCount)} roles and bindings`;
    return [
      shareRow(roles, byRoles, 'without a look at roles', unjudged, 1.1),
      shareRow('the same GET, audited at Metadata', written, 'without', byRoles, 1.5),
    ];
  } finally {
    await audited.stop();
    await open.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

function shareRow(name: string, ours: number, besideName: string, raw: number, atMost: number): Row {
  const share = ours / raw;
  const cost = (microseconds: number) => `${microseconds.toFixed(0)} µs of computing`;
  const beside = `${share.toFixed(2)} × ${besideName} (${cost(raw)}, to be at most ${atMost.toFixed(2)} ×)`;
  return { name, figure: cost(ours), beside, isReached: share <= atMost };
}

interface Compared {
  readonly ours: Measurement;
  readonly raw: Measurement;
}

/** In turn, so that whatever else the machine does falls on both; the median of the rounds counts. */
async function inTurn(
  measureOurs: () => Promise<Measurement>,
  measureRaw: () => Promise<Measurement>,
): Promise<Compared> {
  const ours: Measurement[] = [];
  const raw: Measurement[] = [];
  for (let round = 0; round < 3; round += 1) {
    ours.push(await measureOurs());
    raw.push(await measureRaw());
  }
  return { ours: median(ours), raw: median(raw) };
}

function beside(options: {
  readonly lab: ApiLab;
  readonly bare: BareServer;
  readonly name: string;
  readonly connections: number;
  readonly path: string;
  readonly barePath: string;
}): Promise<Compared> {
  const { lab, bare, name, connections, path, barePath } = options;
  return inTurn(
    () => read(lab, name, connections, path),
    () => read(bare, 'a bare https server', connections, barePath),
  );
}

function median(measured: readonly Measurement[]): Measurement {
  const [first] = measured;
  if (first === undefined) throw new Error('Nothing was measured');
  return measured.toSorted((a, b) => perSecond(a) - perSecond(b))[measured.length >> 1] ?? first;
}

const read = (where: Pick<ApiLab, 'connection'>, name: string, connections: number, path: string) =>
  load(where, name, { connections, durationMs: 2_000, next: () => ({ method: 'GET', path }) });

async function measurePatch(lab: ApiLab): Promise<Row[]> {
  const patches = await load(lab, 'PATCH pods, 10 writers', {
    connections: 10,
    durationMs,
    next: (n) => statusPatch(n * 7919),
  });
  return [rateRow(patches)];
}

async function load(where: Pick<ApiLab, 'connection'>, name: string, options: LoadOptions): Promise<Measurement> {
  const result = await runLoad(where.connection, options);
  refuseFailures(result);
  return measurementOf(name, result);
}

async function measureStart(lab: ApiLab): Promise<Row[]> {
  await lab.server.kill('SIGTERM');
  const begin = performance.now();
  await lab.server.start();
  await lab.ready();
  const rows = [
    limitRow(
      `start with ${formatCount(podCount)} pods → ready and listing them`,
      performance.now() - begin,
      3_000,
      'ms',
    ),
    await memoryRow('memory after that start', lab, 250),
  ];
  return rows;
}
