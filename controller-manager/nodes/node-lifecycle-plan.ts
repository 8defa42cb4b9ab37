/**
 * What follows from nodes that fall silent or come back: which may be emptied, and what is written of them. Pure, but for
 * the pace, which remembers. Conditions and taints themselves: `node-conditions.ts`.
 *
 * How fast nodes may be emptied. When many nodes are silent at the same time it is rather the network, or we ourselves,
 * and evicting would turn an outage into a disaster.
 *
 * | of a zone's nodes                              | nodes emptied         |
 * |------------------------------------------------|-----------------------|
 * | fewer than 55 % lost, or at most 2             | one in 10 s           |
 * | more, zone of up to 50 nodes                   | none                  |
 * | more, larger zone                              | one in 100 s          |
 * | all of them, while other zones are well        | one in 10 s           |
 * | no node of the whole cluster is ready          | none, and taints that drive pods away are taken back |
 */

import { regionLabel, zoneLabel } from '../../api/labels.ts';
import { isNodeReady } from '../../api/nodes.ts';
import { isPodReady } from '../../api/pods.ts';
import { formatTime } from '../../api/time.ts';
import type { Node, Pod, PodCondition } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { noExecuteKey } from './node-conditions.ts';

const normalIntervalMs = 10_000;
const carefulIntervalMs = 100_000;
const smallZone = 50;
const lostShare = 0.55;

export interface ZoneCount {
  readonly ready: number;
  readonly lost: number;
}

export type Disruption = 'none' | 'partial' | 'full';

export function disruptionOf({ ready, lost }: ZoneCount): Disruption {
  if (ready === 0 && lost > 0) return 'full';
  return lost > 2 && lost / (ready + lost) >= lostShare ? 'partial' : 'none';
}

/** Milliseconds between two nodes of this zone; undefined: none for now. */
export function intervalOf(zone: ZoneCount, zones: readonly ZoneCount[]): number | undefined {
  if (zones.every((other) => other.ready === 0)) return undefined;
  if (disruptionOf(zone) !== 'partial') return normalIntervalMs;
  return zone.ready + zone.lost > smallZone ? carefulIntervalMs : undefined;
}

/** Remembers when each zone's last node was given up. */
export class EvictionPace {
  readonly #lastAt = new Map<string, number>();

  /** True: a node of the zone may be emptied now, which counts as done. */
  tryTake(zone: string, intervalMs: number | undefined, monotonicNow: number): boolean {
    if (intervalMs === undefined) return false;
    const lastAt = this.#lastAt.get(zone);
    if (lastAt !== undefined && monotonicNow - lastAt < intervalMs) return false;
    this.#lastAt.set(zone, monotonicNow);
    return true;
  }
}

/** Region and zone: nodes that share them fail together. */
export const zoneOf = ({ metadata }: Cached<Node>): string =>
  `${metadata.labels?.[regionLabel] ?? ''}/${metadata.labels?.[zoneLabel] ?? ''}`;

export function countZones(nodes: Iterable<Cached<Node>>): ReadonlyMap<string, ZoneCount> {
  const zones = new Map<string, ZoneCount>();
  for (const node of nodes) {
    const { ready, lost } = zones.get(zoneOf(node)) ?? { ready: 0, lost: 0 };
    const isReady = isNodeReady(node);
    zones.set(zoneOf(node), { ready: ready + Number(isReady), lost: lost + Number(!isReady) });
  }
  return zones;
}

/** Whether the taint that drives pods away may be on a node. */
export type EvictionVerdict =
  /** No pods are to be driven away, or they are already. */
  | { readonly type: 'allowed' }
  /** No node of the whole cluster is ready. */
  | { readonly type: 'refused' }
  /** When its zone's turn comes; undefined: not for now. */
  | { readonly type: 'paced'; readonly zone: string; readonly intervalMs: number | undefined };

export function judgeEviction(node: Cached<Node>, zones: ReadonlyMap<string, ZoneCount>): EvictionVerdict {
  const key = noExecuteKey(node);
  if (key === undefined) return { type: 'allowed' };
  const counts = [...zones.values()];
  if (counts.every(({ ready }) => ready === 0)) return { type: 'refused' };
  if (node.spec?.taints?.some((taint) => taint.effect === 'NoExecute' && taint.key === key)) return { type: 'allowed' };
  const zone = zoneOf(node);
  return { type: 'paced', zone, intervalMs: intervalOf(zones.get(zone) ?? { ready: 0, lost: 0 }, counts) };
}

/** Labels under their old names, which old manifests select by: label → the one that it follows. */
const oldLabels: Readonly<Record<string, string>> = {
  'beta.kubernetes.io/os': 'kubernetes.io/os',
  'beta.kubernetes.io/arch': 'kubernetes.io/arch',
};

/** Old labels that the node lacks or has with another value than the label of today; undefined: none. */
export function computeOldLabels({ metadata }: Cached<Node>): Record<string, string> | undefined {
  const { labels = {} } = metadata;
  const changed = Object.entries(oldLabels).flatMap(([old, current]) => {
    const value = labels[current];
    return value === undefined || labels[old] === value ? [] : [[old, value] as const];
  });
  return changed.length > 0 ? Object.fromEntries(changed) : undefined;
}

/** The pod's conditions, not ready as of now; undefined where it is not ready anyway. */
export function computeNotReadyConditions(pod: Cached<Pod>, now: number): PodCondition[] | undefined {
  if (!isPodReady(pod)) return undefined;
  return (pod.status?.conditions ?? []).map((condition) =>
    condition.type === 'Ready'
      ? { ...condition, status: 'False', lastTransitionTime: formatTime(now) }
      : { ...condition },
  );
}
