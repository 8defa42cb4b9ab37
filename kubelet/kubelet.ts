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
import { join } from 'node:path';
import { managedAttachAnnotation } from '../api/labels.ts';
import { localVolumesAnnotation } from '../api/volumes/local-volumes.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import { errorText } from '../base/error-text.ts';
import type { Running } from '../base/lifecycle.ts';
import { Metrics } from '../base/metrics.ts';
import { privateMode } from '../base/private-folder.ts';
import { untilAborted } from '../base/until-aborted.ts';
import { gitVersion, userAgentOf } from '../base/version.ts';
import type { Client } from '../client/client.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { createRestClient } from '../client/rest-client.ts';
import { registerKubeletMetrics } from './kubelet-metrics.ts';
import type { KubeletOptions } from './kubelet-options.ts';
import { createParts, type Parts } from './kubelet-parts.ts';
import { computeMaxPids, type MachineSize, readMachine, withCapacity } from './node/machine.ts';
import { readKnownCluster, readKnownPodCidr, writeKnownCluster, writeKnownPodCidr } from './node/node-facts.ts';
import { runNodeHeartbeat } from './node/node-heartbeat.ts';
import { NodeReporter } from './node/node-reporter.ts';
import { waitForPodCidr } from './node/pod-cidr.ts';
import { PodNetworkKeeper } from './node/pod-network-keeper.ts';
import { RuntimeWatch } from './node/runtime-watch.ts';
import { StartTroubles } from './node/start-troubles.ts';
import { ClusterGuard } from './pods/cluster-guard.ts';
import { runCutOffGuard } from './pods/cut-off-guard.ts';
import { collectGarbage } from './pods/garbage-collection.ts';
import { computePressureRefusal } from './pressure/pressure-admission.ts';
import { parsePressureOptions, reservationsOf } from './pressure/pressure-options.ts';
import { createPressureParts, type PressureParts } from './pressure/pressure-parts.ts';
import { measureRuntime } from './runtime/measured-runtime.ts';
import type { Runtime } from './runtime/runtime.ts';
import { createAuthenticate } from './server/authenticator.ts';
import { CadvisorAnswers } from './server/cadvisor-answers.ts';
import { computeConfigz } from './server/configz.ts';
import { ReadAnswers } from './server/read-answers.ts';
import { ReviewingAuthorizer } from './server/reviewing-authorizer.ts';
import { ApiReviews } from './server/reviews.ts';
import { startKubeletServer } from './server/server.ts';
import { UsageAnswers } from './server/usage-answers.ts';
import { HistoryFiles } from './stats/history/history-files.ts';
import { recordHistory } from './stats/history/history-recorder.ts';
import { UsageHistory } from './stats/history/usage-history.ts';
import { readMachineUsage } from './stats/machine-usage.ts';
import { readNodeInterfaces } from './stats/node-interfaces.ts';
import { UsageMeter } from './stats/usage-meter.ts';

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
const retryMs = 1_000;
/** How long the API server is waited for before the pod CIDR that the node had last is believed. */
const apiGraceMs = 3_000;

