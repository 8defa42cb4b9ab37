/**
 * What each component costs as a process of its own, beside a Node process that does nothing: memory at rest, and for
 * the kubelet the time from the start of its process until pods can run. In the sandbox; needs root.
 */

import { spawn } from 'node:child_process';
import { readFile } from 'node:fs/promises';
import { join } from 'node:path';
import { setTimeout as delay } from 'node:timers/promises';
import { eventually } from '../test/support/eventually.ts';
import { type ComponentName, SplitCluster } from '../test/support/split-cluster.ts';
import { ranInSandbox } from './in-sandbox.ts';
import { residentMegabytes } from './process-usage.ts';
import { printReport, type Row } from './report.ts';

const settleMs = 20_000;
const starts = 5;
const measured: readonly ComponentName[] = ['kubelet', 'proxy', 'scheduler', 'controller-manager'];

export async function run(): Promise<void> {
  if (await ranInSandbox('components')) return;
  const cluster = await SplitCluster.start();
  try {
    const startsMs: number[] = [];
    await untilPodsCanRun(cluster);
    for (let count = 0; count < starts; count += 1) startsMs.push(await restartKubelet(cluster));
    await delay(settleMs);
    const bare = await bareMegabytes();
    const memory = await Promise.all(measured.map((name) => memoryRow(name, cluster, bare)));
    printReport('Components as processes of their own', [startRow(startsMs), ...memory]);
  } finally {
    await cluster.stop();
  }
}

function startRow(startsMs: readonly number[]): Row {
  const sorted = startsMs.toSorted((a, b) => a - b);
  const median = sorted[Math.floor(sorted.length / 2)] ?? Number.NaN;
  return { name: `kubelet: process start → pods can run, median of ${starts}`, figure: `${median.toFixed(0)} ms` };
}

async function memoryRow(name: ComponentName, cluster: SplitCluster, bare: number): Promise<Row> {
  const memory = await residentMegabytes(cluster.pidOf(name));
  return {
    name: `memory of ${name} at rest`,
    figure: `${memory.toFixed(1)} MB`,
    beside: `a bare Node process: ${bare.toFixed(1)} MB`,
  };
}

async function restartKubelet(cluster: SplitCluster): Promise<number> {
  await cluster.kill('kubelet');
  const started = performance.now();
  await cluster.startComponent('kubelet');
  await untilPodsCanRun(cluster);
  return performance.now() - started;
}

/** As often as the kubelet was started. */
let awaited = 0;

async function untilPodsCanRun({ dataDir }: SplitCluster): Promise<void> {
  awaited += 1;
  const log = join(dataDir, 'kubelet.log');
  await eventually('pods can run', async () => (await readFile(log, 'utf8')).split('Pods can run').length > awaited);
}

async function bareMegabytes(): Promise<number> {
  const child = spawn(process.execPath, ['-e', 'setInterval(() => {}, 1e6)'], { stdio: 'ignore' });
  await delay(2_000);
  const memory = await residentMegabytes(child.pid ?? 0);
  child.kill();
  return memory;
}
