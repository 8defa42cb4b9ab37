/**
 * The kubelet: makes the pods run that the API says belong to this node, and tells the API how they are. Read this
 * first; `docs/pod-lifecycle.md` draws the way of one pod.
 *
 *   pods (informer) ─┐                           ┌─► StatusManager ─► API
 *   runtime events ──┼─► PodWorkers ─► PodWorker ┤
 *   probes ──────────┘   one per pod uid         └─► PodSync ─► Runtime
 *
 * Started in this order (`kubelet-work.ts`), so that a killed kubelet adopts what runs and doubles nothing: heartbeat and
 * node object; which cluster this is; the runtime's list; the pod network; pods from the API; only then does any worker
 * act.
 */

import { setMaxListeners } from 'node:events';
import { mkdir } from 'node:fs/promises';
import { join } from 'node:path';
import { managedAttachAnnotation } from '../api/labels.ts';
import { localVolumesAnnotation } from '../api/volumes/local-volumes.ts';
import { systemClock } from '../base/clock.ts';
import { createDeferred } from '../base/deferred.ts';
import type { Running } from '../base/lifecycle.ts';
import { Metrics } from '../base/metrics.ts';
import { privateMode } from '../base/private-folder.ts';
import { gitVersion, userAgentOf } from '../base/version.ts';
import { EventRecorder } from '../client/event-recorder.ts';
import { countRequests } from '../client/request-metrics.ts';
import { createRestClient } from '../client/rest-client.ts';
import { registerKubeletMetrics } from './kubelet-metrics.ts';
import type { KubeletOptions } from './kubelet-options.ts';
import { createParts } from './kubelet-parts.ts';
import { work } from './kubelet-work.ts';
import { nodeSubject } from './model/event-subject.ts';
import { computeMaxPids, type MachineSize, readMachine, withCapacity } from './node/machine.ts';
import { runNodeHeartbeat } from './node/node-heartbeat.ts';
import { NodeReporter } from './node/node-reporter.ts';
import { PodNetworkKeeper } from './node/pod-network-keeper.ts';
import { RuntimeWatch } from './node/runtime-watch.ts';
import { StartTroubles } from './node/start-troubles.ts';
import { ClusterGuard } from './pods/cluster-guard.ts';
import { runCutOffGuard } from './pods/cut-off-guard.ts';
import { computePressureRefusal } from './pressure/pressure-admission.ts';
import { parsePressureOptions, reservationsOf } from './pressure/pressure-options.ts';
import { createPressureParts } from './pressure/pressure-parts.ts';
import { measureRuntime } from './runtime/measured-runtime.ts';
import { createAuthenticate } from './server/authenticator.ts';
import { CadvisorAnswers } from './server/cadvisor-answers.ts';
import { computeConfigz } from './server/configz.ts';
import { ReadAnswers } from './server/read-answers.ts';
import { ReviewingAuthorizer } from './server/reviewing-authorizer.ts';
import { ApiReviews } from './server/reviews.ts';
import { startKubeletServer } from './server/server.ts';
import { UsageAnswers } from './server/usage-answers.ts';
import { NodeShutdown } from './shutdown/node-shutdown.ts';
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
  const userAgent = `${userAgentOf('longshore-kubelet')} (${nodeName})`;
  const identity = { userAgent, logger, onOutcome: countRequests(metrics) };
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
    nodeRefusalOf: (pod) => shutdown?.refusalOf(pod) ?? computePressureRefusal(pod, pressed.pressure.conditions),
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
  const whyNotReady = () => shutdown?.whyNotReady ?? troubles.reason ?? guard.trouble ?? network.trouble;
  const network = new PodNetworkKeeper({
    runtime,
    recorder: recorder.from('kubelet', nodeName),
    logger,
    clock,
    nodeName,
    onChange: wake,
  });
  const shutdown =
    options.shutdown &&
    new NodeShutdown({
      ...options.shutdown,
      pods: () =>
        parts.workers
          .list()
          .filter(({ isOver }) => !isOver)
          .map(({ pod }) => pod),
      endPod: (uid, failure) => parts.workers.fail(uid, failure),
      podOver: async (uid, signal) => await parts.workers.get(uid)?.untilStored(signal),
      recorder: recorder.from('kubelet', nodeName),
      node: nodeSubject(nodeName),
      onChange: wake,
      clock,
      logger,
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
    shutdown?.run(signal),
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
