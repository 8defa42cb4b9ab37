/** One cluster per data directory: who runs it, so that a second start can say so, and `down` can stop it. */

import { rm, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { CommandError } from '../command.ts';
import { readIfPresent } from './read-if-present.ts';

const fileOf = (dataDir: string): string => join(dataDir, 'longshore.pid');

/** Takes the data directory, or says who has it. */
export async function lockDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const owner = await ownerOf(dataDir);
  if (owner !== undefined) {
    throw new CommandError(
      `Longshore already runs on ${dataDir} (process ${owner}). Stop it with "kill ${owner}", or use it: ` +
        `npx kubecfg --kubeconfig ${join(dataDir, 'admin.kubeconfig')} get pods. A second cluster needs its own --data-dir, --network-name, --cluster-cidr, --service-cidr, --node-ports, --secure-port and --kubelet-port.`,
    );
  }
  const file = fileOf(dataDir);
  await writeFile(file, `${process.pid} ${await startTimeOf(process.pid)}\n`);
  return { release: () => rm(file, { force: true }) };
}

/** The process that runs a cluster on this data directory; undefined when none does. */
export async function ownerOf(dataDir: string): Promise<number | undefined> {
  const text = await readIfPresent(fileOf(dataDir));
  const [pid, startTime] = (text ?? '').trim().split(' ');
  const isAlive = pid !== undefined && pid !== '' && (await startTimeOf(Number(pid))) === startTime;
  return isAlive ? Number(pid) : undefined;
}

/** When the kernel started the process, in its own unit: tells a process from a later one of the same number. */
async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await readIfPresent(`/proc/${pid}/stat`);
  // The second field is the program's name in parentheses, and may hold anything; start time is field 22.
  return stat?.slice(stat.lastIndexOf(')') + 2).split(' ')[19];
}
