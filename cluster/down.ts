/**
 * Takes a cluster off this machine: what it runs, its containers, network and rules, and its data. Nothing else: what
 * names another cluster stays, and what names none goes only where this data directory shows that it is its own.
 */

import { existsSync } from 'node:fs';
import { readdir, rm, rmdir } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { errorCode } from '../base/error-text.ts';
import { Patience } from '../base/patience.ts';
import type { Terminal } from '../base/terminal.ts';
import { UserError } from '../base/user-error.ts';
import { type ClusterRecord, holdsOldCluster, readRecord, recordFile } from './cluster-record.ts';
import { dockerSocket } from './components.ts';
import { encryptionFile } from './encryption-file.ts';
import { checkNotRunElsewhere, findOtherHome, whyNotHome } from './home.ts';
import { forgetRunner, ownerOf } from './instance-lock.ts';
import { componentUsers } from './kubeconfig.ts';
import { homesOf, placeLabels } from './neighbours.ts';
import { createProgress, type Progress } from './progress.ts';

export interface DownOptions {
  readonly dataDir: string;
  /** For a cluster whose data directory is lost: its id. Then nothing of `dataDir` is touched. */
  readonly clusterId: string | undefined;
  /** Default: what the cluster was started with. */
  readonly clusterCidr: string | undefined;
  readonly keepData: boolean;
}

/** What a cluster has on this machine. */
interface ClusterTraces {
  /** Undefined: of a build before clusters had ids. */
  readonly clusterId: string | undefined;
  readonly networkName: string;
  readonly clusterCidr: string;
  readonly serviceCidr: string | undefined;
  /** Where its pods have folders, which tell its containers of a build before from those of others. */
  readonly podsFolder: string | undefined;
}

/** All that a cluster keeps in its data directory. Other files there are not the cluster's, and stay. */
const ownFiles = [
  'audit',
  'etcd',
  'kubelet',
  'pki',
  'registry',
  ...['admin', ...componentUsers].map((user) => `${user}.kubeconfig`),
  encryptionFile,
  'longshore.log',
  'longshore.pid',
  'worker.json',
  // The last: without it `down` would not know again what is its own.
  recordFile,
];
const defaults = { networkName: 'longshore', clusterCidr: '10.244.0.0/16' };
/** Images of the demo, as they are called when they were pulled from its registry. */
const demoImages = /^localhost:\d+\/longshore\//;
const stopLimitMs = 60_000;

/** Idempotent: what is gone already is no error. */
export async function down(terminal: Terminal, options: DownOptions): Promise<void> {
  const { dataDir, keepData, clusterId } = options;
  if (process.getuid?.() !== 0) throw new UserError('Containers, networks and rules are root’s: run this as root.');
  const progress = await createProgress(terminal.out);
  if (clusterId !== undefined) return await removeFromMachine(await findLost(clusterId, options), progress);
  await checkHome(dataDir);
  const target = await findTarget(options);
  if (target === undefined) {
    if (!(await isEmpty(dataDir)))
      throw new UserError(`${dataDir} holds no cluster of Longshore. Nothing was touched.`);
    terminal.out.write(`${dataDir} holds no cluster: there is nothing to remove.\n`);
    return;
  }
  await stopRunning(dataDir, progress);
  await removeFromMachine(target, progress);
  await unmountVolumes(dataDir);
  if (!keepData) await progress.step(`Data in ${dataDir}`, () => removeData(dataDir));
}

async function isEmpty(folder: string): Promise<boolean> {
  return !existsSync(folder) || (await readdir(folder)).length === 0;
}

async function removeFromMachine(target: ClusterTraces, progress: Progress): Promise<void> {
  const { clusterId, networkName: table, clusterCidr, serviceCidr } = target;
  if (existsSync(dockerSocket())) await progress.step('Containers and network', () => removeContainers(target));
  await progress.step('Rules', async () => {
    const { cleanProxy } = await import('../proxy/clean.ts');
    await cleanProxy({ clusterId, table, clusterCidr, serviceCidr });
  });
  if (clusterId !== undefined) await forgetRunner(clusterId);
}

