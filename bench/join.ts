/**
 * How long a host with Docker and the packages on it takes from `kubecfg join` until it says that it is a Ready worker,
 * and to leave again. In the sandbox, with a master beside it; needs root.
 */

import { eventually } from '../test/support/eventually.ts';
import { LocalCluster } from '../test/support/local-cluster.ts';
import { masterAddress, prepareWorkerHosts, WorkerHost } from '../test/support/worker-hosts.ts';
import { ranInSandbox } from './in-sandbox.ts';
import { formatMs, limitRow, printReport } from './report.ts';

const rounds = 5;
const goalMs = 10_000;

export async function run(): Promise<void> {
  if (await ranInSandbox('join')) return;
  await prepareWorkerHosts();
  const flags = ['--no-demo', '--node-ip', masterAddress, '--node-name', 'm1'];
  const cluster = await LocalCluster.start({ flags });
  const host = await WorkerHost.start({ number: 1 });
  const joins: number[] = [];
  const leaves: number[] = [];
  for (let round = 0; round < rounds; round++) {
    const [, ...words] = (await cluster.kubecfg('token', 'create')).trim().split(' ');
    joins.push(await timeOf(() => join(host, words)));
    leaves.push(await timeOf(() => leave(host)));
  }
  await cluster.remove();
  await host.stop();
  printReport(`A worker joins and leaves, ${rounds} times`, [
    limitRow('kubecfg join → Ready, slowest', Math.max(...joins), goalMs, 'ms'),
    { name: 'kubecfg join → Ready, fastest', figure: formatMs(Math.min(...joins)) },
    { name: 'kubecfg leave, slowest', figure: formatMs(Math.max(...leaves)) },
  ]);
}

async function timeOf(action: () => Promise<void>): Promise<number> {
  const startedAt = performance.now();
  await action();
  return performance.now() - startedAt;
}

async function join(host: WorkerHost, words: readonly string[]): Promise<void> {
  const run = host.kubecfg([...words, '--foreground', '--node-name', host.name]);
  await eventually('the host is a worker', () => {
    if (run.process.exitCode !== null) throw new Error(run.output());
    return run.output().includes('This host is the worker');
  });
}

async function leave(host: WorkerHost): Promise<void> {
  const run = host.kubecfg(['leave']);
  if ((await run.ended) !== 0) throw new Error(run.output());
}
