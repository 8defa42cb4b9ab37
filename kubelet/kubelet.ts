/**
 * The kubelet: makes the pods run that the API says belong to this node, and tells the API how they are. Read this
 * first; `docs/pod-lifecycle.md` draws the way of one pod.
 *
 *   pods (informer) ─┐                           ┌─► StatusManager ─► API
 *   runtime events ──┼─► PodWorkers ─► PodWorker ┤
 *   probes ──────────┘   one per pod uid         └─► PodSync ─► Runtime (Docker)
 *
 * Started in this order, so that a killed kubelet adopts what runs and doubles nothing: heartbeat and node object;
 * the runtime's list; the pod network; pods from the API; only then does any worker act.
 */

import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import type { Node, Pod, Service } from 'kubernetes-types/core/v1';
import { nodes, pods, services } from '../api/kinds.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import { gitVersion, probeUserAgent, userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Informer } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import { ContainerStarter } from './container-starter.ts';
import type { DnsSettings } from './containers/dns.ts';
import { computeServiceEnvironment } from './containers/service-environment.ts';
import { collectGarbage } from './garbage-collection.ts';
import { ImagePuller } from './image-puller.ts';
import { Limiter } from './limiter.ts';
import { type Machine, readMachine } from './machine.ts';
import { runNodeHeartbeat } from './node-heartbeat.ts';
import { NodeReporter } from './node-reporter.ts';
import { ObservedPods } from './observed-pods.ts';
import { type PodObject, sandboxOf, usesNodeNetwork } from './pod.ts';
import { PodSync } from './pod-sync.ts';
import { PodWorkers } from './pod-workers.ts';
import { Prober } from './probes/prober.ts';
import { PullSecrets } from './pull-secrets.ts';
import { ApiData } from './referenced-data.ts';
import { RestartBackoff } from './restart-backoff.ts';
import { DockerRuntime } from './runtime/docker-runtime.ts';
import type { Runtime } from './runtime/runtime.ts';
import { startKubeletServer } from './server/server.ts';
import { ServiceAccountTokens } from './service-account-tokens.ts';
import { StatusManager } from './status-manager.ts';
import { Volumes } from './volumes/volumes.ts';

export interface KubeletOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Volumes and other files of pods. */
  readonly dataDir: string;
  readonly docker: { readonly socketPath?: string; readonly networkName?: string; readonly mtu?: number };
  /** Instead of Longshore's own. */
  readonly infraImage?: string;
  readonly serving: KeyPairSource;
  /** PEM: who may call the kubelet's server. */
  readonly clientCertificateAuthority: string;
  /** 0: any. Default 10250. */
  readonly port?: number;
  readonly clusterDns?: readonly string[];
  /** Default cluster.local. */
  readonly clusterDomain?: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** Instead of Docker. */
  readonly runtime?: Runtime;
  readonly clock?: Clock;
}

export interface RunningKubelet extends Running {
  /** Of its server. */
  readonly port: number;
  /** Undefined: pods can run. */
  whyNotReady(): string | undefined;
}

/**
 * What is created or started at the same time; more only makes Docker's queues longer. Counted apart, so that a
 * container starts as soon as its sandbox runs instead of after all other sandboxes.
 */
const parallel = { sandboxes: 8, containers: 8 };
const retryMs = 1_000;

export async function startKubelet(options: KubeletOptions): Promise<RunningKubelet> {
  const { logger, nodeName, nodeIp, dataDir, clock = systemClock, metrics = new Metrics() } = options;
  await mkdir(dataDir, { recursive: true });
  const machine = await readMachine(dataDir);
  const stop = new AbortController();
  const { signal } = stop;
  setMaxListeners(0, signal); // every pod worker listens to it
  const client = createRestClient(options.connection, {
    userAgent: `${userAgentOf('longshore-kubelet')} (${nodeName})`,
    logger,
  });
  const runtime = options.runtime ?? dockerRuntime(options);
  const recorder = new EventRecorder({ client, logger, clock });
  const parts = createParts({ ...options, clock, client, runtime, recorder, machine, signal });
  const server = await startKubeletServer({
    ...options,
    port: options.port ?? 10250,
    runtime,
    metrics,
    pods: parts.pods,
    workers: parts.workers,
    observed: parts.observed,
  });
  let notReady: string | undefined = 'the kubelet is starting';
  const reporter = new NodeReporter({
    client,
    runtime,
    logger,
    clock,
    machine,
    dataDir,
    nodeName,
    nodeIp,
    port: server.port,
    kubeletVersion: gitVersion,
    labels: options.labels ?? {},
    whyNotReady: () => notReady,
  });
  const loops = [
    recorder.run(signal),
    runNodeHeartbeat({ client, nodeName, logger, clock }, signal),
    reporter.run(signal),
    parts.services.run(signal),
    work({ ...options, clock, client, runtime, parts, signal }, (reason) => {
      notReady = reason;
      reporter.wake();
    }),
  ];
  const over = createDeferred<void>();
  void Promise.all(loops).then(() => over.resolve(), over.reject);
  return {
    name: 'kubelet',
    port: server.port,
    done: over.promise,
    whyNotReady: () => notReady,
    async stop() {
      await server.stop();
      stop.abort();
      await over.promise.catch(() => undefined); // `done` tells whoever wants to know
      await client.close();
    },
  };
}

function dockerRuntime({ docker, nodeName, infraImage, logger }: KubeletOptions): Runtime {
  return new DockerRuntime({ ...docker, nodeName, logger, ...(infraImage !== undefined && { infraImage }) });
}

