/** One cluster per data directory: who runs it, so that a second start can say so, and `down` can stop it. */

import { mkdir, readdir, readFile, readlink, realpath, rm, rmdir, stat, writeFile } from 'node:fs/promises';
import { basename, join } from 'node:path';
import { errorCode } from '../base/error-text.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { UserError } from '../base/user-error.ts';

/** Empty after a start of the machine, as are its processes. */
const runFolder = '/run/longshore';
const fileOf = (dataDir: string): string => join(dataDir, 'longshore.pid');

/** Takes the data directory, or says who has it. */
export async function lockDataDir(dataDir: string): Promise<{ release(): Promise<void> }> {
  const owner = await ownerOf(dataDir);
  if (owner !== undefined) {
    throw new UserError(
      `Longshore already runs on ${dataDir} (process ${owner}). Stop it with "kill ${owner}", or use it: ` +
        `npx kubecfg --kubeconfig ${join(dataDir, 'admin.kubeconfig')} get pods. A second cluster needs its own --data-dir, --network-name, --cluster-cidr, --service-cidr, --node-ports, --secure-port and --kubelet-port.`,
    );
  }
  return await noteOwner(dataDir);
}

/** The same for a cluster, by whichever data directory: its kubelet, of which a machine has one. */
export async function lockCluster(clusterId: string, root = runFolder): Promise<{ release(): Promise<void> }> {
  const folder = join(root, basename(clusterId));
  try {
    await mkdir(folder, { recursive: true });
    await noteOwner(folder);
    return { release: () => forgetRunner(clusterId, root) };
  } catch (error) {
    // Not root, and in the group of Docker: then only the data directory is locked.
    if (!['EACCES', 'EROFS'].includes(errorCode(error) ?? '')) throw error;
    return { release: async () => {} };
  }
}

/** What a process that was killed left of `lockCluster` goes as well. */
export async function forgetRunner(clusterId: string, root = runFolder): Promise<void> {
  await rm(join(root, basename(clusterId)), { recursive: true, force: true });
  // Another cluster may have its own there.
  await rmdir(root).catch(() => {});
}

/** The process whose kubelet works for this cluster on this machine. */
export async function runnerOf(clusterId: string, root = runFolder): Promise<number | undefined> {
  return await ownerOf(join(root, basename(clusterId)));
}

async function noteOwner(folder: string): Promise<{ release(): Promise<void> }> {
  const file = fileOf(folder);
  await writeFile(file, `${process.pid} ${await startTimeOf(process.pid)} ${await identityOf(folder)}\n`);
  return { release: () => rm(file, { force: true }) };
}

/**
 * The process that runs a cluster on this data directory; undefined when none does. A copy of the directory has a copy
 * of the file: it names the directory as the file system knows it, which no copy shares.
 */
export async function ownerOf(dataDir: string): Promise<number | undefined> {
  const text = await ifFilePresent(readFile(fileOf(dataDir), 'utf8'));
  const [pid, startTime, directory] = (text ?? '').trim().split(' ');
  if (pid === undefined || !/^\d+$/.test(pid) || (await startTimeOf(Number(pid))) !== startTime) return undefined;
  const isOurs =
    directory === undefined ? await holdsFilesOf(Number(pid), dataDir) : directory === (await identityOf(dataDir));
  return isOurs ? Number(pid) : undefined;
}

/** Device and inode: the same whatever the directory is called, also once it was moved within its file system. */
async function identityOf(dataDir: string): Promise<string> {
  const { dev, ino } = await stat(dataDir, { bigint: true });
  return `${dev}:${ino}`;
}

/** For files of builds that did not name the directory: such a process has its log there open. */
async function holdsFilesOf(pid: number, dataDir: string): Promise<boolean> {
  const folder = `/proc/${pid}/fd`;
  const root = `${await realpath(dataDir)}/`;
  const open = await readdir(folder).catch(() => []); // it may have ended
  const targets = await Promise.all(open.map((one) => readlink(join(folder, one)).catch(() => '')));
  return targets.some((one) => one.startsWith(root));
}

/**
 * When the kernel started the process, in its own unit: tells a process from a later one of the same number. Undefined:
 * it does not run. One that ended, and that its parent has not asked about, still has its number, and runs nothing.
 */
export async function startTimeOf(pid: number): Promise<string | undefined> {
  const stat = await ifFilePresent(readFile(`/proc/${pid}/stat`, 'utf8'));
  // The second field is the program's name in parentheses, and may hold anything; state is field 3, start time 22.
  const fields = stat?.slice(stat.lastIndexOf(')') + 2).split(' ') ?? [];
  return ['Z', 'X', 'x'].includes(fields[0] ?? '') ? undefined : fields[19];
}
