/** What is looked at before a start changes anything: ports, the data directory's cluster, the engine, neighbours. */

import { CommandError as ProgramError, runCommand } from '../../proxy/command.ts';
import { readExistingTable } from '../../proxy/existing-table.ts';
import { ownerOfChains } from '../../proxy/nft-program.ts';
import { CommandError } from '../command.ts';
import { type ClusterRecord, checkStoreIsThere, holdsOldCluster, readRecord } from './cluster-record.ts';
import { dockerSocket } from './components.ts';
import { demoNodePort } from './demo.ts';
import { checkPort } from './host.ts';
import { type WantedPlace, whyEngineWillNotDo, whyNoPlace, whyTableIsTaken } from './neighbours.ts';
import type { UpOptions } from './up-options.ts';

export interface Found {
  /** What the data directory knows of its cluster. */
  readonly record: ClusterRecord | undefined;
  /** As the engine calls itself; undefined: none is needed. */
  readonly engine: string | undefined;
}

/** Throws a sentence about the first thing that is not as it must be. */
export async function preflight(options: UpOptions): Promise<Found> {
  const { only, dataDir, etcdServers } = options;
  const record = await readRecord(dataDir);
  if (only.has('etcd') && etcdServers.length === 0) checkStoreIsThere(dataDir, record);
  const place = { ...options, clusterId: record?.id, isOldCluster: record === undefined && holdsOldCluster(dataDir) };
  const engine = only.has('kubelet') ? await checkEngine(place) : undefined;
  if (only.has('proxy') && options.proxyMode === 'nftables') await checkTable(place);
  // After the clusters: where one is in the way, it is named, not one of its ports.
  await checkPorts(options);
  return { record, engine };
}

async function checkPorts({ only, securePort, bindAddress, kubeletPort, demo }: UpOptions): Promise<void> {
  const apiServer = { port: securePort, host: bindAddress, what: 'the API server', flag: '--secure-port' };
  if (only.has('apiserver')) await checkPort(apiServer);
  if (only.has('kubelet')) await checkPort({ port: kubeletPort, what: 'the kubelet', flag: '--kubelet-port' });
  if (demo) await checkPort({ port: demoNodePort, what: 'the guestbook', instead: 'start with --no-demo' });
}

async function checkEngine(place: WantedPlace): Promise<string> {
  const { readEngineFacts } = await import('../../kubelet/runtime/docker/engine-facts.ts');
  const facts = await readEngineFacts(dockerSocket());
  refuse(whyEngineWillNotDo(facts) ?? whyNoPlace(facts.networks, place));
  return `${facts.name} ${facts.version}, API ${facts.apiVersion}`;
}

async function checkTable(place: WantedPlace): Promise<void> {
  try {
    const existing = await readExistingTable(runCommand, place.networkName);
    refuse(whyTableIsTaken(ownerOfChains(existing?.chains ?? []), place));
  } catch (error) {
    // Without nft, or the right to use it, the proxy does without tables.
    if (!(error instanceof ProgramError)) throw error;
  }
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new CommandError(why);
}
