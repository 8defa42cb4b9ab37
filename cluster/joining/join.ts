/**
 * Makes this host a worker of a cluster: looks at everything first, asks for certificates with the token, starts the
 * kubelet and the proxy, and looks whether they arrived. Running it again is harmless: a host that is a worker already
 * is started, or left as it runs.
 */

import { readFile } from 'node:fs/promises';
import { join as joinPath } from 'node:path';
import { systemClock } from '../../base/clock.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import type { Running } from '../../base/lifecycle.ts';
import { createLogger, type Logger } from '../../base/logger.ts';
import { certificatesOf } from '../../base/pem.ts';
import type { Terminal } from '../../base/terminal.ts';
import { UserError } from '../../base/user-error.ts';
import type { WorkerSide } from '../cluster.ts';
import { readRecord, writeRecord } from '../cluster-record.ts';
import { kubeletSettings } from '../components.ts';
import { runInForeground } from '../foreground.ts';
import { homeOf } from '../home.ts';
import { defaultNodeName, prepareDataDir } from '../host.ts';
import { lockDataDir, ownerOf } from '../instance-lock.ts';
import { preflight } from '../preflight.ts';
import { createProgress, type Progress } from '../progress.ts';
import { checkArrival } from './arrival.ts';
import { obtainClientCertificate } from './client-certificate.ts';
import { nodeClient, RemovedError, tellThatItLeft, watchForRemoval } from './departure.ts';
import { introduce, parseTarget, type Target, titleOf, urlOf } from './first-contact.ts';
import { checkClock, checkConnection, checkName, checkServer, checkToken } from './join-checks.ts';
import { authorityHashOf, type JoinToken, parseJoinToken } from './join-token.ts';
import { installUnit, isSystemdHere } from './systemd.ts';
import {
  authorityFileOf,
  loadWorker,
  nodesSeenByProxy,
  startWorker,
  upOptionsOf,
  type WorkerOptions,
} from './worker.ts';
import { readWorkerRecord, type WorkerRecord, writeWorkerRecord } from './worker-record.ts';

export interface JoinOptions extends WorkerOptions {
  /** `master:6443`; undefined: this host is a worker already, and is only started. */
  readonly master: string | undefined;
  readonly token: string | undefined;
  readonly nodeName: string | undefined;
  readonly nodeIp: string | undefined;
  readonly kubeletPort: number;
  /** Although systemd runs here. */
  readonly foreground: boolean;
  /** The flags of the node as they were given, for systemd; none: those that it was given the last time. */
  readonly nodeWords: readonly string[];
}

/** Resolves when the worker was told to stop; with systemd, when it runs. */
export async function join(options: JoinOptions, terminal: Terminal): Promise<void> {
  if (process.getuid?.() !== 0) throw new UserError('A worker makes networks and rules: run this as root.');
  const token = options.token === undefined ? undefined : parseJoinToken(options.token);
  const target = options.master === undefined ? undefined : parseTarget(options.master);
  await kubeletSettings(options); // what is wrong with it is said before anything is done
  const found = await readWorkerRecord(options.dataDir);
  if (found?.isRemoved && token === undefined) throw new RemovedError(found);
  // With a new token it comes again.
  const known = found?.isRemoved ? undefined : found;
  if (known !== undefined) {
    await checkSameCluster(options.dataDir, token, known);
    const owner = await ownerOf(options.dataDir);
    if (owner !== undefined) {
      terminal.out.write(
        `This host is the worker ${known.nodeName} of ${known.server} already, and runs (process ${owner}).\n`,
      );
      return;
    }
  } else if (found === undefined && (await readRecord(options.dataDir)) !== undefined)
    throw new UserError(
      `${options.dataDir} holds a cluster that was started here with "kubecfg up": its host is a node already. A worker needs ` +
        'another host, or "kubecfg down" here first.',
    );
  await prepareDataDir(options.dataDir);
  const lock = await lockDataDir(options.dataDir);
  let isLocked = true;
  const release = async () => {
    if (isLocked) await lock.release();
    isLocked = false;
  };
  try {
    const progress = await createProgress(terminal.out);
    const logger = createLogger('node', { level: options.logLevel, file: joinPath(options.dataDir, 'longshore.log') });
    const record = known ?? (await becomeWorker(options, { token, target, progress, logger, signal: terminal.signal }));
    const start = { options, record, terminal, progress, logger };
    if (!options.foreground && isSystemdHere()) {
      await release(); // the unit takes it
      await runBySystemd(start);
    } else await runUntilRemoved(start);
  } finally {
    await release();
  }
}

/** Joining a second cluster would end what runs here for the first. */
async function checkSameCluster(dataDir: string, token: JoinToken | undefined, known: WorkerRecord): Promise<void> {
  if (token === undefined) return;
  const authority = await ifFilePresent(readFile(authorityFileOf(dataDir), 'utf8'));
  const hashes = certificatesOf(authority ?? '').map(authorityHashOf);
  if (hashes.includes(token.authorityHash)) return;
  throw new UserError(
    `This host is the worker ${known.nodeName} of another cluster (${known.server}), and the token is not of that one. Run ` +
      '"kubecfg leave" first.',
  );
}

