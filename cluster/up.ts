/**
 * Starts a cluster on this machine and keeps it until it is told to stop. All components share this process: that is
 * the least memory, and each of them can just as well be run on its own by its `main.ts`.
 */

import { join, resolve } from 'node:path';
import { systemClock } from '../base/clock.ts';
import type { Running } from '../base/lifecycle.ts';
import { createLogger } from '../base/logger.ts';
import type { Terminal } from '../base/terminal.ts';
import { userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import { createRestClient } from '../client/rest-client.ts';
import { startCertificateRenewal } from './certificate-renewal.ts';
import { type Cluster, connectionAs, dnsAddressOf, prepareCluster } from './cluster.ts';
import { type Component, components, type UpOptions } from './cluster-options.ts';
import { dnsOptions, kubeletSettings, startComponent } from './components.ts';
import { ensureDefaultIngressClass } from './default-ingress-class.ts';
import { ensureDefaultStorageClass } from './default-storage-class.ts';
import { prepareDemoImages, runDemo } from './demo.ts';
import { ensureDnsService } from './dns-service.ts';
import { runInForeground } from './foreground.ts';
import { prepareDataDir } from './host.ts';
import { identify } from './identity.ts';
import { lockDataDir } from './instance-lock.ts';
import { publishJoining } from './joining/publish.ts';
import { waitForNode } from './node-ready.ts';
import { firstThatActs, preflight } from './preflight.ts';
import { createProgress, type Progress } from './progress.ts';
import { waitUntil } from './wait-until.ts';
import { welcomeText } from './welcome.ts';

const titles: Record<Component, string> = {
  etcd: 'etcd',
  apiserver: 'API server',
  'controller-manager': 'Controller manager',
  scheduler: 'Scheduler',
  kubelet: 'Kubelet',
  proxy: 'Proxy',
  ingress: 'Ingress',
};

/** Resolves when the cluster was told to stop and has stopped; throws when it cannot start or a part of it ends. */
export async function up(given: UpOptions, terminal: Terminal): Promise<void> {
  const options = { ...given, dataDir: resolve(given.dataDir) };
  await prepareDataDir(options.dataDir);
  const lock = await lockDataDir(options.dataDir);
  try {
    const progress = await createProgress(terminal.out);
    await runInForeground({ terminal, start: (running) => start(options, { terminal, running, progress }) });
  } finally {
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
  // What is wrong with it is said before anything starts.
  await dnsOptions(options);
  await kubeletSettings(options);
  if (options.only.has('ingress')) await checkIngressFlags(options);
  const found = await progress.step('This machine', () => preflight(options));
  const logger = createLogger('up', { level: options.logLevel, file: join(options.dataDir, 'longshore.log') });
  if (found.engine !== undefined) logger.info('The engine of this machine will do', { engine: found.engine });
  const cluster = await progress.step('Certificates', () => prepareCluster(options, logger));
  running.push(keepCertificates(cluster));
  const images = options.demo ? prepareDemoImages(cluster, running) : undefined;
  images?.catch(() => {}); // awaited below; should a component fail first, its error is the one to show
  let joining: Promise<void> | undefined;
  for (const component of components.filter((one) => options.only.has(one))) {
    if (terminal.signal.aborted) return;
    if (component === firstThatActs(options))
      await progress.step('Cluster identity', async () => {
        running.push(await identify(cluster, found, terminal.signal));
        joining = options.only.has('apiserver') ? publish(cluster, terminal.signal) : undefined;
        joining?.catch(() => {}); // awaited below
      });
    if (terminal.signal.aborted) return;
    await progress.step(titles[component], async () => {
      running.push(await startComponent(component, cluster));
    });
  }
  const { signal } = terminal;
  // A control plane alone has no node whose folders it could promise.
  if (options.only.has('apiserver') && options.only.has('kubelet'))
    await asAdmin(cluster, signal, ensureDefaultStorageClass);
  if (options.only.has('apiserver'))
    await asAdmin(cluster, signal, (client) =>
      ensureDnsService(client, { address: dnsAddressOf(options.serviceCidr), logger }),
    );
  if (options.only.has('apiserver') && options.only.has('ingress'))
    await asAdmin(cluster, signal, ensureDefaultIngressClass);
  if (options.only.has('kubelet'))
    await progress.step('Node is Ready', () => waitForNode(cluster, { progress, signal }));
  await progress.step('Other hosts can join', async () => await joining);
  const demo = images === undefined ? undefined : await startDemo(cluster, images, { terminal, progress, running });
  if (!terminal.signal.aborted) terminal.out.write(welcomeText(cluster, demo));
}

async function checkIngressFlags({ ingress = {} }: UpOptions): Promise<void> {
  const { ingressSettings } = await import('./ingress-component.ts');
  ingressSettings(ingress);
}

function keepCertificates({ options, nodeName, nodeIp, certificates, logger }: Cluster): Running {
  return startCertificateRenewal({
    certificates,
    clock: systemClock,
    logger,
    renew: async () => (await prepareCluster({ ...options, nodeName, nodeIp }, logger)).certificates,
  });
}

async function publish(cluster: Cluster, signal: AbortSignal): Promise<void> {
  const { options, certificates, nodeIp } = cluster;
  await asAdmin(cluster, signal, (client) =>
    publishJoining({
      client,
      settings: options,
      server: `https://${nodeIp}:${options.securePort}`,
      authority: certificates.authority.bundle,
    }),
  );
}

/** Again for as long as the server is out of reach or too busy: what is done has to be idempotent. */
async function asAdmin(cluster: Cluster, signal: AbortSignal, work: (client: Client) => Promise<void>): Promise<void> {
  const { certificates, logger, server } = cluster;
  const connection = connectionAs(cluster, certificates.admin);
  const client = createRestClient(connection, { userAgent: userAgentOf('longshore-up'), logger });
  try {
    await waitUntil({
      not: `The API server at ${server} does not answer`,
      async whyNot() {
        await work(client);
        return undefined;
      },
      clock: systemClock,
      signal,
    });
  } finally {
    await client.close();
  }
}

async function startDemo(
  cluster: Cluster,
  images: Promise<{ registry: string }>,
  { terminal, progress }: Start,
): Promise<{ url: string }> {
  const { registry } = await progress.step('Images of the guestbook', () => images);
  return await progress.step('Guestbook', () => runDemo(cluster, { registry, progress, signal: terminal.signal }));
}
