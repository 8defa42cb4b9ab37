/**
 * What each kind of request costs the API server in computing time, beside a GET of a bare `node:https` server, in
 * slices of one run that are taken in turn. `--beside FOLDER` measures another checkout's build in the same turns,
 * `--only TEXT` the kinds whose name has it. `--profile FOLDER` says where this build's main thread spent its time, and
 * keeps the profiles there for other programs (Chrome's developer tools).
 */

import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { parseArgs } from 'node:util';
import { ApiLab, BareServer, podsPath, refuseFailures } from './api-lab.ts';
import { type LoadRequest, runLoad } from './load.ts';
import { printProfile, sourceNames, summarizeProfile } from './profile-summary.ts';
import { type CpuProfile, Profiler } from './profiler.ts';
import { printReport, type Row } from './report.ts';
import { present, presentPod, type RequestCase, requestCases } from './request-cases.ts';
import { type Cost, costsOf } from './request-slices.ts';
import { openWatches, type WatchConnection } from './watch-connection.ts';

const slices = { requestsPerSlice: 400, warmUpRounds: 5, rounds: 12 };
const requestsOfCase = slices.requestsPerSlice * (slices.warmUpRounds + slices.rounds);

export async function run(args: readonly string[]): Promise<void> {
  const {
    beside,
    only = '',
    profile: profiles,
  } = parseArgs({
    args: [...args],
    options: { beside: { type: 'string' }, only: { type: 'string' }, profile: { type: 'string' } },
  }).values;
  const labs = [await ApiLab.start(profiles === undefined ? {} : { nodeFlags: ['--inspect=127.0.0.1:0'] })];
  try {
    if (beside !== undefined) labs.push(await ApiLab.start({ root: beside, nodeFlags: [] }));
    for (const lab of labs) await sendAll(lab, present());
    const rows: Row[] = [];
    for (const one of requestCases.filter(({ name }) => name.includes(only)))
      rows.push(...(await measureCase(one, labs, profiles)));
    printReport('Computing time of the API server for a request', rows);
  } finally {
    for (const lab of labs) await lab.stop();
  }
}

async function sendAll({ connection }: ApiLab, requests: readonly LoadRequest[]): Promise<void> {
  const next = (n: number): LoadRequest => requests[n] as LoadRequest;
  refuseFailures(await runLoad(connection, { connections: 32, requests: requests.length, next }));
}

async function measureCase(one: RequestCase, labs: readonly ApiLab[], profiles: string | undefined): Promise<Row[]> {
  const [lab] = labs;
  if (lab === undefined) throw new Error('There is no API server');
  for (const each of labs) if (one.before) await sendAll(each, one.before(requestsOfCase));
  const bare = await BareServer.start(lab, { pod: Buffer.from(presentPod(0).body ?? '') });
  const watches = await Promise.all(labs.map((each) => watchPods(each, one.watchers ?? 0)));
  const profiler = profiles === undefined ? undefined : await Profiler.start(lab.server.output);
  try {
    const ofBare = { pid: bare.pid, connection: bare.connection, next: () => ({ method: 'GET', path: '/pod' }) };
    const ways = labs.map(({ server, connection }) => ({ ...one, pid: server.pid, connection }));
    const [raw, ours, theirs] = await costsOf([{ ...ofBare, name: 'bare' }, ...ways], slices);
    return rowsOf(one, { raw, ours, theirs });
  } finally {
    const profile = await profiler?.stop();
    if (profile !== undefined) await keepProfile(one.name, profile, profiles ?? '.');
    for (const watch of watches.flat()) watch.close();
    await bare.stop();
  }
}

async function keepProfile(name: string, profile: CpuProfile, folder: string): Promise<void> {
  await writeFile(join(folder, `${name.replaceAll(/\W+/g, '-')}.cpuprofile`), JSON.stringify(profile));
  printProfile(name, summarizeProfile(profile, sourceNames()));
}

const watchPods = ({ connection }: ApiLab, count: number): Promise<WatchConnection[]> =>
  openWatches(connection, count, `${podsPath}?watch=1&resourceVersion=0`);

interface Costs {
  readonly raw: Cost | undefined;
  readonly ours: Cost | undefined;
  readonly theirs: Cost | undefined;
}

function rowsOf({ name, atMost }: RequestCase, { raw, ours, theirs }: Costs): Row[] {
  if (raw === undefined || ours === undefined) throw new Error('Nothing was measured');
  const times = ours.processMicroseconds / raw.processMicroseconds;
  const goal = atMost === undefined ? '' : `, to be at most ${atMost.toFixed(1)} ×`;
  const row: Row = {
    name,
    figure: described(ours),
    beside: `${times.toFixed(2)} × a bare https server (${raw.processMicroseconds.toFixed(0)} µs${goal})`,
    ...(atMost !== undefined && { isReached: times <= atMost }),
  };
  return theirs === undefined ? [row] : [row, besideRow(ours, theirs)];
}

function besideRow(ours: Cost, theirs: Cost): Row {
  const share = (of: 'microseconds' | 'processMicroseconds'): string => `${(ours[of] / theirs[of]).toFixed(3)} ×`;
  return {
    name: '  the other build',
    figure: described(theirs),
    beside: `this one computes ${share('processMicroseconds')} of it, its main thread ${share('microseconds')}`,
  };
}

const described = ({ processMicroseconds, microseconds }: Cost): string =>
  `${processMicroseconds.toFixed(0)} µs, of the main thread ${microseconds.toFixed(0)} µs`;
