/**
 * What is looked at once the kubelet of a new worker runs: whether the masters reach it, whether pods reach pods both
 * ways, and whether the node is Ready.
 */

import { randomUUID } from 'node:crypto';
import { isNodeReady } from '../../api/nodes.ts';
import {
  bridgeAddressOf,
  parseReachability,
  type ReachabilityAnswer,
  reachabilityAnnotation,
  reachabilityQuestionAnnotation,
} from '../../api/reachability.ts';
import { nodes } from '../../api/resources/core.ts';
import { isRetryable } from '../../api/status-error.ts';
import type { Node } from '../../api/types/core/v1.ts';
import { systemClock } from '../../base/clock.ts';
import { whyNotReached } from '../../base/reach.ts';
import { UserError } from '../../base/user-error.ts';
import type { Client } from '../../client/client.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { WorkerSide } from '../cluster.ts';
import { untilNodeIsReady } from '../node-ready.ts';
import type { Progress } from '../progress.ts';

export interface Arrival {
  /** As the node. */
  readonly client: Client;
  /** All nodes, as its proxy sees them: a kubelet sees its own alone. Undefined: the proxy cannot ask yet. */
  allNodes(): Promise<readonly Node[] | undefined>;
  readonly worker: WorkerSide;
  readonly progress: Progress;
  readonly signal: AbortSignal;
}

const answerLimitMs = 10_000;
const reachLimitMs = 5_000;
const everyMs = 50;
/** Each has the same network behind it; a few show whether it is there. */
const neighboursAsked = 3;

/** Throws a sentence with what to do at the first thing that is not as it must be. */
export async function checkArrival(arrival: Arrival): Promise<void> {
  const { progress, client, worker, signal } = arrival;
  const answer = await progress.step(`Master reaches this host on port ${worker.options.kubeletPort}`, async () => {
    const found = await askMasters(arrival);
    if (found.kubelet !== undefined) throw new UserError(whyNoWayBack(worker, found.kubelet));
    return found;
  });
  await progress.step('Pods reach pods (both ways)', async () => {
    const why = answer.pods ?? (await whyPodsAreNotReached(arrival));
    if (why !== undefined) throw new UserError(whyNoPodNetwork(why, answer.pods !== undefined));
  });
  await progress.step(`${worker.nodeName} is Ready`, () => untilNodeIsReady(client, worker, { progress, signal }));
}

async function askMasters({ client, worker: { nodeName: name }, signal }: Arrival): Promise<ReachabilityAnswer> {
  const question = randomUUID();
  const body = { metadata: { annotations: { [reachabilityQuestionAnnotation]: question } } };
  let isAsked = false;
  const startedAt = systemClock.monotonic();
  while (!signal.aborted && systemClock.monotonic() - startedAt < answerLimitMs) {
    // The kubelet registers the node in its own time.
    if (!isAsked) isAsked = (await present(client.patch(nodes, { name }, { type: 'merge', body }))) !== undefined;
    const node = await present(client.get<Node>(nodes, { name }));
    const answer = parseReachability(node?.metadata.annotations?.[reachabilityAnnotation]);
    if (answer?.asked === question) return answer;
    await systemClock.sleep(everyMs, signal);
  }
  const what = isAsked
    ? `No master has answered within ${answerLimitMs / 1000} s whether it reaches this host`
    : `The node ${name} has not registered`;
  throw new UserError(
    `${what}. Is the controller manager running on a master? See also the log of this host. Then run this again.`,
  );
}

async function present<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await ifPresent(call);
  } catch (error) {
    if (isRetryable(error)) return undefined;
    throw error;
  }
}

function whyNoWayBack({ nodeIp, options: { kubeletPort } }: WorkerSide, why: string): string {
  return (
    `The master does not reach the kubelet of this host at ${nodeIp}:${kubeletPort}: ${why}. Logs, exec and metrics of its ` +
    `pods would fail. Open TCP port ${kubeletPort} of this host for the masters (nft, ufw or firewalld), or name the address ` +
    'by which they reach it with --node-ip. Then run this again.'
  );
}

function whyNoPodNetwork(why: string, isInbound: boolean): string {
  const which = isInbound
    ? 'Pods of the master do not reach those of this host'
    : 'Pods of this host do not reach those of other nodes';
  return (
    `${which}: ${why}. Packets of the pod network are routed from node to node: the nodes have to be neighbours on one ` +
    'network, and firewalls have to let the pod network through. Then run this again.'
  );
}

/** From this node's own address in the pod network to those of other nodes. */
async function whyPodsAreNotReached(arrival: Arrival): Promise<string | undefined> {
  const { signal } = arrival;
  const startedAt = systemClock.monotonic();
  for (;;) {
    const found = await lookForPods(arrival);
    if (found === undefined) return undefined;
    if (signal.aborted || systemClock.monotonic() - startedAt > reachLimitMs) return found;
    await systemClock.sleep(everyMs, signal);
  }
}

async function lookForPods({ allNodes, worker }: Arrival): Promise<string | undefined> {
  const all = await allNodes();
  if (all === undefined) return 'the proxy of this host has no certificate yet';
  const own = all.find(({ metadata }) => metadata?.name === worker.nodeName);
  const others = all.filter((node) => node !== own && isNodeReady(node)).slice(0, neighboursAsked);
  const localAddress = bridgeAddressOf(own?.spec?.podCIDR);
  if (localAddress === undefined) return 'this host has no pod network yet';
  return (await dialAll(others, localAddress))[0];
}

async function dialAll(others: readonly Node[], localAddress: string): Promise<string[]> {
  const found = await Promise.all(
    others.map(async ({ metadata, spec, status }) => {
      const host = bridgeAddressOf(spec?.podCIDR);
      const port = status?.daemonEndpoints?.kubeletEndpoint?.Port;
      if (host === undefined || !port) return undefined;
      const why = await whyNotReached({ host, port, localAddress, timeoutMs: 1_500 });
      return why && `${metadata?.name} (${host}:${port}): ${why}`;
    }),
  );
  return found.filter((why) => why !== undefined);
}