/** Throws when the containers, the network and the rules of this machine are those of the directory's original. */
async function checkHome(dataDir: string): Promise<void> {
  const record = await readRecord(dataDir);
  if (record === undefined) return;
  const { readEngineFacts } = await import('../kubelet/runtime/docker/engine-facts.ts');
  const networks = existsSync(dockerSocket()) ? (await readEngineFacts(dockerSocket())).networks : [];
  const other = await findOtherHome({ dataDir, record, named: homesOf(networks, record.id) });
  if (other === undefined) return await checkNotRunElsewhere(dataDir, record.id);
  throw new UserError(
    `${whyNotHome(dataDir, other)} To take the cluster off this machine: npx kubecfg down --data-dir ${other}. ` +
      `To be rid of the copy only, remove the folder ${dataDir}.`,
  );
}

/** What the data directory says; undefined: there is no cluster in it. */
async function findTarget({ dataDir, clusterCidr }: DownOptions): Promise<ClusterTraces | undefined> {
  const record: ClusterRecord | undefined = await readRecord(dataDir);
  if (record === undefined && !holdsOldCluster(dataDir)) return undefined;
  return {
    clusterId: record?.id,
    networkName: record?.networkName ?? defaults.networkName,
    clusterCidr: clusterCidr ?? record?.clusterCidr ?? defaults.clusterCidr,
    serviceCidr: record?.serviceCidr,
    podsFolder: join(dataDir, 'kubelet', 'pods'),
  };
}

/** What the cluster wrote on its network. */
async function findLost(clusterId: string, { clusterCidr }: DownOptions): Promise<ClusterTraces> {
  const { readEngineFacts } = await import('../kubelet/runtime/docker/engine-facts.ts');
  const { networks, clusterIds } = await readEngineFacts(dockerSocket());
  const network = networks.find((one) => one.clusterId === clusterId);
  if (!clusterIds.includes(clusterId)) {
    const known = clusterIds.length === 0 ? 'none' : clusterIds.join(', ');
    throw new UserError(`Docker has nothing of a cluster ${clusterId}. Of these it has something: ${known}.`);
  }
  return {
    clusterId,
    networkName: network?.name ?? defaults.networkName,
    clusterCidr: clusterCidr ?? network?.labels[placeLabels.clusterCidr] ?? defaults.clusterCidr,
    serviceCidr: network?.labels[placeLabels.serviceCidr],
    podsFolder: undefined,
  };
}

/** Ends the process that runs on this directory, and waits for its end. */
export async function stopRunning(dataDir: string, progress: Progress): Promise<void> {
  const owner = await ownerOf(dataDir);
  if (owner === undefined) return;
  await progress.step(`Stopping process ${owner}`, async () => {
    process.kill(owner, 'SIGTERM');
    const patience = new Patience({ clock: systemClock, limitMs: stopLimitMs });
    while ((await ownerOf(dataDir)) === owner) {
      if (patience.isOver('running'))
        throw new UserError(`Process ${owner} does not stop: end it with kill -9 ${owner}, then try again`);
      await systemClock.sleep(50);
    }
  });
}

async function removeContainers({ clusterId, podsFolder }: ClusterTraces): Promise<void> {
  const { cleanDocker } = await import('../kubelet/runtime/docker/clean.ts');
  const uids = new Set(podsFolder !== undefined && existsSync(podsFolder) ? await readdir(podsFolder) : []);
  await cleanDocker({
    socketPath: dockerSocket(),
    clusterId,
    isOwnPod: (uid) => uids.has(uid),
    unnamedNetworks: podsFolder !== undefined,
    images: demoImages,
  });
  const { removeRecordedCgroups } = await import('../kubelet/cgroups/cgroup-record.ts');
  if (podsFolder !== undefined) await removeRecordedCgroups(dirname(podsFolder));
}

/** Parts of volumes, and volumes in memory: what their containers kept there goes with the containers. */
async function unmountVolumes(dataDir: string): Promise<void> {
  const { unmountBelow } = await import('../kubelet/volumes/mounts.ts');
  await unmountBelow(join(dataDir, 'kubelet'));
}

async function removeData(dataDir: string): Promise<void> {
  if (!existsSync(dataDir)) return;
  for (const name of ownFiles) await rm(join(dataDir, name), { recursive: true, force: true });
  for (const name of await readdir(dataDir)) {
    const isLeft = /^longshore\d*\.log$/.test(name) || name.startsWith(`${encryptionFile}.`);
    if (isLeft) await rm(join(dataDir, name));
  }
  if ((await readdir(dataDir)).length === 0) await removeFolder(dataDir);
}

async function removeFolder(folder: string): Promise<void> {
  try {
    await rmdir(folder);
  } catch (error) {
    // A mount point, as in a container with a volume there: empty is as good.
    if (errorCode(error) !== 'EBUSY') throw error;
  }
}
