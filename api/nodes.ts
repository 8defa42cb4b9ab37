/** What many ask about one node, answered in one place. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Node, NodeCondition } from './types/core/v1.ts';

type NodeView = DeepReadonly<Node>;

export function nodeCondition({ status }: NodeView, type: string): DeepReadonly<NodeCondition> | undefined {
  return status?.conditions?.find((condition) => condition.type === type);
}

export type Readiness = 'True' | 'False' | 'Unknown';

/** A node that never said anything counts as Unknown. */
export function nodeReadiness(node: NodeView): Readiness {
  const status = nodeCondition(node, 'Ready')?.status;
  return status === 'True' || status === 'False' ? status : 'Unknown';
}

export function isNodeReady(node: NodeView): boolean {
  return nodeReadiness(node) === 'True';
}

const label = /^[a-z0-9]([-a-z0-9]*[a-z0-9])?$/;

/** Whether a Node may have this name: a lowercase RFC 1123 subdomain. */
export function isNodeName(text: string): boolean {
  return text.length <= 253 && text.split('.').every((part) => label.test(part));
}
