/** Nodes and pods as the rebalancer counts them: what nodes have, what pods ask for, which pods may go where. Pure. */

import { matchesRequiredNodes } from '../../api/node-selection.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { computePodAmounts } from '../../api/pod-amounts.ts';
import { readQuantity } from '../../api/quantity.ts';
import { tolerates } from '../../api/taints.ts';
import type { Node, Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { controllerOf } from '../workloads/ownership.ts';
import type { PlacedPod, Room } from './placement.ts';

export function roomOf({ metadata, status }: Cached<Node>): Room {
  const { cpu = '0', memory = '0', pods = '0' } = status?.allocatable ?? {};
  return { name: metadata.name, cpu: amount(cpu) * 1000, memory: amount(memory), pods: amount(pods) };
}

const amount = (text: string): number => Number(readQuantity(text).nanos) / 1e9;

/** A pod of the cache never changes, and asks for the same each time. */
const placed = new WeakMap<Cached<Pod>, PlacedPod>();

export function placedPod(pod: Cached<Pod>): PlacedPod {
  const known = placed.get(pod) ?? readPod(pod);
  placed.set(pod, known);
  return known;
}

function readPod(pod: Cached<Pod>): PlacedPod {
  const { metadata, spec = { containers: [] } } = pod;
  const asked = computePodAmounts(spec, 'requests', { withOverhead: true });
  const of = (name: string) => Number(asked.get(name)?.nanos ?? 0n) / 1e9;
  return {
    uid: metadata.uid,
    node: spec.nodeName ?? '',
    set: controllerOf(pod)?.uid ?? '',
    cpu: of('cpu') * 1000,
    memory: of('memory'),
  };
}

/** It takes new pods. */
export const isOpen = (node: Cached<Node>): boolean => isNodeReady(node) && node.spec?.unschedulable !== true;

/** As far as the node's taints and labels say; the scheduler knows more. */
export function mayGo({ spec }: Cached<Pod>, node: Cached<Node>): boolean {
  const { name, labels = {} } = node.metadata;
  const taints = (node.spec?.taints ?? []).filter(({ effect }) => effect !== 'PreferNoSchedule');
  return (
    spec !== undefined &&
    taints.every((taint) => tolerates(spec.tolerations, taint)) &&
    matchesRequiredNodes(spec, { name, labels })
  );
}

/** What a claim holds may be had on one node only; a pod that has one stays. */
export const isMovable = ({ spec }: Cached<Pod>): boolean =>
  spec?.nodeName !== undefined &&
  !(spec.volumes ?? []).some((volume) => volume.persistentVolumeClaim !== undefined || volume.ephemeral !== undefined);
