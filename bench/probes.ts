/**
 * What probes cost the kubelet: a thousand containers that are asked every ten seconds, by HTTP and by TCP, and what the
 * same questions cost when nobody but Node asks them. Then what the history of a hundred pods costs.
 *
 *   npm run bench -- probes
 */

import { fork } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, stat } from 'node:fs/promises';
import http from 'node:http';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Probe } from '../api/types/core/v1.ts';
import { systemClock } from '../base/clock.ts';
import { Metrics } from '../base/metrics.ts';
import { ProbeMetrics } from '../kubelet/probes/probe-metrics.ts';
import { Prober } from '../kubelet/probes/prober.ts';
import { HistoryFiles } from '../kubelet/stats/history/history-files.ts';
import { coarseSize, fineSize, type SubjectRow, UsageHistory } from '../kubelet/stats/history/usage-history.ts';
import { HeardEvents } from '../kubelet/testing/heard-events.ts';
import { containerIn, makeContainer, makePod } from '../kubelet/testing/make-pod.ts';
import { heldMegabytes, printReport, type Row } from './report.ts';

const containers = 1_000;
const periodSeconds = 10;
const seconds = 20;
const perSecond = containers / periodSeconds;
/** Of a core, for a hundred questions a second. */
const goal = 0.05;
const pods = 100;

export async function run(): Promise<void> {
  const answerer = fork(fileURLToPath(import.meta.url), ['answer'], { execArgv: process.execArgv });
  try {
    const [port] = (await once(answerer, 'message')) as [number];
    const rows: Row[] = [];
    for (const [name, probe, raw] of [
      ['HTTP', { httpGet: { port } }, () => askHttp(port)],
      ['TCP', { tcpSocket: { port } }, () => askTcp(port)],
    ] as const) {
      const bare = await shareOfCore(() => askEvenly(raw));
      const asked = await shareOfCore((signal) => probeAll(probe, signal));
      rows.push({
        name: `${name} probes, ${perSecond}/s`,
        figure: `${percent(asked)} of a core`,
        beside: `to be ≤ ${percent(goal)}; Node alone asks for ${percent(bare)}`,
        isReached: asked <= goal,
      });
    }
    printReport('Probes', rows);
  } finally {
    answerer.kill();
  }
  await measureHistory();
}

/** What this process computes while `work` goes on, as a share of one core. */
async function shareOfCore(work: (signal: AbortSignal) => Promise<void>): Promise<number> {
  const stop = new AbortController();
  const begun = process.cpuUsage();
  const startedAt = performance.now();
  const working = work(stop.signal);
  await delay(seconds * 1000);
  const { user, system } = process.cpuUsage(begun);
  const passedMs = performance.now() - startedAt;
  stop.abort();
  await working;
  return (user + system) / 1000 / passedMs;
}

async function probeAll(question: Partial<Probe>, signal: AbortSignal): Promise<void> {
  const runtime = { exec: () => Promise.reject(new Error('nothing is executed here')) };
  const prober = new Prober({
    ...{ runtime, recorder: new HeardEvents(), clock: systemClock, userAgent: 'bench', onChange: () => undefined },
    metrics: new ProbeMetrics(new Metrics()),
  });
  await delay(1);
  for (let index = 0; index < containers; index += 1) {
    const identity = { namespace: 'default', name: `p${index}`, uid: `u${index}` };
    const pod = makePod(
      { containers: [{ name: 'a', image: 'i', readinessProbe: { ...question, periodSeconds } }] },
      { metadata: { ...identity, resourceVersion: '1', creationTimestamp: '' } },
    );
    // As after a restart of the kubelet: they ran before, and are asked at any time of the first period.
    const state = { ...makeContainer(pod, { type: 'running', startedAt: 1 }), id: identity.uid };
    prober.watch({ pod, container: containerIn(pod), state, podIp: '127.0.0.1' });
  }
  await once(signal, 'abort');
  await prober.stop();
}

/** The same number of questions, over the same time. */
async function askEvenly(ask: () => Promise<void>): Promise<void> {
  const asked: Promise<void>[] = [];
  const startedAt = performance.now();
  for (let index = 0; index < perSecond * seconds; index += 1) {
    await delay(Math.max(0, startedAt + (index * 1000) / perSecond - performance.now()));
    asked.push(ask());
  }
  await Promise.all(asked);
}

const askHttp = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const request = http.get({ host: '127.0.0.1', port, agent: false }, (response) => {
      response.resume().on('end', resolve);
    });
    request.on('error', reject);
  });

const askTcp = (port: number): Promise<void> =>
  new Promise((resolve, reject) => {
    const socket = net.connect({ host: '127.0.0.1', port }, () => {
      socket.destroy();
      resolve();
    });
    socket.on('error', reject);
  });

/** A day of a hundred pods, as fast as it goes. */
async function measureHistory(): Promise<void> {
  const folder = await mkdtemp(join(tmpdir(), 'bench-history-'));
  try {
    const before = heldMegabytes();
    const history = new UsageHistory();
    const files = new HistoryFiles(folder);
    const rows: SubjectRow[] = Array.from({ length: pods }, (_, index) => ({
      subject: { namespace: 'default', name: `pod-${index}`, uid: `uid-${index}` },
      row: {
        cpuCores: index / 1000,
        memoryBytes: index * 1e6,
        receivedBytesPerSecond: 1000 + index,
        sentBytesPerSecond: 2000 + index,
        restarts: 0,
      },
    }));
    const dayMs = coarseSize.slots * coarseSize.stepMs;
    const now = Date.now();
    await files.load(history, now);
    const begun = process.cpuUsage();
    for (let at = now - dayMs; at < now; at += fineSize.stepMs) {
      history.add(at, rows);
      await files.append(at, rows, history);
    }
    const { user, system } = process.cpuUsage(begun);
    const held = heldMegabytes() - before;
    const loadedAt = performance.now();
    await new HistoryFiles(folder).load(new UsageHistory(), now);
    const loadMs = performance.now() - loadedAt;
    const names = ['fine.jsonl', 'fine.before.jsonl', 'coarse.jsonl'];
    const sizes = await Promise.all(names.map((name) => stat(join(folder, name)).then(({ size }) => size)));
    const onDisk = sizes.reduce((sum, size) => sum + size, 0) / 2 ** 20;
    const share = (user + system) / 1000 / dayMs;
    printReport(`History of ${pods} pods, a day`, [
      { name: 'in memory', figure: `${held.toFixed(1)} MB`, beside: 'to be ≤ 4 MB', isReached: held <= 4 },
      { name: 'on disk', figure: `${onDisk.toFixed(1)} MB` },
      {
        name: 'kept, of a core',
        figure: percent(share),
        beside: `to be ≤ ${percent(0.001)}`,
        isReached: share <= 0.001,
      },
      { name: 'read at a start', figure: `${loadMs.toFixed(0)} ms` },
    ]);
    if (history.size === 0) throw new Error('the history is empty');
  } finally {
    await rm(folder, { recursive: true });
  }
}

const percent = (share: number): string => `${(share * 100).toFixed(share < 0.01 ? 3 : 1)} %`;

/** The other process: what a container would be. */
if (process.argv[2] === 'answer' && process.send !== undefined) {
  const server = http.createServer((_, response) => response.end('ok'));
  server.listen(0, '127.0.0.1', () => {
    const address = server.address();
    if (typeof address === 'object' && address !== null) process.send?.(address.port);
  });
}
