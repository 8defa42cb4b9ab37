/**
 * What a cluster costs when nothing happens: memory and CPU of the control plane, kubelet and proxy together (one
 * process, without etcd), and how long it takes from `npm start` until the node is Ready. In the sandbox; needs root.
 */

import { setTimeout as delay } from 'node:timers/promises';
import { LocalCluster } from '../test/support/local-cluster.ts';
import { ranInSandbox } from './in-sandbox.ts';
import { cpuSeconds, residentMegabytes } from './process-usage.ts';
import { limitRow, printReport, type Row } from './report.ts';

const settleMs = 20_000;
const observeMs = 30_000;

export async function run(): Promise<void> {
  if (await ranInSandbox('footprint')) return;
  const first = await LocalCluster.start({ flags: ['--no-demo'] });
  await first.stop();
  const started = performance.now();
  await first.start();
  const rows = [limitRow('npm start → node Ready, everything installed', performance.now() - started, 5_000, 'ms')];
  rows.push(...(await observe('at rest', first.pid)));
  await first.remove();
  const demo = await LocalCluster.start();
  rows.push(...(await observe('with the guestbook (6 pods)', demo.pid)));
  await demo.remove();
  printReport('Footprint: API server, controller manager, scheduler, kubelet and proxy in one process', rows);
}

async function observe(when: string, pid: number): Promise<Row[]> {
  await delay(settleMs);
  const before = await cpuSeconds(pid);
  await delay(observeMs);
  const share = ((await cpuSeconds(pid)) - before) / (observeMs / 1000);
  return [
    limitRow(`memory ${when}`, await residentMegabytes(pid), 300, 'MB'),
    {
      name: `CPU ${when}`,
      figure: `${(share * 100).toFixed(2)} % of a core`,
      beside: 'to be ≤ 2 %',
      isReached: share <= 0.02,
    },
  ];
}
