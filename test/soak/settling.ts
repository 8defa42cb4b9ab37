/** Waits until what was asked for is what runs, in the API, in the engine and behind the Service. */

import { setTimeout as delay } from 'node:timers/promises';
import { computeDifferences } from './differences.ts';
import { type Observation, type Observed, observe } from './observation.ts';
import type { Traffic } from './traffic.ts';
import type { Workload } from './workload.ts';

export interface SettlingOptions {
  readonly observed: Observed;
  readonly workload: Workload;
  readonly traffic: Traffic;
}

export interface Settled {
  readonly settleMs: number;
  readonly observation: Observation;
  /** The differences that there still were when the limit was over. */
  readonly late: readonly string[] | undefined;
}

/** Differences must stay away for so long. */
const holdMs = 300;
const everyMs = 100;
/** After the limit was missed, how often as long it is waited, so that a run can go on. */
const patience = 2;

/** Counts from `since`, of `performance.now()`. Throws when it does not settle at all. */
export async function settle(options: SettlingOptions, since: number, limitMs: number): Promise<Settled> {
  let late: readonly string[] | undefined;
  for (;;) {
    const settleMs = performance.now() - since;
    const { differences } = await compare(options);
    if (differences.length === 0) {
      await delay(holdMs);
      const { differences: soonAfter, observation } = await compare(options);
      if (soonAfter.length === 0 && observation !== undefined) return { settleMs, observation, late };
    }
    if (settleMs > limitMs) late ??= differences;
    if (settleMs > limitMs * patience) throw new Error(`It does not settle: ${differences.join('; ')}`);
    await delay(everyMs);
  }
}

async function compare(
  options: SettlingOptions,
): Promise<{ readonly differences: readonly string[]; readonly observation?: Observation }> {
  const { observed, workload, traffic } = options;
  try {
    const observation = await observe(observed);
    const differences = computeDifferences(workload.asked, observation);
    if (differences.length === 0) await traffic.request();
    return { differences, observation };
  } catch (error) {
    return { differences: [`no answer: ${String(error)}`] };
  }
}
