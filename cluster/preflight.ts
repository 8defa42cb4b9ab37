/** What is looked at before a start changes anything: ports, the data directory's cluster, the engine, neighbours. */

import { UserError } from '../base/user-error.ts';
import type { EngineFacts, EngineNetwork } from '../kubelet/runtime/docker/engine-facts.ts';
import { readExistingTable } from '../proxy/nftables/existing-table.ts';
import { ownerOfChains } from '../proxy/nftables/nft-program.ts';
import { ProgramError, runProgram } from '../proxy/program.ts';
import type { Component, UpOptions } from './cluster-options.ts';
import { type ClusterRecord, checkStoreIsThere, holdsOldCluster, readRecord } from './cluster-record.ts';
import { dockerSocket } from './components.ts';
import { demoNodePort } from './demo.ts';
import { checkHome } from './home.ts';
import { checkPort } from './host.ts';
import { homesOf, type WantedPlace, whyEngineWillNotDo, whyNoPlace, whyTableIsTaken } from './neighbours.ts';

export interface Found {
  /** What the data directory knows of its cluster. */
  readonly record: ClusterRecord | undefined;
  /** As the engine calls itself; undefined: none is needed. */
  readonly engine: string | undefined;
  /** What is on the engine already. */
  readonly networks: readonly EngineNetwork[];
}

/** Throws a sentence about the first thing that is not as it must be. */
export async function preflight(options: UpOptions): Promise<Found> {
  const { only, dataDir, etcdServers } = options;
  const record = await readRecord(dataDir);
  if (only.has('etcd') && etcdServers.length === 0) checkStoreIsThere(dataDir, record);
  const place = { ...options, clusterId: record?.id, isOldCluster: record === undefined && holdsOldCluster(dataDir) };
  const facts = only.has('kubelet') ? await readEngine() : undefined;
  const networks = facts?.networks ?? [];
  if (record !== undefined && firstThatActs(options) !== undefined)
    await checkHome({ ...options, record, named: homesOf(networks, record.id) });
  const engine = facts && checkEngine(facts, place);
  if (only.has('proxy') && options.proxyMode === 'nftables') await checkTable(place);
  // After the clusters: where one is in the way, it is named, not one of its ports.
  await checkPorts(options);
  return { record, engine, networks };
}

/** Whatever acts on the machine or on objects must know that they are this cluster's. */
export function firstThatActs({ only }: Pick<UpOptions, 'only'>): Component | undefined {
  const act: readonly Component[] = ['controller-manager', 'scheduler', 'kubelet', 'proxy', 'ingress'];
  return act.find((one) => only.has(one));
}

async function checkPorts({ only, securePort, bindAddress, kubeletPort, demo }: UpOptions): Promise<void> {
  const apiServer = { port: securePort, host: bindAddress, what: 'the API server', flag: '--secure-port' };
  if (only.has('apiserver')) await checkPort(apiServer);
  if (only.has('kubelet')) await checkPort({ port: kubeletPort, what: 'the kubelet', flag: '--kubelet-port' });
  if (demo) await checkPort({ port: demoNodePort, what: 'the guestbook', instead: 'start with --no-demo' });
}

async function readEngine(): Promise<EngineFacts> {
  const { readEngineFacts } = await import('../kubelet/runtime/docker/engine-facts.ts');
  return await readEngineFacts(dockerSocket());
}

function checkEngine(facts: EngineFacts, place: WantedPlace): string {
  refuse(whyEngineWillNotDo(facts) ?? whyNoPlace(facts.networks, place));
  return `${facts.name} ${facts.version}, API ${facts.apiVersion}`;
}

async function checkTable(place: WantedPlace): Promise<void> {
  try {
    const existing = await readExistingTable(runProgram, place.networkName);
    refuse(whyTableIsTaken(ownerOfChains(existing?.chains ?? []), place));
  } catch (error) {
    // Without nft, or the right to use it, the proxy does without tables.
    if (!(error instanceof ProgramError)) throw error;
  }
}

function refuse(why: string | undefined): void {
  if (why !== undefined) throw new UserError(why);
}
