/** What a kubelet is made of, and who is told of what: pods and events come in, actions and statuses go out. */

import { join } from 'node:path';
import { usualDrainBoundMs } from '../api/pod-drain.ts';
import { isPodFinished } from '../api/pods.ts';
import { parseQuantity } from '../api/quantity.ts';
import { nodes, pods, services } from '../api/resources/core.ts';
import { longestRestartPeriodMs } from '../api/restart-period.ts';
import type { Node, Pod, Service } from '../api/types/core/v1.ts';
import type { Clock } from '../base/clock.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';
import { Limiter } from '../base/limiter.ts';
import type { Metrics } from '../base/metrics.ts';
import { probeUserAgent } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import type { EventRecorder } from '../client/event-recorder.ts';
import { createInformer } from '../client/informer.ts';
import type { Informer } from '../client/object-cache.ts';
import { PodCgroups } from './cgroups/pod-cgroups.ts';
import type { DnsSettings } from './containers/dns.ts';
import { computeServiceEnvironment } from './containers/service-environment.ts';
import { NodeDevices } from './devices/node-devices.ts';
import { ImagePuller } from './images/image-puller.ts';
import { PullRecords } from './images/pull-records.ts';
import { PullSecrets } from './images/pull-secrets.ts';
import { usualVerification } from './images/pull-verification.ts';
import { SharedPulls } from './images/shared-pulls.ts';
import { KeptLogs } from './kept-logs/kept-logs.ts';
import { KnownPodFacts } from './kept-logs/pod-facts.ts';
import { type KubeletOptions, usualKeptLogs } from './kubelet-options.ts';
import { isMarkedStatic, isStaticPod, keyOf, type PodObject, sandboxOf, usesNodeNetwork } from './model/pod.ts';
import { computeMaxPids, isAppArmorEnabled, type Machine } from './node/machine.ts';
import { nodeLabels } from './node/node-status.ts';
import { openPlugin } from './plugins/open-plugin.ts';
import { PluginRegistry } from './plugins/plugin-registry.ts';
import type { ClusterGuard } from './pods/cluster-guard.ts';
import { ContainerStarter } from './pods/container-starter.ts';
import { NodeAdmission } from './pods/node-admission.ts';
import type { NodeView } from './pods/node-predicates.ts';
import { ObservedPods } from './pods/observed-pods.ts';
import { computePodRefusal } from './pods/pod-refusal.ts';
import type { PodFailure } from './pods/pod-state.ts';
import { PodSync } from './pods/pod-sync.ts';
import { PodWorkers } from './pods/pod-workers.ts';
import { RestartBackoff } from './pods/restart-backoff.ts';
import { StartMetrics } from './pods/start-metrics.ts';
import { StaticStatuses } from './pods/status/static-statuses.ts';
import { StatusManager } from './pods/status/status-manager.ts';
import { parseAllowedSysctls } from './pods/sysctls.ts';
import { WorkMetrics } from './pods/work-metrics.ts';
import { ProbeMetrics } from './probes/probe-metrics.ts';
import { Prober } from './probes/prober.ts';
import { ApiClaimedVolumes } from './references/claimed-volumes.ts';
import { ApiClusterCredentials } from './references/cluster-credentials.ts';
import { ApiData } from './references/referenced-data.ts';
import type { Runtime } from './runtime/runtime.ts';
import { MirrorKeeper } from './static-pods/mirror-keeper.ts';
import { isMirrorPod, NodePods } from './static-pods/node-pods.ts';
import { StaticPodRunner } from './static-pods/static-pod-runner.ts';
import { StaticPods } from './static-pods/static-pods.ts';
import { CsiDrivers } from './volumes/csi/csi-drivers.ts';
import { ServiceAccountTokens } from './volumes/service-account-tokens.ts';
import { Volumes } from './volumes/volumes.ts';

/**
 * What is created or started at the same time; more only makes the runtime's queues longer. Counted apart, so that a
 * container starts as soon as its sandbox runs instead of after all other sandboxes.
 */
const parallel = { sandboxes: 8, containers: 8 };
/** Where an administrator declares the devices of a node. */
export const usualDevicesFile = '/etc/longshore/devices.yaml';
/** Where drivers of volumes look for a kubelet, as they are published. */
export const usualPluginRoot = '/var/lib/kubelet';

export interface PartsInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  /** Does not wait long for an answer. */
  readonly reports: Client;
  readonly guard: ClusterGuard;
  /** What `/metrics/probes` tells. */
  readonly probeMetrics: Metrics;
  /** What `/metrics` tells. */
  readonly metrics: Metrics;
  readonly runtime: Runtime;
  readonly recorder: EventRecorder;
  readonly machine: Machine;
  /** As it was a few seconds ago at most; undefined: not known yet. */
  readonly lastSeenNode: () => DeepReadonly<Node> | undefined;
  /** Resolves once the node's status says that the volume is in use, by its name there. */
  readonly whenInUse: (volume: string) => Promise<void>;
  /** Why the node, as it is now, does not take the pod; undefined: it does. */
  readonly nodeRefusalOf: (pod: PodObject) => PodFailure | undefined;
  /** Called when the node has other devices than before. */
  readonly onDevices: () => void;
  readonly signal: AbortSignal;
}

