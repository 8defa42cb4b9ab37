/**
 * The kubelet: makes the pods run that the API says belong to this node, and tells the API how they are. Read this
 * first; `docs/pod-lifecycle.md` draws the way of one pod.
 *
 *   pods (informer) ─┐                           ┌─► StatusManager ─► API
 *   runtime events ──┼─► PodWorkers ─► PodWorker ┤
 *   probes ──────────┘   one per pod uid         └─► PodSync ─► Runtime
 *
 * Started in this order, so that a killed kubelet adopts what runs and doubles nothing: heartbeat and node object;
 * which cluster this is; the runtime's list; the pod network; pods from the API; only then does any worker act.
 */

import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { managedAttachAnnotation } from '../api/labels.ts';
import { isPodFinished } from '../api/pods.ts';
import { nodes, pods, services } from '../api/resources/core.ts';
import type { Node, Pod, Service } from '../api/types/core/v1.ts';
import { localVolumesAnnotation } from '../api/volumes/local-volumes.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import { errorText } from '../base/error-text.ts';
import type { Running } from '../base/lifecycle.ts';
import { Limiter } from '../base/limiter.ts';
import type { Logger } from '../base/logger.ts';
import { Metrics } from '../base/metrics.ts';
import { privateMode } from '../base/private-folder.ts';
import type { AuthoritySource } from '../base/renewed-authority.ts';
import type { KeyPairSource } from '../base/renewed-key-pair.ts';
import { untilAborted } from '../base/until-aborted.ts';
import { gitVersion, probeUserAgent, userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { Connection } from '../client/connection.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Informer } from '../client/object-cache.ts';
import { createRestClient } from '../client/rest-client.ts';
import type { DnsSettings } from './containers/dns.ts';
import { computeServiceEnvironment } from './containers/service-environment.ts';
import { NodeDevices } from './devices/node-devices.ts';
import { ImagePuller } from './images/image-puller.ts';
import { PullSecrets } from './images/pull-secrets.ts';
import { registerKubeletMetrics } from './kubelet-metrics.ts';
import { type PodObject, sandboxOf, usesNodeNetwork } from './model/pod.ts';
import { readKnownCluster, writeKnownCluster } from './node/known-cluster.ts';
import { computeMaxPids, isAppArmorEnabled, type Machine, readMachine, withCapacity } from './node/machine.ts';
import { runNodeHeartbeat } from './node/node-heartbeat.ts';
import { NodeReporter } from './node/node-reporter.ts';
import { PodNetworkKeeper } from './node/pod-network-keeper.ts';
import { StartTroubles } from './node/start-troubles.ts';
import { ClusterGuard } from './pods/cluster-guard.ts';
import { ContainerStarter } from './pods/container-starter.ts';
import { runCutOffGuard } from './pods/cut-off-guard.ts';
import { collectGarbage } from './pods/garbage-collection.ts';
import { ObservedPods } from './pods/observed-pods.ts';
import { computePodRefusal } from './pods/pod-refusal.ts';
import { PodSync } from './pods/pod-sync.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import { RestartBackoff } from './pods/restart-backoff.ts';
import { StatusManager } from './pods/status/status-manager.ts';
import { parseAllowedSysctls } from './pods/sysctls.ts';
import { Prober } from './probes/prober.ts';
import { ApiClaimedVolumes } from './references/claimed-volumes.ts';
import { ApiData } from './references/referenced-data.ts';
import { measureRuntime } from './runtime/measured-runtime.ts';
import type { Runtime } from './runtime/runtime.ts';
import { createAuthenticate } from './server/authenticator.ts';
import { ReviewingAuthorizer } from './server/reviewing-authorizer.ts';
import { ApiReviews } from './server/reviews.ts';
import { startKubeletServer } from './server/server.ts';
import { UsageAnswers } from './server/usage-answers.ts';
import { readMachineUsage } from './stats/machine-usage.ts';
import { UsageMeter } from './stats/usage-meter.ts';
import { ServiceAccountTokens } from './volumes/service-account-tokens.ts';
import { Volumes } from './volumes/volumes.ts';

export interface KubeletOptions {
  readonly connection: Connection;
  readonly logger: Logger;
  readonly metrics?: Metrics;
  readonly nodeName: string;
  readonly nodeIp: string;
  /** Volumes and other files of pods. */
  readonly dataDir: string;
  /** What runs the containers. */
  readonly runtime: Runtime;
  readonly serving: KeyPairSource;
  /** Who can prove a name to the kubelet's server. */
  readonly clientCertificateAuthority: AuthoritySource;
  /** 0: any. Default 10250. */
  readonly port?: number;
  readonly clusterDns?: readonly string[];
  /** Default cluster.local. */
  readonly clusterDomain?: string;
  /** Of each container; 0 or less: no limit. Default: by the machine, see `computeMaxPids`. */
  readonly podMaxPids?: number;
  /** Kernel settings beyond the safe ones that pods may ask for; `*` at the end stands for any end. */
  readonly allowedUnsafeSysctls?: readonly string[];
  readonly labels?: Readonly<Record<string, string>>;
  /** Where the administrator declares devices. Default: /etc/longshore/devices.yaml. */
  readonly devicesFile?: string;
  readonly clock?: Clock;
  /** For a node without a machine: its pods have no network that could be asked, so every probe passes. */
  readonly played?: PlayedNode;
}

export interface PlayedNode {
  /** What it has, in place of what this machine has. */
  readonly capacity: Readonly<Record<string, string>>;
}

export interface RunningKubelet extends Running {
  /** Of its server. */
  readonly port: number;
  /** Undefined: pods can run. */
  whyNotReady(): string | undefined;
}

/**
 * What says that the node and its pods are well must not wait for an answer that got lost: the kernel would send it
 * again as late as the network was away.
 */
const reportTimeoutMs = 5_000;
/**
 * What is created or started at the same time; more only makes the runtime's queues longer. Counted apart, so that a
 * container starts as soon as its sandbox runs instead of after all other sandboxes.
 */
const parallel = { sandboxes: 8, containers: 8 };
const retryMs = 1_000;
export const usualDevicesFile = '/etc/longshore/devices.yaml';

export async function startKubelet(options: KubeletOptions): Promise<RunningKubelet> {
  const { logger, nodeName, nodeIp, dataDir, clock = systemClock } = options;
  const metrics = options.metrics ?? new Metrics({ processWide: true });
  await mkdir(dataDir, { recursive: true, mode: privateMode });
  const machine = withCapacity(await readMachine(dataDir), options.played);
  const stop = new AbortController();
  const { signal } = stop;
  setMaxListeners(0, signal); // every pod worker listens to it
  const identity = { userAgent: `${userAgentOf('longshore-kubelet')} (${nodeName})`, logger };
  const client = createRestClient(options.connection, identity);
  const reports = createRestClient(options.connection, { ...identity, timeoutMs: reportTimeoutMs });
  const runtime = measureRuntime(options.runtime, metrics);
  const recorder = new EventRecorder({ client, logger, clock });
  const wake = () => reporter.wake();
  const guard = new ClusterGuard({ client, logger, clock, onChange: wake });
  const parts = createParts({
    ...options,
    onDevices: wake,
    clock,
    client,
    reports,
    runtime,
    recorder,
    machine,
    guard,
    signal,
  });
  registerKubeletMetrics(metrics, { ...parts, nodeName, clock });
  await parts.volumes.prepare();
  const { local: localVolumes } = parts.volumes;
  const meter = new UsageMeter({
    runtime,
    observed: parts.observed,
    clock,
    machine: options.played ? undefined : readMachineUsage,
  });
  const reviews = new ApiReviews(reports, nodeName);
  const server = await startKubeletServer({
    ...options,
    port: options.port ?? 10250,
    authenticate: createAuthenticate(reviews, clock),
    authorizer: new ReviewingAuthorizer(reviews, clock),
    runtime,
    metrics,
    usage: new UsageAnswers({ meter, nodeName, dataDir }),
    clock,
    pods: parts.pods,
    workers: parts.workers,
    localVolumes,
    observed: parts.observed,
  });
  const troubles = new StartTroubles(wake);
  const whyNotReady = () => troubles.reason ?? guard.trouble ?? network.trouble;
  const network = new PodNetworkKeeper({
    runtime,
    recorder: recorder.from('kubelet', nodeName),
    logger,
    clock,
    nodeName,
    onChange: wake,
  });
  const reporter = new NodeReporter({
    client: reports,
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
    annotations: { [localVolumesAnnotation]: localVolumes.root, [managedAttachAnnotation]: 'true' },
    whyNotReady,
    extendedResources: () => parts.devices.capacity(),
    network,
    isStarting: () => troubles.isStarting,
    onRevived: () => parts.statuses.writeAllAgain(),
  });
  let renewedAt: number | undefined;
  const loops = [
    recorder.run(signal),
    runNodeHeartbeat({ client: reports, nodeName, logger, clock, onRenewed: (sentAt) => (renewedAt = sentAt) }, signal),
    runCutOffGuard(
      {
        clock,
        logger,
        runtime,
        renewedAt: () => renewedAt,
        endPod: (uid, failure) => parts.workers.fail(uid, failure),
      },
      signal,
    ),
    reporter.run(signal),
    parts.services.run(signal),
    work({ ...options, clock, client, runtime, parts, network, guard, troubles, signal }),
  ];
  const over = createDeferred<void>();
  void Promise.all(loops).then(() => over.resolve(), over.reject);
  return {
    name: 'kubelet',
    port: server.port,
    done: over.promise,
    whyNotReady,
    async stop() {
      await server.stop();
      stop.abort();
      await over.promise.catch(() => undefined); // `done` tells whoever wants to know
      await Promise.all([client.close(), reports.close()]);
    },
  };
}

interface PartsInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  /** Does not wait long for an answer. */
  readonly reports: Client;
  readonly guard: ClusterGuard;
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly machine: Machine;
  /** Called when the node has other devices than before. */
  readonly onDevices: () => void;
  readonly signal: AbortSignal;
}

