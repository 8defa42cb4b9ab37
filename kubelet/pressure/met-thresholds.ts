/**
 * Which thresholds are met, since when, and what follows from it: upstream's order. Pure.
 *
 *   observed ─► met now, and met before but not enough reclaimed since ─► conditions, which stay for a while
 *                                                                  └────► due: hard ones, and soft ones whose time is up
 */

import {
  conditionOf,
  type Observations,
  type PressureCondition,
  pressureConditions,
  resourceOf,
  type Signal,
} from './signals.ts';
import { amountOf, type Threshold } from './thresholds.ts';

export interface PressureState {
  /** Those to act on, the most urgent first. */
  readonly due: readonly Threshold[];
  /** Since when each was met, whether its time is up or not: monotonic milliseconds. */
  readonly metSince: ReadonlyMap<Threshold, number>;
  /** When each condition was last found to hold. */
  readonly heldAt: ReadonlyMap<PressureCondition, number>;
  /** Those that hold, with those that held a short while ago. */
  readonly conditions: readonly PressureCondition[];
}

export const noPressure: PressureState = { due: [], metSince: new Map(), heldAt: new Map(), conditions: [] };

export interface PressureInput {
  readonly thresholds: readonly Threshold[];
  readonly observations: Observations;
  /** Monotonic milliseconds. */
  readonly now: number;
  /** So long a condition stays when what it says is over. */
  readonly transitionMs: number;
}

export function advancePressure(before: PressureState, input: PressureInput): PressureState {
  const { thresholds, observations, now, transitionMs } = input;
  const fresh = findMet(thresholds, observations, { withReclaim: false });
  const unresolved = findMet(before.due, observations, { withReclaim: true });
  const met = [...new Set([...fresh, ...unresolved])];
  const metSince = new Map(met.map((one) => [one, before.metSince.get(one) ?? now]));
  const heldAt = new Map(before.heldAt);
  for (const { signal } of met) heldAt.set(conditionOf(signal), now);
  for (const [condition, at] of heldAt) if (now - at >= transitionMs && at !== now) heldAt.delete(condition);
  const due = met.filter((one) => now - (metSince.get(one) ?? now) >= one.gracePeriodMs);
  return {
    due: inOrder(due),
    metSince,
    heldAt,
    conditions: pressureConditions.filter((condition) => heldAt.has(condition)),
  };
}

/** What is met of these; with what is to be reclaimed beyond them, or without. */
export function findMet(
  thresholds: readonly Threshold[],
  observations: Observations,
  { withReclaim }: { readonly withReclaim: boolean },
): Threshold[] {
  return thresholds.filter(({ signal, value, minReclaim }) => {
    const observed = observations[signal];
    if (observed === undefined) return false;
    const more = withReclaim && minReclaim !== undefined ? amountOf(minReclaim, observed) : 0;
    return observed.available < amountOf(value, observed) + more;
  });
}

/** Memory first: who has none left is killed by the kernel. */
function inOrder(thresholds: readonly Threshold[]): Threshold[] {
  return [...thresholds].sort((a, b) => urgencyOf(a.signal) - urgencyOf(b.signal));
}

const urgencyOf = (signal: Signal): number => (resourceOf(signal) === 'memory' ? 0 : 1);