export async function startKubelet(options: KubeletOptions): Promise<RunningKubelet> {
  const { logger, nodeName, nodeIp, dataDir, clock = systemClock } = options;
  const metrics = options.metrics ?? new Metrics({ processWide: true });
  const probeMetrics = new Metrics();
  await mkdir(dataDir, { recursive: true, mode: privateMode });
  const pressureOptions = options.pressure ?? parsePressureOptions();
  const reserve = (size: MachineSize) => reservationsOf(pressureOptions, size);
  const machine = withCapacity(await readMachine(dataDir, reserve), options.played);
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
    whenInUse: (volume) => reporter.untilInUse(volume, signal),
    lastSeenNode: () => reporter.lastSeen,
    pressureRefusalOf: (pod) => computePressureRefusal(pod, pressed.pressure.conditions),
    clock,
    client,
    reports,
    runtime,
    recorder,
    machine,
    guard,
    probeMetrics,
    metrics,
    signal,
  });
  registerKubeletMetrics(metrics, { ...parts, nodeName, clock });
  await Promise.all([parts.volumes.prepare(), parts.keptLogs.load()]);
  const { local: localVolumes } = parts.volumes;
  const meter = new UsageMeter({
    runtime,
    observed: parts.observed,
    clock,
    machine: options.played ? undefined : readMachineUsage,
  });
  const history = new UsageHistory();
  const pressed = createPressureParts({
    onImageRemoved: async (id) => {
      // One that is in use after all stays, and whose it is too.
      if ((await runtime.inspectImage(id)) === undefined) await parts.pullRecords.forget(id);
    },
    ...parts,
    options: pressureOptions,
    isPlayed: options.played !== undefined,
    nodeName,
    dataDir,
    machine,
    runtime,
    meter,
    recorder: recorder.from('kubelet', nodeName),
    onChange: wake,
    clock,
    logger,
  });
  const reviews = new ApiReviews(reports, nodeName);
  const server = await startKubeletServer({
    ...options,
    port: options.port ?? 10250,
    authenticate: createAuthenticate(reviews, clock),
    authorizer: new ReviewingAuthorizer(reviews, clock),
    runtime,
    answers: new ReadAnswers({
      ...{ nodeName, metrics, probeMetrics, history, clock, logger, pods: parts.nodePods, observed: parts.observed },
      usage: new UsageAnswers({ meter, nodeName, readDisk: pressed.readDisk }),
      cadvisor: new CadvisorAnswers({ meter, machine, dataDir, clock }),
      configz: computeConfigz({
        ...options,
        maxPods: Number(machine.capacity.pods),
        podMaxPids: computeMaxPids(options.podMaxPids, machine),
      }),
    }),
    clock,
    pods: parts.nodePods,
    workers: parts.workers,
    keptLogs: parts.keptLogs,
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
  const runtimeWatch = new RuntimeWatch({ runtime, clock, logger, onChange: wake });
  const reporter = new NodeReporter({
    client: reports,
    runtime,
    runtimeWatch,
    recorder: recorder.from('kubelet', nodeName),
    logger,
    clock,
    machine,
    pressure: () => pressed.pressure.verdict,
    nodeName,
    nodeIp,
    port: server.port,
    kubeletVersion: gitVersion,
    labels: options.labels ?? {},
    annotations: { [localVolumesAnnotation]: localVolumes.root, [managedAttachAnnotation]: 'true' },
    whyNotReady,
    extendedResources: () => parts.devices.capacity(),
    volumesInUse: () => parts.volumes.csi.inUse(),
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
    runtimeWatch.run(signal),
    reporter.run(signal),
    pressed.start(),
    // Played nodes have nothing to be remembered, and there may be thousands in one process.
    options.played === undefined &&
      recordHistory(
        {
          ...{ history, meter, clock, logger, observed: parts.observed, interfaces: readNodeInterfaces },
          files: new HistoryFiles(join(dataDir, 'history')),
        },
        signal,
      ),
    parts.services.run(signal),
    parts.staticPods.run(signal),
    ...(options.played ? [] : [parts.plugins.run(signal)]),
    work({ ...options, clock, client, runtime, parts, pressed, network, guard, troubles, signal }),
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
      await parts.keptLogs.settled();
      await Promise.all([client.close(), reports.close()]);
    },
  };
}

interface WorkInput extends KubeletOptions {
  readonly clock: Clock;
  readonly client: Client;
  readonly runtime: Runtime;
  readonly parts: Parts;
  readonly pressed: PressureParts;
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
  const loops = [parts.pods.run(signal), ...runStaticPods(input, known)];
  const [podCidr] = await Promise.all([waitForPodCidr(input), meetRuntime(input, known)]);
  if (podCidr !== undefined) {
    await untilDone(input, 'the pod network is not there', () => network.start(podCidr));
    await writeKnownPodCidr(input.dataDir, podCidr);
    parts.staticPodRunner.networkReady();
  }
  if (signal.aborted) {
    await Promise.all([...loops, workers.settled()]);
    return await prober.stop();
  }
  parts.pods.onChange((change) => {
    const found = parts.nodePods.changeOf(change);
    if (found === undefined) return;
    if ('gone' in found) guard.podGone(found.gone);
    else workers.podSeen(found.pod);
  });
  const endGone = (uids: readonly string[]) => {
    const present = new Set([...parts.nodePods.list()].map(({ metadata }) => metadata.uid));
    for (const uid of uids) {
      if (workers.get(uid) === undefined) workers.adoptOrphan(uid);
      else if (!present.has(uid)) workers.podGone(uid);
    }
  };
  if (!parts.staticPods.isConfigured) loops.push(observed.run(signal));
  loops.push(guard.run(endGone, signal));
  await Promise.all([parts.pods.synced(signal), parts.services.synced(signal)]);
  if (!signal.aborted) troubles.end();
  logger.info('Pods can run', { podCidr, adopted: [...observed.uids()].length });
  loops.push(
    collectGarbage({ ...parts, guard, logger, clock }, signal),
    input.pressed.run(signal),
    network.run(signal),
    parts.devices.run(signal),
    parts.cgroups.run(signal),
  );
  await Promise.all(loops);
  await workers.settled();
  await prober.stop();
}

/**
 * Static pods run without an API server: they wait for the runtime, and for the network with the pod CIDR that the node
 * had last where nobody says another one.
 */
function runStaticPods(input: WorkInput, knownCluster: string | undefined): Promise<void>[] {
  const { parts, network, signal, clock, dataDir } = input;
  const { staticPods, staticPodRunner, mirrors, observed } = parts;
  // Also without any: what those of an earlier start have left is ended.
  const start = async () => {
    if (!staticPods.isConfigured) return await staticPodRunner.run(signal);
    await startRuntime(input);
    if (signal.aborted) return;
    await Promise.all([observed.run(signal), staticPodRunner.run(signal), startNetwork()]);
  };
  const startNetwork = async () => {
    const podCidr = knownCluster && (await readKnownPodCidr(dataDir));
    if (!podCidr) return;
    await clock.sleep(apiGraceMs, signal);
    if (signal.aborted || network.isKnown) return;
    await untilDone(input, 'the pod network is not there', () => network.start(podCidr));
    staticPodRunner.networkReady();
  };
  return [start(), mirrors.run(signal)];
}

/** What runs here is known, and which of it is this cluster's. */
async function meetRuntime(input: WorkInput, known: string | undefined): Promise<void> {
  const { runtime, guard, parts } = input;
  let clusterId = '';
  await untilDone(input, 'the API server does not say which cluster this is', async () => {
    clusterId = await guard.meet();
    runtime.useCluster(clusterId);
    await writeKnownCluster(input.dataDir, clusterId);
  });
  // With static pods the runtime is met without waiting for that.
  if (!parts.staticPods.isConfigured) await startRuntime(input);
  else if (clusterId !== known) await untilDone(input, noRuntime, () => parts.observed.relist());
}

const noRuntime = 'the container runtime does not answer';

async function startRuntime(input: WorkInput): Promise<void> {
  const { runtime, parts } = input;
  await untilDone(input, noRuntime, async () => {
    await runtime.prepare();
    await parts.observed.relist();
    await parts.pullRecords.load(async (name) => (await runtime.inspectImage(name))?.id);
    await parts.pullRecords.retain(new Set((await runtime.listImages()).map(({ id }) => id)));
    await parts.devices.start();
    await parts.cgroups.start();
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
