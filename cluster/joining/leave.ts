/**
 * Takes this host out of the cluster that it joined: empties it, stops what runs, says that it has left, and removes
 * everything that the cluster made here. What the host was before is what it is after.
 */

import { systemClock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { createLogger, type Logger } from '../../base/logger.ts';
import type { Terminal } from '../../base/terminal.ts';
import { UserError } from '../../base/user-error.ts';
import type { WorkerSide } from '../cluster.ts';
import { down, stopRunning } from '../down.ts';
import { drain, setUnschedulable } from '../draining/drain.ts';
import { ownerOf } from '../instance-lock.ts';
import { createProgress } from '../progress.ts';
import { nodeClient, tellThatItLeft } from './departure.ts';
import { removeUnit } from './systemd.ts';
import { loadWorker } from './worker.ts';
import { readWorkerRecord } from './worker-record.ts';

export interface LeaveOptions {
  readonly dataDir: string;
  /** Also when pods are lost that nobody makes again, or the masters do not answer. */
  readonly force: boolean;
  /** For pods to end in. */
  readonly timeoutMs: number;
}

/** Idempotent: cut off half-way, it goes on from there. */
export async function leave(options: LeaveOptions, terminal: Terminal): Promise<void> {
  const { dataDir, force } = options;
  if (process.getuid?.() !== 0) throw new UserError('Containers, networks and rules are root’s: run this as root.');
  const record = await readWorkerRecord(dataDir);
  if (record === undefined)
    throw new UserError(
      `This host did not join a cluster (${dataDir} says so). A cluster that was started here is removed with "kubecfg down".`,
    );
  const logger = createLogger('node', { level: 'error' });
  const worker = await loadIfWhole(options, record, logger);
  const progress = await createProgress(terminal.out);
  const isRunning = (await ownerOf(dataDir)) !== undefined;
  if (worker !== undefined && isRunning && !record.isRemoved)
    await unlessForced(force, () => empty(worker, options, terminal));
  await progress.step('Unit of systemd', () => removeUnit());
  await stopRunning(dataDir, progress);
  if (worker !== undefined && !record.isRemoved)
    await unlessForced(force, () => progress.step('Leaving the cluster', () => tellThatItLeft(worker)));
  await down(terminal, { dataDir, keepData: false, clusterId: undefined, clusterCidr: undefined });
}

/** Undefined: it was cut off before it had certificates, or lost them. */
async function loadIfWhole(
  { dataDir }: LeaveOptions,
  record: Parameters<typeof loadWorker>[1],
  logger: Logger,
): Promise<WorkerSide | undefined> {
  const options = { dataDir, logLevel: 'error' } as const;
  return await loadWorker(options, record, logger).catch(() => undefined);
}

async function empty(worker: WorkerSide, { force, timeoutMs }: LeaveOptions, terminal: Terminal): Promise<void> {
  const client = nodeClient(worker);
  const { nodeName } = worker;
  try {
    await setUnschedulable(client, nodeName, true);
    terminal.out.write(`node/${nodeName} cordoned\n`);
    // Its pods cannot stay, nor what they keep here.
    const allowed = { ignoreDaemonSets: true, deleteEmptyDirData: true, force };
    await drain({ ...allowed, client, nodeName, timeoutMs, clock: systemClock, ...terminal });
  } finally {
    await client.close();
  }
}

async function unlessForced(force: boolean, action: () => Promise<void>): Promise<void> {
  try {
    await action();
  } catch (error) {
    if (force) return;
    throw new UserError(
      `${errorText(error)}\nThis host is still in the cluster. With --force it leaves all the same; then remove its node on a ` +
        'master with "kubecfg node remove".',
      { cause: error },
    );
  }
}