interface PartsInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly machine: Machine;
  readonly signal: AbortSignal;
}

interface Parts {
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly prober: Prober;
  readonly volumes: Volumes;
}

function createParts(input: PartsInput): Parts {
  const { client, runtime, logger, clock, nodeName, nodeIp, dataDir, machine } = input;
  const podInformer = createInformer<Pod>(client, pods, { fieldSelector: `spec.nodeName=${nodeName}`, logger, clock });
  const serviceInformer = createInformer<Service>(client, services, { logger, clock });
  const recorder = input.recorder.from('kubelet', nodeName);
  const data = new ApiData(client);
  const backoff = new RestartBackoff();
  const wake = (uid: string) => workers.wake(uid);
  const observed = new ObservedPods({ runtime, logger, clock, onChange: wake });
  const prober = new Prober({ runtime, recorder, clock, userAgent: probeUserAgent, onChange: wake });
  const fieldsOf = (pod: PodObject, podIp: string | undefined) => ({
    nodeIp,
    podIp: podIp ?? (usesNodeNetwork(pod) ? nodeIp : sandboxOf(observed.get(pod.metadata.uid))?.ip),
    allocatable: machine.allocatable,
  });
  const tokens = new ServiceAccountTokens(client, clock);
  const volumes = new Volumes({ dataDir, data, tokens, clock, fieldsOf: (pod) => fieldsOf(pod, undefined) });
  const puller = new ImagePuller({ runtime, secrets: new PullSecrets(data, recorder), recorder, clock });
  const starter = new ContainerStarter({
    runtime,
    puller,
    volumes,
    data,
    observed,
    recorder,
    clock,
    limiter: new Limiter(parallel.containers),
    nodeMemoryBytes: machine.memoryBytes,
    userAgent: probeUserAgent,
    fieldsOf,
    servicesFor: (pod) =>
      computeServiceEnvironment(serviceInformer.list(), {
        namespace: pod.metadata.namespace ?? 'default',
        enableServiceLinks: pod.spec?.enableServiceLinks ?? true,
      }),
    podIpOf: (pod, sandbox) => (usesNodeNetwork(pod) ? nodeIp : (sandbox.ip ?? nodeIp)),
  });
  const dns: DnsSettings = {
    clusterDns: input.clusterDns ?? [],
    clusterDomain: input.clusterDomain ?? 'cluster.local',
  };
  const sync = new PodSync({
    runtime,
    starter,
    volumes,
    observed,
    backoff,
    recorder,
    clock,
    limiter: new Limiter(parallel.sandboxes),
    dns,
    nodeIp,
    userAgent: probeUserAgent,
  });
  const statuses = new StatusManager({ client, logger, clock });
  const workers = new PodWorkers(
    { runtime, sync, observed, prober, statuses, puller, backoff, volumes, recorder, clock, logger, nodeIp },
    input.signal,
  );
  return { pods: podInformer, services: serviceInformer, workers, observed, prober, volumes };
}

interface WorkInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly parts: Parts;
  readonly signal: AbortSignal;
}

/** The order of a start, then everything at once until `signal` aborts. */
async function work(input: WorkInput, report: (notReady: string | undefined) => void): Promise<void> {
  const { runtime, parts, signal, logger, clock } = input;
  const { observed, workers, prober } = parts;
  await untilDone(input, 'the container runtime does not answer', report, async () => {
    await runtime.prepare();
    await observed.relist();
  });
  const podCidr = await waitForPodCidr(input, report);
  if (podCidr !== undefined)
    await untilDone(input, 'the pod network is not there', report, () => runtime.ensureNetwork(podCidr));
  if (signal.aborted) return;
  parts.pods.onChange((change) => {
    if (change.type === 'deleted') workers.podGone(change.previous.metadata.uid);
    else workers.podSeen(change.next);
  });
  const loops = [parts.pods.run(signal), observed.run(signal)];
  await Promise.all([parts.pods.synced(signal), parts.services.synced(signal)]);
  if (!signal.aborted) report(undefined);
  logger.info('Pods can run', { podCidr, adopted: [...observed.uids()].length });
  loops.push(collectGarbage({ ...parts, runtime, logger, clock }, signal));
  await Promise.all(loops);
  await workers.settled();
  await prober.stop();
}

async function untilDone(
  { logger, clock, signal }: WorkInput,
  what: string,
  report: (notReady: string) => void,
  attempt: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      return await attempt();
    } catch (error) {
      report(`${what}: ${error instanceof Error ? error.message : String(error)}`);
      logger.warn('The node is not ready for pods', { what, error });
    }
    await clock.sleep(retryMs, signal);
  }
}

/** The controller manager gives each node its part of the pod network. */
async function waitForPodCidr(
  { client, nodeName, logger, clock, signal }: WorkInput,
  report: (notReady: string) => void,
): Promise<string | undefined> {
  const stop = new AbortController();
  const informer = createInformer<Node>(client, nodes, { fieldSelector: `metadata.name=${nodeName}`, logger, clock });
  const found = createDeferred<string | undefined>();
  informer.onChange(({ next }) => {
    if (next?.spec?.podCIDR !== undefined) found.resolve(next.spec.podCIDR);
    else report('the node has no pod CIDR yet');
  });
  signal.addEventListener('abort', () => found.resolve(undefined), { once: true });
  const run = informer.run(AbortSignal.any([signal, stop.signal]));
  const podCidr = await found.promise;
  stop.abort();
  await run;
  return podCidr;
}
