/**
 * The order of a start, in which nothing waits that need not; then everything at once until the kubelet is stopped.
 *
 *   which cluster ─► the runtime's list ─► the pod network ─► pods of the API ─► workers, pressure, garbage
 *        static pods ─┘ go on without an API server
 */

import type { Clock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import { untilAborted } from '../base/until-aborted.ts';
import type { Client } from '../client/client.ts';
import type { KubeletOptions } from './kubelet-options.ts';
import type { Parts } from './kubelet-parts.ts';
import { readKnownCluster, readKnownPodCidr, writeKnownCluster, writeKnownPodCidr } from './node/node-facts.ts';
import { waitForPodCidr } from './node/pod-cidr.ts';
import type { PodNetworkKeeper } from './node/pod-network-keeper.ts';
import type { StartTroubles } from './node/start-troubles.ts';
import type { ClusterGuard } from './pods/cluster-guard.ts';
import { collectGarbage } from './pods/garbage-collection.ts';
import type { PressureParts } from './pressure/pressure-parts.ts';
import type { Runtime } from './runtime/runtime.ts';

const retryMs = 1_000;
/** How long the API server is waited for before the pod CIDR that the node had last is believed. */
const apiGraceMs = 3_000;

export interface WorkInput extends KubeletOptions {
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

/** Until `signal` aborts and all of it is over. */
export async function work(input: WorkInput): Promise<void> {
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
