/** The shapes in which a cluster is run: everything in one process by `npm start`, and each component on its own. */

import { cp, mkdir, readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';
import type { Client } from '../../client/client.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster } from '../support/local-cluster.ts';
import { childrenOf, isAlive } from '../support/processes.ts';
import type { SandboxEngine } from '../support/sandbox-engine.ts';
import { type ClusterEtcd, type ComponentName, SplitCluster } from '../support/split-cluster.ts';
import { kubeletVictims } from './kubelet-victims.ts';
import { processVictim, type Victim } from './victims.ts';

export interface SoakCluster {
  readonly client: Client;
  readonly victims: readonly Victim[];
  /** Nothing but `victims` is killed; otherwise containers and the engine are, too. */
  readonly isOwnRisk?: boolean;
  /** Of static pods; absent: there are none. */
  readonly manifests?: { readonly folder: string; readonly nodeName: string };
  /** Copies the logs there. */
  keepLogs(folder: string): Promise<void>;
  stop(): Promise<void>;
}

export const shapes = {
  /** One process, and the etcd that it supervises. */
  single: startSingle,
  /** Processes of their own, over an etcd that `npm start -- --only etcd` supervises. */
  split: startSplit,
  /** As `split`, with static pods; only the kubelet is killed, in every way. */
  kubelet: startForKubelet,
} as const satisfies Record<string, (engine: SandboxEngine) => Promise<SoakCluster>>;

async function startSingle(): Promise<SoakCluster> {
  const cluster = await LocalCluster.start({ flags: ['--no-demo'] });
  return {
    client: cluster.client,
    victims: [
      processVictim('npm start', { kill: () => cluster.kill(), start: () => cluster.start() }, 3),
      processVictim('etcd', supervisedEtcd(cluster), 3),
    ],
    keepLogs: (folder) => copyLogs(cluster.dataDir, folder),
    stop: () => cluster.remove(),
  };
}

const components: readonly ComponentName[] = ['apiserver', 'controller-manager', 'scheduler', 'kubelet', 'proxy'];

async function startSplit(): Promise<SoakCluster> {
  const supervisor = await LocalCluster.start({ flags: ['--only', 'etcd'] });
  const etcd = supervisedEtcd(supervisor);
  const cluster = await SplitCluster.start(async () => etcd);
  const componentVictims = components.map((component) =>
    processVictim(component, {
      kill: () => cluster.kill(component),
      start: () => cluster.startComponent(component),
    }),
  );
  return {
    client: cluster.client,
    victims: [
      ...componentVictims,
      processVictim('etcd', etcd),
      processVictim('etcd and its npm start', { kill: () => supervisor.kill(), start: () => supervisor.start() }, 1),
    ],
    async keepLogs(folder) {
      await copyLogs(supervisor.dataDir, join(folder, 'etcd'));
      await copyLogs(cluster.dataDir, folder);
    },
    stop: () => cluster.stop(),
  };
}

async function startForKubelet(engine: SandboxEngine): Promise<SoakCluster> {
  const cluster = await SplitCluster.start();
  await mkdir(cluster.manifestFolder, { recursive: true });
  return {
    client: cluster.client,
    victims: kubeletVictims(cluster, engine),
    isOwnRisk: true,
    manifests: { folder: cluster.manifestFolder, nodeName: cluster.nodeName },
    keepLogs: (folder) => copyLogs(cluster.dataDir, folder),
    stop: () => cluster.stop(),
  };
}

/** The etcd of an `npm start`, which starts it again itself. */
function supervisedEtcd(cluster: LocalCluster): ClusterEtcd {
  return {
    url: `unix:${join(cluster.dataDir, 'etcd', 'client:0')}`,
    async kill() {
      const [pid] = childrenOf(cluster.pid, 'etcd');
      if (pid === undefined) return; // it has just been killed, and is not back yet
      process.kill(pid, 'SIGKILL');
      await eventually('etcd is dead', () => !isAlive(pid));
    },
    async start() {},
    async stop() {
      await cluster.stop();
      await rm(cluster.dataDir, { recursive: true, force: true });
    },
  };
}

async function copyLogs(from: string, to: string): Promise<void> {
  await mkdir(to, { recursive: true });
  const files = (await readdir(from, { recursive: true })).filter(
    (file) => file.endsWith('.log') && !file.startsWith('kubelet/'),
  );
  for (const file of files) await cp(join(from, file), join(to, file.replaceAll('/', '-')));
}
