/**
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