interface Parts {
  readonly pods: Informer<Pod>;
  readonly services: Informer<Service>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly prober: Prober;
  readonly volumes: Volumes;
  readonly devices: NodeDevices;
  readonly statuses: StatusManager;
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
  const prober = new Prober({
    ...{ runtime, recorder, clock, userAgent: probeUserAgent, onChange: wake },
    alwaysPasses: input.played !== undefined,
  });
  const fieldsOf = (pod: PodObject, podIp: string | undefined) => ({
    nodeIp,
    podIp: podIp ?? (usesNodeNetwork(pod) ? nodeIp : sandboxOf(observed.get(pod.metadata.uid))?.ip),
    allocatable: machine.allocatable,
  });
  const tokens = new ServiceAccountTokens(client, clock);
  const claims = new ApiClaimedVolumes(client, nodeName);
  const volumes = new Volumes({ dataDir, data, tokens, claims, clock, fieldsOf: (pod) => fieldsOf(pod, undefined) });
  const devices = new NodeDevices({
    ...{ client, runtime, recorder, logger, clock, nodeName, dataDir },
    // A played node has none of this machine's.
    declaredFile: input.devicesFile ?? (input.played ? undefined : usualDevicesFile),
    ...(input.played && { cdiFolders: [] }),
    containers: () => [...observed.uids()].flatMap((uid) => observed.get(uid).containers),
    isFinished: ({ namespace, name, uid }) => {
      const pod = podInformer.get(`${namespace}/${name}`);
      return pod?.metadata.uid === uid && isPodFinished(pod);
    },
    onChange: input.onDevices,
  });
  const puller = new ImagePuller({ runtime, secrets: new PullSecrets(data, recorder), recorder, clock });
  const starter = new ContainerStarter({
    runtime,
    puller,
    volumes,
    data,
    devices,
    observed,
    recorder,
    clock,
    limiter: new Limiter(parallel.containers),
    nodeMemoryBytes: machine.memoryBytes,
    maxPids: computeMaxPids(input.podMaxPids, machine),
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
    devices,
    observed,
    backoff,
    recorder,
    clock,
    limiter: new Limiter(parallel.sandboxes),
    dns,
    nodeName: input.nodeName,
    nodeIp,
    userAgent: probeUserAgent,
  });
  const abilities = {
    allowedSysctls: parseAllowedSysctls(input.allowedUnsafeSysctls ?? []),
    hasAppArmor: isAppArmorEnabled(),
  };
  const statuses = new StatusManager({ client: input.reports, logger, clock });
  const workers = new PodWorkers({
    ...{
      runtime,
      sync,
      observed,
      prober,
      statuses,
      puller,
      backoff,
      volumes,
      devices,
      recorder,
      clock,
      logger,
      nodeIp,
    },
    signal: input.signal,
    refusalOf: (pod) => computePodRefusal(pod, abilities) ?? devices.refusalOf(pod),
    isGone: ({ namespace, name, uid }) =>
      podInformer.connectedSince !== undefined && podInformer.get(`${namespace}/${name}`)?.metadata.uid !== uid,
    onLeftover: (uid) => input.guard.podGone(uid),
  });
  return { pods: podInformer, services: serviceInformer, workers, observed, prober, volumes, devices, statuses };
}

