/**
 * Starts a cluster on this machine and keeps it until it is told to stop. All components share this process: that is
 * the least memory, and each of them can just as well be run on its own by its `main.ts`.
 */

import { once } from 'node:events';
import { join, resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import { type Running, stopAll } from '../base/lifecycle.ts';
import { createLogger } from '../base/logger.ts';
import type { Terminal } from '../base/terminal.ts';
import { startCertificateRenewal } from './certificate-renewal.ts';
import { type Cluster, prepareCluster } from './cluster.ts';
import { type Component, components, type UpOptions } from './cluster-options.ts';
import { startComponent } from './components.ts';
import { prepareDemoImages, runDemo } from './demo.ts';
import { prepareDataDir } from './host.ts';
import { identify } from './identity.ts';
import { lockDataDir } from './instance-lock.ts';
import { waitForNode } from './node-ready.ts';
import { firstThatActs, preflight } from './preflight.ts';
import { createProgress, type Progress } from './progress.ts';
import { welcomeText } from './welcome.ts';

const stopTimeoutMs = 9_000;

const titles: Record<Component, string> = {
  etcd: 'etcd',
  apiserver: 'API server',
  'controller-manager': 'Controller manager',
  scheduler: 'Scheduler',
  kubelet: 'Kubelet',
  proxy: 'Proxy',
};

/** Resolves when the cluster was told to stop and has stopped; throws when it cannot start or a part of it ends. */
export async function up(given: UpOptions, terminal: Terminal): Promise<void> {
  const options = { ...given, dataDir: resolve(given.dataDir) };
  await prepareDataDir(options.dataDir);
  const lock = await lockDataDir(options.dataDir);
  const running: Running[] = [];
  try {
    const starting = start(options, { terminal, running, progress: await createProgress(terminal.out) });
    starting.catch(() => {}); // told below, unless the user stops it first
    // Whatever it waits for, the user need not.
    await Promise.race([aborted(terminal.signal), starting]);
    await Promise.race([aborted(terminal.signal), ...running.map(({ done }) => done)]);
    terminal.out.write('\nStopping. Containers are left running.\n');
  } finally {
    await stopWithin(running, terminal);
    await lock.release();
  }
}

interface Start {
  readonly terminal: Terminal;
  readonly progress: Progress;
  /** What is to be stopped, in the order of its start. Filled as things start, so that a failure half-way stops them. */
  readonly running: Running[];
}

async function start(options: UpOptions, { terminal, progress, running }: Start): Promise<void> {
  const found = await progress.step('This machine', () => preflight(options));
  const logger = createLogger('up', { level: options.logLevel, file: join(options.dataDir, 'longshore.log') });
  if (found.engine !== undefined) logger.info('The engine of this machine will do', { engine: found.engine });
  const cluster = await progress.step('Certificates', () => prepareCluster(options, logger));
  running.push(keepCertificates(cluster));
  const images = options.demo ? prepareDemoImages(cluster, running) : undefined;
  images?.catch(() => {}); // awaited below; should a component fail first, its error is the one to show
  for (const component of components.filter((one) => options.only.has(one))) {
    if (terminal.signal.aborted) return;
    if (component === firstThatActs(options))
      await progress.step('Cluster identity', async () => {
        running.push(await identify(cluster, found, terminal.signal));
      });
    if (terminal.signal.aborted) return;
    await progress.step(titles[component], async () => {
      running.push(await startComponent(component, cluster));
    });
  }
  const { signal } = terminal;
  if (options.only.has('kubelet'))
    await progress.step('Node is Ready', () => waitForNode(cluster, { progress, signal }));
  const demo = images === undefined ? undefined : await startDemo(cluster, images, { terminal, progress, running });
  if (!terminal.signal.aborted) terminal.out.write(welcomeText(cluster, demo));
}

function keepCertificates({ options, nodeName, nodeIp, certificates, logger }: Cluster): Running {
  return startCertificateRenewal({
    certificates,
    clock: systemClock,
    logger,
    renew: async () => (await prepareCluster({ ...options, nodeName, nodeIp }, logger)).certificates,
  });
}

async function startDemo(
  cluster: Cluster,
  images: Promise<{ registry: string }>,
  { terminal, progress }: Start,
): Promise<{ url: string }> {
  const { registry } = await progress.step('Images of the guestbook', () => images);
  return await progress.step('Guestbook', () => runDemo(cluster, { registry, progress, signal: terminal.signal }));
}

async function aborted(signal: AbortSignal): Promise<void> {
  if (!signal.aborted) await once(signal, 'abort');
}

/** What does not end in time is left to end with this process. */
async function stopWithin(running: readonly Running[], terminal: Terminal): Promise<void> {
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<'late'>((resolve) => {
    timer = setTimeout(() => resolve('late'), stopTimeoutMs);
  });
  if ((await Promise.race([stopAll(running), late])) === 'late') {
    terminal.errors.write('Not everything stopped in time: see the log.\n');
  }
  clearTimeout(timer);
}
