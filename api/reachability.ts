/**
 * What a host that joins asks the masters, on its own Node, and what they answer there: whether connections come the
 * other way, to its kubelet and to its pods. Pure.
 */

import { isRecord } from './json-record.ts';
import { contains, formatIp, parseCidr, parseIp } from './net.ts';

/** Any text that was not asked before. */
export const reachabilityQuestionAnnotation = 'longshore.dev/reachability-asked';
export const reachabilityAnnotation = 'longshore.dev/reachability';

export interface ReachabilityAnswer {
  /** Which question this answers. */
  readonly asked: string;
  /** Why the kubelet's port is not reached; absent: it is. */
  readonly kubelet?: string | undefined;
  /** The same over the pod network. */
  readonly pods?: string | undefined;
}

/** Undefined: it is no answer. */
export function parseReachability(text: string | undefined): ReachabilityAnswer | undefined {
  let found: unknown;
  try {
    found = JSON.parse(text ?? '');
  } catch {
    return undefined;
  }
  if (!isRecord(found) || typeof found.asked !== 'string') return undefined;
  const { asked, kubelet, pods } = found;
  return {
    asked,
    ...(typeof kubelet === 'string' && { kubelet }),
    ...(typeof pods === 'string' && { pods }),
  };
}

/** The address that a node has itself in its part of the pod network: the first. */
export function bridgeAddressOf(podCidr: string | undefined): string | undefined {
  const network = parseCidr(podCidr ?? '');
  return network && formatIp({ family: network.family, value: network.address + 1n });
}

export function isInNetwork(address: string, cidr: string): boolean {
  const [ip, network] = [parseIp(address), parseCidr(cidr)];
  return ip !== undefined && network !== undefined && contains(network, ip);
}
