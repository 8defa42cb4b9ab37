/** What is dialled for a host that asks whether the masters reach it. Nothing is that was not asked for. Pure. */

import { parseIp } from '../../api/net.ts';
import {
  bridgeAddressOf,
  parseReachability,
  reachabilityAnnotation,
  reachabilityQuestionAnnotation,
} from '../../api/reachability.ts';
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

/** Undefined: nothing is asked, or it was answered, or the node does not say yet where it is. */
export function planReachability(node: DeepReadonly<Node>): ReachabilityPlan | undefined {
  const { annotations = {} } = node.metadata ?? {};
  const question = annotations[reachabilityQuestionAnnotation];
  if (question === undefined || parseReachability(annotations[reachabilityAnnotation])?.asked === question)
    return undefined;
  const host = node.status?.addresses?.find(({ type }) => type === 'InternalIP')?.address;
  const port = node.status?.daemonEndpoints?.kubeletEndpoint?.Port;
  const bridge = bridgeAddressOf(node.spec?.podCIDR);
  if (host === undefined || parseIp(host) === undefined || !port || bridge === undefined) return undefined;
  return { question, host, port, bridge };
}
