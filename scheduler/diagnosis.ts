/** Why a pod fits nowhere, in upstream's words: reasons with the number of nodes they hold for, sorted as text. Pure. */

import { compareText } from '../base/compare.ts';
import type { Refusal } from './framework.ts';

const noNodes = 'no nodes available to schedule pods';
/** The other cure that upstream tries, and of which Longshore has none: devices that are claimed dynamically. */
const noClaims = 'no new claims to deallocate';

/** `0/5 nodes are available: 3 Insufficient cpu, 2 node(s) were unschedulable.` */
export function describeRefusals(nodeCount: number, refusals: Iterable<Refusal>): string {
  const counts = new Map<string, number>();
  const count = (refusal: Refusal | undefined, times: number) => {
    for (const reason of refusal?.reasons ?? []) counts.set(reason, (counts.get(reason) ?? 0) + times);
  };
  // Thousands of nodes mostly say the same one after the other.
  let [last, times]: [Refusal | undefined, number] = [undefined, 0];
  for (const refusal of refusals) {
    if (refusal !== last) {
      count(last, times);
      [last, times] = [refusal, 0];
    }
    times++;
  }
  count(last, times);
  const parts = [...counts].map(([reason, count]) => `${count} ${reason}`).sort(compareText);
  return parts.length === 0 ? `${lead(nodeCount)}` : `${lead(nodeCount)} ${parts.join(', ')}.`;
}

/** `preemption` is what was said of it: a description of refusals, or why it was not tried; absent: it will help. */
export function describeUnschedulable(nodeCount: number, refusals: Iterable<Refusal>, preemption?: string): string {
  if (nodeCount === 0) return noNodes;
  const message = describeRefusals(nodeCount, refusals);
  return preemption === undefined ? message : `${message} ${noClaims}, preemption: ${preemption}`;
}

/** A pod that stands in its own way, whatever the node. */
export function describeUnschedulablePod(nodeCount: number, { reasons }: Refusal): string {
  return nodeCount === 0 ? noNodes : `${lead(nodeCount)} ${reasons.join(', ')}. not found`;
}

const lead = (nodeCount: number): string => `0/${nodeCount} nodes are available:`;
