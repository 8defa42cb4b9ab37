/**
 * What API servers have charged to quotas for objects that are not to be seen yet. A controller that counts objects
 * again would take such a charge for a mistake, give it back, and let the namespace exceed its quota.
 *
 *   quota's `used` grows ──► charge ──┬── its object is seen ──► settled
 *                                     ├── `used` shrinks ──────► given back
 *                                     └── nothing for long ────► lost: the write never happened
 *
 * Invariants:
 * - What is pending is at least what is in flight, as long as no write takes half the time after which a charge is lost.
 *   Therefore an object settles the newest charge: that of one which is older is lost no later for it.
 * - An object that is seen before its charge (they come by different watches) settles it when it comes.
 */

import { type Amounts, addAmounts, excessAmounts, lessAmounts, readAmounts, sameAmounts } from '../../api/amounts.ts';
import type { Quantity } from '../../api/quantity.ts';
import { lostChargeMs } from '../../api/quota/charge-times.ts';
import type { ResourceQuota } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Cached } from '../../client/object-cache.ts';

/** How far the two watches may be apart. */
const earlyObjectMs = 2_000;
/** Nearly every write is seen within this time. */
const momentMs = 1_000;

interface Dated {
  readonly at: number;
  amounts: Amounts;
}

interface State {
  readonly uid: string;
  used: Amounts;
  /** What the controller is writing, or has written and not seen yet. */
  own: Amounts | undefined;
  charges: Dated[];
  early: Dated[];
}

export class RecentCharges {
  readonly #clock: Pick<Clock, 'monotonic'>;
  readonly #states = new Map<string, State>();

  constructor(clock: Pick<Clock, 'monotonic'>) {
    this.#clock = clock;
  }

  /** Every version of a quota that is seen, in order. True: something was charged. */
  noteQuota(key: string, quota: Cached<ResourceQuota>): boolean {
    const used = readAmounts(quota.status?.used);
    const state = this.#states.get(key);
    if (state === undefined || state.uid !== quota.metadata.uid) {
      // Nobody knows what of it is in flight: all of it might be.
      this.#states.set(key, {
        uid: quota.metadata.uid,
        used,
        own: undefined,
        charges: used.size === 0 ? [] : [{ at: this.#clock.monotonic(), amounts: used }],
        early: [],
      });
      return used.size > 0;
    }
    const before = state.used;
    state.used = used;
    if (state.own !== undefined && sameAmounts(state.own, used)) {
      state.own = undefined;
      return false;
    }
    state.charges = settleWith(state.charges, excessAmounts(before, used)).dated;
    const { rest, dated } = settleWith(this.#recent(state.early, earlyObjectMs), excessAmounts(used, before));
    state.early = dated;
    if (rest.size > 0) state.charges.push({ at: this.#clock.monotonic(), amounts: rest });
    return rest.size > 0;
  }

  /** `undefined`: it was not written after all. */
  noteOwnWrite(key: string, used: Amounts | undefined): void {
    const state = this.#states.get(key);
    if (state !== undefined) state.own = used;
  }

  /** Somebody changed the quota, and wants to see it counted: only what is on its way this moment is waited for. */
  noteNewLimits(key: string): void {
    const state = this.#states.get(key);
    if (state !== undefined) state.charges = this.#recent(state.charges, momentMs);
  }

  /** An object is seen that counts so much more than before. */
  noteObject(key: string, added: Amounts): void {
    const state = this.#states.get(key);
    if (state === undefined || added.size === 0) return;
    const { rest, dated } = settleWith(this.#recent(state.charges, lostChargeMs), added);
    state.charges = dated;
    if (rest.size > 0)
      state.early = [...this.#recent(state.early, earlyObjectMs), { at: this.#clock.monotonic(), amounts: rest }];
  }

  pending(key: string): Amounts {
    const sum = new Map<string, Quantity>();
    const state = this.#states.get(key);
    if (state === undefined) return sum;
    state.charges = this.#recent(state.charges, lostChargeMs);
    for (const { amounts } of state.charges) addAmounts(sum, amounts);
    return sum;
  }

  forget(key: string): void {
    this.#states.delete(key);
  }

  #recent(dated: readonly Dated[], ms: number): Dated[] {
    const oldest = this.#clock.monotonic() - ms;
    return dated.filter(({ at }) => at > oldest);
  }
}

/** Takes `amounts` from the newest, and says what could not be taken. */
function settleWith(dated: readonly Dated[], amounts: Amounts): { readonly dated: Dated[]; readonly rest: Amounts } {
  let rest: Amounts = amounts;
  const left: Dated[] = [];
  for (const entry of [...dated].reverse()) {
    const remaining = rest.size === 0 ? entry.amounts : withoutZeros(lessAmounts(entry.amounts, rest));
    rest = rest.size === 0 ? rest : excessAmounts(rest, entry.amounts);
    if (remaining.size > 0) left.push({ at: entry.at, amounts: remaining });
  }
  return { dated: left.reverse(), rest };
}

const withoutZeros = (amounts: Amounts): Amounts => new Map([...amounts].filter(([, { nanos }]) => nanos !== 0n));
