/**
 * What is dialled for a host that asks whether the masters reach it. Nothing is that was not asked for, and nothing that
 * is not another host's: where a node is says the node itself, and what listens beside a master, or trusts it, must not
 * be asked on a node's word. Pure.
 */

import { isStrictSubset, parseCidr } from '../../api/net.ts';
import {
  bridgeAddressOf,
  isInNetwork,
  parseReachability,
  reachabilityAnnotation,
  reachabilityQuestionAnnotation,
} from '../../api/reachability.ts';
import { isForeignAddress } from '../../api/special-ip.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export interface ReachabilityPlan {
  readonly question: string;
  readonly port: number;
  /** The address that its kubelet is reached by. */
  readonly host: string;
  /** Where the same server is on the pod network. */
  readonly bridge: string;
}

/** Nothing is dialled, and the host is told why. */
export interface ReachabilityRefusal {
  readonly question: string;
  readonly why: string;
}

export interface ReachabilityGround {
  readonly clusterCidr: string;
  /** Whether an interface of this host has the address. */
  readonly isOwnAddress: (address: string) => boolean;
}

/** The answer repeats the question, so what is longer is none. */
const longestQuestion = 128;

/** Undefined: nothing is asked, or it was answered, or the node does not say yet where it is. */
export function planReachability(
  node: DeepReadonly<Node>,
  ground: ReachabilityGround,
): ReachabilityPlan | ReachabilityRefusal | undefined {
  const { annotations = {} } = node.metadata ?? {};
  const question = annotations[reachabilityQuestionAnnotation];
  if (question === undefined || question.length > longestQuestion) return undefined;
  if (parseReachability(annotations[reachabilityAnnotation])?.asked === question) return undefined;
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  const podCidr = node.spec?.podCIDR;
  if (host === undefined || !port || podCidr === undefined) return undefined;
  const why = whyNotHost(host, ground) ?? whyNotPart(podCidr, ground);
  if (why !== undefined) return { question, why };
  const bridge = bridgeAddressOf(podCidr);
  return bridge === undefined ? undefined : { question, host, port, bridge };
}

function whyNotHost(address: string, { clusterCidr, isOwnAddress }: ReachabilityGround): string | undefined {
  const isHost = isForeignAddress(address) && !isOwnAddress(address) && !isInNetwork(address, clusterCidr);
  return isHost ? undefined : `${address} is no address of another host`;
}

function whyNotPart(podCidr: string, { clusterCidr }: ReachabilityGround): string | undefined {
  const [part, cluster] = [parseCidr(podCidr), parseCidr(clusterCidr)];
  const isPart = part !== undefined && cluster !== undefined && isStrictSubset(part, cluster);
  return isPart ? undefined : `${podCidr} is no part of the pod network ${clusterCidr}`;
}
