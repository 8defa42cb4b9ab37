/** Takes a cluster off this machine: what it runs, its containers, network and rules, and its data. Nothing else. */

import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { join } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { CommandError } from '../command.ts';
import type { Session } from '../session.ts';
import { dockerSocket } from './components.ts';
import { defaultNodeName } from './host.ts';
import { ownerOf } from './instance-lock.ts';
import { createProgress, type Progress } from './progress.ts';

export interface DownOptions {
  readonly dataDir: string;
  readonly nodeName: string | undefined;
  readonly clusterCidr: string;
  readonly keepData: boolean;
}

/** All that a cluster keeps in its data directory. Other files there are somebody else's, and stay. */
const ownFiles = [
  'etcd',
  'kubelet',
  'pki',
  'registry',
  'admin.kubeconfig',
  'controller-manager.kubeconfig',
  'kubelet.kubeconfig',
  'proxy.kubeconfig',
  'scheduler.kubeconfig',
  'longshore.log',
  'longshore.pid',
];
/** Images of the demo, as they are called when they were pulled from its registry. */
const demoImages = /^localhost:\d+\/longshore\//;
const stopTimeoutMs = 20_000;

/** Idempotent: what is gone already is no error. */
export async function down(session: Session, options: DownOptions): Promise<void> {
  const { dataDir, clusterCidr, keepData, nodeName = defaultNodeName() } = options;
  if (process.getuid?.() !== 0) throw new CommandError('Containers, networks and rules are root’s: run this as root.');
  const progress = await createProgress(session.out);
  await stopRunning(dataDir, progress);
  if (existsSync(dockerSocket())) await progress.step('Containers and network', () => removeContainers(nodeName));
  await progress.step('Rules', async () => {
    const { cleanProxy } = await import('../../proxy/clean.ts');
    await cleanProxy({ clusterCidr });
  });
  await unmountVolumes(dataDir);
  if (!keepData) await progress.step(`Data in ${dataDir}`, () => removeData(dataDir));
}

async function stopRunning(dataDir: string, progress: Progress): Promise<void> {
  const owner = await ownerOf(dataDir);
  if (owner === undefined) return;
  await progress.step(`Stopping process ${owner}`, async () => {
    process.kill(owner, 'SIGTERM');
    const end = systemClock.monotonic() + stopTimeoutMs;
    while ((await ownerOf(dataDir)) === owner) {
      if (systemClock.monotonic() > end)
        throw new CommandError(`Process ${owner} does not stop: end it with kill -9 ${owner}`);
      await systemClock.sleep(50);
    }
  });
}

async function removeContainers(nodeName: string): Promise<void> {
  const { cleanDocker } = await import('../../kubelet/runtime/docker/clean.ts');
  await cleanDocker({ socketPath: dockerSocket(), nodeName, images: demoImages });
}

/** Parts of volumes, and volumes in memory: what their containers kept there goes with the containers. */
async function unmountVolumes(dataDir: string): Promise<void> {
  const { unmountBelow } = await import('../../kubelet/volumes/mounts.ts');
  await unmountBelow(join(dataDir, 'kubelet'));
}

async function removeData(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  for (const name of ownFiles) await rm(join(dataDir, name), { recursive: true, force: true });
  for (const name of await readdir(dataDir)) {
    if (/^longshore\d*\.log$/.test(name)) await rm(join(dataDir, name));
  }
  if ((await readdir(dataDir)).length === 0) await removeFolder(dataDir);
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    // A mount point, as in a container with a volume there: empty is as good.
    if ((error as NodeJS.ErrnoException).code !== 'EBUSY') throw error;
  }
}