interface WorkInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly parts: Parts;
  readonly network: PodNetworkKeeper;
  readonly guard: ClusterGuard;
  readonly troubles: StartTroubles;
  readonly signal: AbortSignal;
}

/** The order of a start, in which nothing waits that need not, then everything at once until `signal` aborts. */
async function work(input: WorkInput): Promise<void> {
  const { parts, network, guard, troubles, runtime, signal, logger, clock } = input;
  const { observed, workers, prober } = parts;
  // Whose containers are ours is known before the API says it: the node may be cut off from the start.
  const known = await readKnownCluster(input.dataDir);
  if (known !== undefined) runtime.useCluster(known);
  const loops = [parts.pods.run(signal)];
  const [podCidr] = await Promise.all([waitForPodCidr(input), meetRuntime(input)]);
  if (podCidr !== undefined) await untilDone(input, 'the pod network is not there', () => network.start(podCidr));
  if (signal.aborted) return void (await Promise.all(loops));
  parts.pods.onChange((change) => {
    if (change.type === 'deleted') guard.podGone(change.previous.metadata.uid);
    else workers.podSeen(change.next);
  });
  const endGone = (uids: readonly string[]) => {
    const present = new Set([...parts.pods.list()].map(({ metadata }) => metadata.uid));
    for (const uid of uids) {
      if (workers.get(uid) === undefined) workers.adoptOrphan(uid);
      else if (!present.has(uid)) workers.podGone(uid);
    }
  };
  loops.push(observed.run(signal), guard.run(endGone, signal));
  await Promise.all([parts.pods.synced(signal), parts.services.synced(signal)]);
  if (!signal.aborted) troubles.end();
  logger.info('Pods can run', { podCidr, adopted: [...observed.uids()].length });
  loops.push(
    collectGarbage({ ...parts, guard, runtime, logger, clock }, signal),
    network.run(signal),
    parts.devices.run(signal),
  );
  await Promise.all(loops);
  await workers.settled();
  await prober.stop();
}

