/** What a node's conditions say, and which taints follow from them. Pure. */

import { notReadyTaint, unreachableTaint, unschedulableTaint } from '../../api/labels.ts';
import { nodeCondition } from '../../api/nodes.ts';
import { formatTime } from '../../api/time.ts';
import type { Node, NodeCondition, Taint } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';

const pressureTaints: Readonly<Record<string, string>> = {
  MemoryPressure: 'node.kubernetes.io/memory-pressure',
  DiskPressure: 'node.kubernetes.io/disk-pressure',
  PIDPressure: 'node.kubernetes.io/pid-pressure',
  NetworkUnavailable: 'node.kubernetes.io/network-unavailable',
};
const managedNoSchedule = new Set([
  notReadyTaint,
  unreachableTaint,
  unschedulableTaint,
  ...Object.values(pressureTaints),
]);
const managedNoExecute = new Set([notReadyTaint, unreachableTaint]);

/** Whether the cluster itself puts it on a node, and takes it off, by what the node says. */
export const isManagedTaint = ({ key, effect }: DeepReadonly<Taint>): boolean =>
  (effect === 'NoSchedule' && managedNoSchedule.has(key)) || (effect === 'NoExecute' && managedNoExecute.has(key));

/** The conditions that a kubelet writes, with the words for its silence. */
const kubeletConditions = ['Ready', 'MemoryPressure', 'DiskPressure', 'PIDPressure'];

/** All conditions of a node whose kubelet is silent. */
export function computeSilentConditions(node: Cached<Node>, now: number): NodeCondition[] {
  const time = formatTime(now);
  const known = (node.status?.conditions ?? []).map((condition) =>
    kubeletConditions.includes(condition.type) && condition.status !== 'Unknown'
      ? {
          ...condition,
          status: 'Unknown',
          reason: 'NodeStatusUnknown',
          message: 'Kubelet stopped posting node status.',
          lastTransitionTime: time,
        }
      : { ...condition },
  );
  const missing = kubeletConditions.filter((type) => !known.some((condition) => condition.type === type));
  const never = missing.map((type) => ({
    type,
    status: 'Unknown',
    reason: 'NodeStatusNeverUpdated',
    message: 'Kubelet never posted node status.',
    lastHeartbeatTime: node.metadata.creationTimestamp,
    lastTransitionTime: time,
  }));
  return [...known, ...never];
}

export interface TaintContext {
  /** Pods may be driven from this node now: not while the whole cluster is silent, nor faster than the pace. */
  readonly mayEvict: boolean;
  readonly now: number;
}

/** The taints that the node should have; those of others are kept. The same array when nothing changes. */
export function computeTaints(node: Cached<Node>, { mayEvict, now }: TaintContext): readonly DeepReadonly<Taint>[] {
  const current = node.spec?.taints ?? [];
  const noSchedule = noScheduleKeys(node);
  const noExecute = noExecuteKey(node);
  const isWanted = ({ key, effect }: DeepReadonly<Taint>): boolean => {
    if (effect === 'NoSchedule' && managedNoSchedule.has(key)) return noSchedule.has(key);
    if (effect === 'NoExecute' && managedNoExecute.has(key)) return noExecute === key && mayEvict;
    return true;
  };
  const has = (key: string, effect: string) => current.some((taint) => taint.key === key && taint.effect === effect);
  const timeAdded = formatTime(now);
  const added = [
    ...[...noSchedule]
      .filter((key) => !has(key, 'NoSchedule'))
      .map((key) => ({ key, effect: 'NoSchedule', timeAdded })),
    ...(noExecute && mayEvict && !has(noExecute, 'NoExecute')
      ? [{ key: noExecute, effect: 'NoExecute', timeAdded }]
      : []),
  ];
  const kept = current.filter(isWanted);
  return added.length === 0 && kept.length === current.length ? current : [...kept, ...added];
}

function noScheduleKeys(node: Cached<Node>): Set<string> {
  const keys = new Set<string>();
  const lost = noExecuteKey(node);
  // A node that has not said anything yet keeps the taint that it was admitted with.
  if (lost !== undefined || nodeCondition(node, 'Ready') === undefined) keys.add(lost ?? notReadyTaint);
  if (node.spec?.unschedulable) keys.add(unschedulableTaint);
  for (const [type, key] of Object.entries(pressureTaints)) {
    if (nodeCondition(node, type)?.status === 'True') keys.add(key);
  }
  return keys;
}

/** The taint that drives pods away; none while the node is ready, or has never said a word. */
export function noExecuteKey(node: Cached<Node>): string | undefined {
  switch (nodeCondition(node, 'Ready')?.status) {
    case 'False':
      return notReadyTaint;
    case 'Unknown':
      return unreachableTaint;
    default:
      return undefined;
  }
}