interface Becoming {
  readonly token: JoinToken | undefined;
  readonly target: Target | undefined;
  readonly progress: Progress;
  readonly logger: Logger;
  readonly signal: AbortSignal;
}

/** Nothing but the data directory of this host, and one use of the token, is touched before all checks are passed. */
async function becomeWorker(
  options: JoinOptions,
  { token, target, progress, logger, signal }: Becoming,
): Promise<WorkerRecord> {
  if (target === undefined || token === undefined)
    throw new UserError(
      'This host is no worker yet. Say whose it shall be: kubecfg join HOST --token TOKEN, the line that "kubecfg token ' +
        'create" prints on a master.',
    );
  const { host, port } = target;
  const address = await progress.step(`Name ${host}`, () => checkName(target));
  const localAddress = await progress.step(`Reaching ${titleOf(target)}`, () => checkConnection(target, address));
  const { authority, serverTime } = await progress.step('Certificate is the cluster’s', () =>
    introduce(target, token.authorityHash),
  );
  await progress.step('Clock', async () => checkClock(serverTime, systemClock.now()));
  await progress.step('Versions', () => checkServer(target, authority));
  const settings = await progress.step('Token', () => checkToken(target, { token, authority }));
  const record: WorkerRecord = {
    server: urlOf({ host, port }),
    nodeName: options.nodeName ?? defaultNodeName(),
    nodeIp: options.nodeIp ?? localAddress.replace(/^::ffff:/, ''),
    kubeletPort: options.kubeletPort,
    settings,
    nodeWords: options.nodeWords,
    isRemoved: false,
  };
  await progress.step('Docker and this host', () => preflight(upOptionsOf(options, record)));
  await progress.step(`Certificate of ${record.nodeName}`, () =>
    obtainClientCertificate({ dataDir: options.dataDir, record, token, authority, logger, signal }),
  );
  await writeWorkerRecord(options.dataDir, record);
  await rememberCluster(options.dataDir, record);
  return record;
}

/** So that `leave` knows what is its own, and a cluster that is started here later does not take it. */
async function rememberCluster(dataDir: string, { nodeName, settings }: WorkerRecord): Promise<void> {
  const { clusterId: id, networkName, clusterCidr, serviceCidr } = settings;
  await writeRecord(dataDir, {
    id,
    nodeName,
    dataDir: await homeOf(dataDir),
    networkName,
    clusterCidr,
    serviceCidr,
    revision: 0,
  });
}

interface Start {
  readonly options: JoinOptions;
  readonly record: WorkerRecord;
  readonly terminal: Terminal;
  readonly progress: Progress;
  readonly logger: Logger;
}

async function runUntilRemoved(start: Start): Promise<void> {
  const { options, record, terminal, logger } = start;
  try {
    await runInForeground({ terminal, start: (running) => runHere(start, running) });
  } catch (error) {
    if (!(error instanceof RemovedError)) throw error;
    // The kubelet has stopped.
    await tellThatItLeft(await loadWorker(options, record, logger));
    await writeWorkerRecord(options.dataDir, { ...record, isRemoved: true });
    throw error;
  }
}

async function runHere({ options, record, terminal, progress, logger }: Start, running: Running[]): Promise<void> {
  const worker = await loadWorker(options, record, logger);
  await progress.step('Kubelet and proxy', () => startWorker(worker, record.settings.clusterId, running));
  await arrive(worker, { terminal, progress });
  running.push(watchForRemoval(worker));
  if (!terminal.signal.aborted) terminal.out.write(welcomeText(record));
}

async function runBySystemd({ options, record, terminal, progress, logger }: Start): Promise<void> {
  const nodeWords = options.nodeWords.length > 0 ? options.nodeWords : record.nodeWords;
  await progress.step('Unit of systemd', async () => {
    await writeWorkerRecord(options.dataDir, { ...record, nodeWords });
    await installUnit(options.dataDir, nodeWords);
  });
  await arrive(await loadWorker(options, record, logger), { terminal, progress });
  terminal.out.write(welcomeText(record));
}

async function arrive(worker: WorkerSide, { terminal: { signal }, progress }: Pick<Start, 'terminal' | 'progress'>) {
  const client = nodeClient(worker);
  try {
    await checkArrival({ client, allNodes: () => nodesSeenByProxy(worker), worker, progress, signal });
  } finally {
    await client.close();
  }
}

function welcomeText({ nodeName, server }: WorkerRecord): string {
  return [
    '',
    `This host is the worker ${nodeName} of ${server}.`,
    '"npx kubecfg leave" takes it out of the cluster again, and everything off this host that the cluster made here.',
    '',
  ].join('\n');
}