/** What a kubelet is made of. */
export interface Parts {
  /** Those that the API has for this node. */
  readonly pods: Informer<Pod>;
  /** Wherever they come from. */
  readonly nodePods: NodePods;
  readonly staticPods: StaticPods;
  readonly staticPodRunner: StaticPodRunner;
  readonly mirrors: MirrorKeeper;
  readonly services: Informer<Service>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly prober: Prober;
  readonly keptLogs: KeptLogs;
  readonly volumes: Volumes;
  readonly devices: NodeDevices;
  readonly cgroups: PodCgroups;
  readonly statuses: StaticStatuses;
  /** Finds what drivers run on this node. */
  readonly plugins: PluginRegistry;
  readonly pullRecords: PullRecords;
}

export function createParts(input: PartsInput): Parts {
  const { client, runtime, logger, clock, nodeName, nodeIp, dataDir, machine } = input;
  const podInformer = createInformer<Pod>(client, pods, { fieldSelector: `spec.nodeName=${nodeName}`, logger, clock });
  const serviceInformer = createInformer<Service>(client, services, { logger, clock });
  const recorder = input.recorder.from('kubelet', nodeName);
  const staticPods = new StaticPods({
    ...{ recorder, logger, clock, nodeName, sources: input.manifests ?? [] },
    onChange() {
      staticPodRunner.wake();
      mirrors.wake();
    },
  });
  const nodePods = new NodePods({ informer: podInformer, staticPods, clock });
  const data = new ApiData(client);
  const backoff = new RestartBackoff();
  const wake = (uid: string) => workers.wake(uid);
  const workMetrics = new WorkMetrics(input.metrics);
  const starts = new StartMetrics(input.metrics);
  const observed = new ObservedPods({ runtime, logger, clock, onChange: wake, metrics: workMetrics });
  const prober = new Prober({
    ...{ runtime, recorder, clock, userAgent: probeUserAgent, onChange: wake },
    alwaysPasses: input.played !== undefined,
    metrics: new ProbeMetrics(input.probeMetrics),
  });
  const fieldsOf = (pod: PodObject, podIp: string | undefined) => ({
    nodeIp,
    podIp: podIp ?? (usesNodeNetwork(pod) ? nodeIp : sandboxOf(observed.get(pod.metadata.uid))?.ip),
    allocatable: machine.allocatable,
  });
  const tokens = new ServiceAccountTokens(client, clock);
  const claims = new ApiClaimedVolumes(client, nodeName);
  const pluginRoot = input.pluginRoot ?? dataDir;
  const drivers = new CsiDrivers({ client, nodeName, open: openPlugin });
  const plugins = new PluginRegistry({
    ...{ clock, logger, open: openPlugin },
    folder: join(pluginRoot, 'plugins_registry'),
    handlers: new Map([['CSIPlugin', drivers]]),
  });
  const volumes = new Volumes({
    ...{ dataDir, data, tokens, claims, clock, imageFiles: runtime },
    fieldsOf: (pod) => fieldsOf(pod, undefined),
    csi: { client, nodeName, root: pluginRoot, drivers, tokens, whenReported: input.whenInUse },
  });
  const devices = new NodeDevices({
    ...{ client, runtime, recorder, logger, clock, nodeName, dataDir },
    // A played node has none of this machine's.
    declaredFile: input.devicesFile ?? (input.played ? undefined : usualDevicesFile),
    ...(input.played && { cdiFolders: [] }),
    containers: () => [...observed.uids()].flatMap((uid) => observed.get(uid).containers),
    isFinished: ({ namespace, name, uid }) => {
      const pod = nodePods.get(`${namespace}/${name}`);
      return pod?.metadata.uid === uid && isPodFinished(pod);
    },
    onChange: input.onDevices,
  });
  const pullRecords = new PullRecords(dataDir);
  const puller = new ImagePuller({
    ...{ runtime, recorder, clock, records: pullRecords },
    secrets: new PullSecrets({ data, cluster: new ApiClusterCredentials(client), recorder }),
    pulls: new SharedPulls({ runtime, records: pullRecords, clock, logger, limit: input.maxParallelImagePulls ?? 4 }),
    verification: input.imageVerification ?? usualVerification,
  });
  const maxRestartPeriodMs = input.maxRestartPeriodMs ?? longestRestartPeriodMs;
  const limits = { nodeMemoryBytes: machine.memoryBytes, maxPids: computeMaxPids(input.podMaxPids, machine) };
  const cgroups = new PodCgroups({
    ...{ runtime, recorder, logger, clock, nodeName, dataDir, maxPids: limits.maxPids },
    pageSizes: machine.pageSizes,
    isWanted: input.cgroupsPerQos !== false && input.played === undefined,
    enforcesAllocatable: input.enforceNodeAllocatable !== false,
    allocatable: machine.enforceable,
    pods: () => [...nodePods.list()].filter((pod) => !isPodFinished(pod)),
    isHere: (uid) =>
      [...observed.uids()].includes(uid) || [...nodePods.list()].some(({ metadata }) => metadata.uid === uid),
  });
  const starter = new ContainerStarter({
    runtime,
    puller,
    volumes,
    data,
    devices,
    cgroups,
    observed,
    recorder,
    starts,
    clock,
    limiter: new Limiter(parallel.containers),
    ...limits,
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
    resolvConf: input.resolvConf,
  };
  const facts = new KnownPodFacts({
    get: (key) => nodePods.get(key),
    onChange: (listener) => podInformer.onChange(listener),
  });
  const keptLogs = new KeptLogs({
    ...{ runtime, clock, logger, folder: join(dataDir, 'kept-logs'), factsOf: (pod) => facts.of(pod) },
    budget: { nodeBytes: input.played === undefined ? parseQuantity(input.keptLogs ?? usualKeptLogs) : 0 },
  });
  const sync = new PodSync({
    keptLogs,
    runtime,
    starter,
    volumes,
    devices,
    cgroups,
    observed,
    backoff,
    maxRestartPeriodMs,
    recorder,
    starts,
    clock,
    limiter: new Limiter(parallel.sandboxes),
    ...limits,
    dns,
    nodeName: input.nodeName,
    nodeIp,
    userAgent: probeUserAgent,
  });
  const abilities = {
    allowedSysctls: parseAllowedSysctls(input.allowedUnsafeSysctls ?? []),
    hasAppArmor: isAppArmorEnabled(),
    enforcesPodResources: () => cgroups.isOn || input.played !== undefined,
  };
  const viewOf = (node: DeepReadonly<Node>): NodeView => ({
    name: nodeName,
    node,
    allocatable: { ...node.status?.allocatable, ...machine.allocatable },
  });
  const admission = new NodeAdmission({
    allocatable: machine.allocatable,
    pods: () => nodePods.list(),
    lastSeenNode: () => {
      const node = input.lastSeenNode();
      return node && viewOf(node);
    },
    async readNode(pod) {
      try {
        return viewOf(await input.reports.get<Node>(nodes, { name: nodeName }));
      } catch (error) {
        if (!isStaticPod(pod)) throw error;
        return viewOf(
          input.lastSeenNode() ?? { metadata: { name: nodeName, labels: nodeLabels({ nodeName, machine }) } },
        );
      }
    },
    isHere: (uid) => observed.get(uid).containers.length > 0,
    preempt: (victims) => workers.preempt(victims.map(({ metadata }) => metadata.uid)),
    refusalOf: (pod) => input.nodeRefusalOf(pod) ?? computePodRefusal(pod, abilities) ?? devices.refusalOf(pod),
  });
  const statuses = new StaticStatuses({
    statuses: new StatusManager({ client: input.reports, logger, clock }),
    mirrorOf: (pod) => nodePods.mirrorOf(pod),
  });
  const workers = new PodWorkers({
    ...{
      keptLogs,
      metrics: workMetrics,
      runtime,
      sync,
      observed,
      prober,
      statuses,
      puller,
      backoff,
      maxRestartPeriodMs,
      volumes,
      devices,
      cgroups,
      recorder,
      clock,
      logger,
      nodeIp,
      services: serviceInformer,
      drainBoundMs: input.drainBoundMs ?? usualDrainBoundMs,
    },
    signal: input.signal,
    admission,
    isGone({ namespace, name, uid }, found) {
      if (staticPods.has(uid)) return false;
      if (isMarkedStatic(found)) return staticPods.isRead;
      return podInformer.connectedSince !== undefined && podInformer.get(`${namespace}/${name}`)?.metadata.uid !== uid;
    },
    onLeftover(uid) {
      input.guard.podGone(uid);
      staticPodRunner.wake();
    },
    onEnded() {
      staticPodRunner.wake();
      mirrors.wake();
    },
  });
  const staticPodRunner = new StaticPodRunner({
    ...{ staticPods, workers, observed, logger, clock },
    knownUids: () => volumes.knownUids(),
  });
  const mirrors = new MirrorKeeper({
    ...{ client: input.reports, informer: podInformer, staticPods, nodeName, logger, clock },
    nodeUid: () => input.lastSeenNode()?.metadata?.uid,
    isAtWork: (uid) => workers.get(uid) !== undefined,
    isOver: (pod) => isPodFinished(statuses.withLatestStatus(pod)),
  });
  podInformer.onChange((change) => {
    const { next, previous } = change;
    const pod = next ?? previous;
    if (!isMirrorPod(pod)) return;
    mirrors.wake();
    const shown = staticPods.get(keyOf(pod));
    if (next === undefined) statuses.mirrorGone(previous.metadata.uid);
    else if (shown !== undefined) statuses.mirrorSeen(shown);
  });
  return {
    ...{ pods: podInformer, services: serviceInformer, nodePods, staticPods, staticPodRunner, mirrors },
    ...{ workers, observed, prober, keptLogs, volumes, devices, plugins, cgroups, statuses, pullRecords },
  };
}