/** What runs here is known, and which of it is this cluster's. */
async function meetRuntime(input: WorkInput): Promise<void> {
  const { runtime, guard, parts } = input;
  await untilDone(input, 'the API server does not say which cluster this is', async () => {
    const clusterId = await guard.meet();
    runtime.useCluster(clusterId);
    await writeKnownCluster(input.dataDir, clusterId);
  });
  await untilDone(input, 'the container runtime does not answer', async () => {
    await runtime.prepare();
    await parts.observed.relist();
    await parts.devices.start();
  });
}

/** Ends with `signal`, also when the attempt does not: an API server or a runtime may stay silent. */
async function untilDone(
  { logger, clock, troubles, signal }: WorkInput,
  what: string,
  attempt: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await untilAborted(attempt(), signal);
      troubles.note(what, undefined);
      return;
    } catch (error) {
      if (signal.aborted) return;
      troubles.note(what, `${what}: ${errorText(error)}`);
      logger.warn('The node is not ready for pods', { what, error });
    }
    await clock.sleep(retryMs, signal);
  }
}

/** The controller manager gives each node its part of the pod network. */
async function waitForPodCidr({
  client,
  nodeName,
  logger,
  clock,
  troubles,
  signal,
}: WorkInput): Promise<string | undefined> {
  if (signal.aborted) return undefined; // nothing would tell of it any more
  const stop = new AbortController();
  const informer = createInformer<Node>(client, nodes, { fieldSelector: `metadata.name=${nodeName}`, logger, clock });
  const found = createDeferred<string | undefined>();
  informer.onChange(({ next }) => {
    const podCidr = next?.spec?.podCIDR;
    troubles.note('pod CIDR', podCidr === undefined ? 'the node has no pod CIDR yet' : undefined);
    if (podCidr !== undefined) found.resolve(podCidr);
  });
  signal.addEventListener('abort', () => found.resolve(undefined), { once: true });
  const run = informer.run(AbortSignal.any([signal, stop.signal]));
  const podCidr = await found.promise;
  stop.abort();
  await run;
  return podCidr;
}
