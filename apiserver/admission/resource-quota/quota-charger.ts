/**
 * Charges writes to the quotas of their namespace before they happen.
 *
 *   charge(write) ─► waiting, by namespace ─► a batch: one compare-and-swap of each quota's status ─► granted | refused
 *                          ▲                                                                   │
 *                          └──────────────── give back what a refused write was granted ◄──────┘
 *
 * Invariants:
 * - `used` never exceeds `hard` by what is charged here, however many API servers charge: a grant counts only when the
 *   version of the quota that it was decided on is the one that is replaced.
 * - One batch for a namespace at a time; all that come meanwhile are the next one, so that many creators cost few writes.
 * - A refusal is as true as a grant: the quota was read from the store after the write was charged.
 * - What was granted to a write that did not happen is given back soon, or not at all: the controller, which counts
 *   again, waits longer than that before it takes a charge for lost.
 */

import { type Amounts, addAmounts, lessAmounts, readAmounts, writeAmounts } from '../../../api/amounts.ts';
import type { Quantity } from '../../../api/quantity.ts';
import { giveBackMs } from '../../../api/quota/charge-times.ts';
import { isNotFound } from '../../../api/status-error.ts';
import type { Clock } from '../../../base/clock.ts';
import { compareText } from '../../../base/compare.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/logger.ts';
import { type CountedWrite, charge, demandOn, type Quota } from './quota-check.ts';

/** How a quota's status gets to the store. */
export interface QuotaStatusWriter {
  /**
   * Replaces what is used by what `change` makes of the newest version, which it may be asked of several times; the last
   * one counts. The same amounts: nothing is written, but the version is still the newest. Throws NotFound.
   */
  updateUsed(quota: QuotaKey, change: (quota: Quota) => Record<string, string> | undefined): Promise<void>;
}

export interface QuotaKey {
  readonly namespace: string;
  readonly name: string;
}

export interface ChargeRequest {
  readonly namespace: string;
  readonly write: CountedWrite;
  /** Names of the quotas that may be concerned. */
  readonly quotas: readonly string[];
  /** It is only asked whether there is room. */
  readonly dryRun: boolean;
}

export interface Outcome {
  /** Why not. Absent: granted. */
  readonly refusal?: string;
  /** The write does not happen: what was granted is free. Once. */
  giveBack(): void;
}

interface Grant {
  readonly quota: string;
  readonly uid: string;
  readonly amounts: Amounts;
}

interface Waiting {
  readonly request: ChargeRequest;
  grants: Grant[];
  refusal: string | undefined;
  failure: unknown;
  settle(): void;
}

interface Work {
  charges: Waiting[];
  returns: Grant[];
  running: boolean;
}

export class QuotaCharger {
  readonly #writer: QuotaStatusWriter;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #work = new Map<string, Work>();

  constructor(parts: { readonly writer: QuotaStatusWriter; readonly clock: Clock; readonly logger: Logger }) {
    this.#writer = parts.writer;
    this.#clock = parts.clock;
    this.#logger = parts.logger;
  }

  /** Rejects when the store does not take the charge. */
  async charge(request: ChargeRequest): Promise<Outcome> {
    const chargedAt = this.#clock.monotonic();
    const waiting: Waiting = { request, grants: [], refusal: undefined, failure: undefined, settle: () => undefined };
    const settled = new Promise<void>((resolve) => {
      waiting.settle = resolve;
    });
    this.#workOf(request.namespace).charges.push(waiting);
    this.#start(request.namespace);
    await settled;
    const { failure, refusal } = waiting;
    const giveBack = () => {
      if (this.#clock.monotonic() - chargedAt <= giveBackMs) this.#return(request.namespace, waiting.grants);
      waiting.grants = [];
    };
    if (failure !== undefined || refusal !== undefined) giveBack();
    if (failure !== undefined) throw failure;
    return { ...(refusal !== undefined && { refusal }), giveBack };
  }

  #return(namespace: string, grants: readonly Grant[]): void {
    if (grants.length === 0) return;
    this.#workOf(namespace).returns.push(...grants);
    this.#start(namespace);
  }

  #workOf(namespace: string): Work {
    let work = this.#work.get(namespace);
    if (work === undefined) {
      work = { charges: [], returns: [], running: false };
      this.#work.set(namespace, work);
    }
    return work;
  }

  #start(namespace: string): void {
    const work = this.#workOf(namespace);
    if (work.running) return;
    work.running = true;
    // Never rejects.
    void this.#runBatches(namespace, work);
  }

  async #runBatches(namespace: string, work: Work): Promise<void> {
    while (work.charges.length + work.returns.length > 0) {
      const { charges, returns } = work;
      work.charges = [];
      work.returns = [];
      await this.#runBatch(namespace, charges, returns);
      for (const waiting of charges) waiting.settle();
    }
    this.#work.delete(namespace);
  }

  /** Quota by quota, in the order of their names; who is refused by one does not ask the next. */
  async #runBatch(namespace: string, charges: readonly Waiting[], returns: readonly Grant[]): Promise<void> {
    const names = new Set([...charges.flatMap(({ request }) => request.quotas), ...returns.map(({ quota }) => quota)]);
    for (const name of [...names].sort(compareText)) {
      const asking = charges.filter(
        ({ request, refusal, failure }) =>
          request.quotas.includes(name) && refusal === undefined && failure === undefined,
      );
      const returned = returns.filter(({ quota }) => quota === name);
      if (asking.length + returned.length === 0) continue;
      try {
        await this.#apply({ namespace, name }, asking, returned);
      } catch (error) {
        // Nobody limits any more what a quota that is gone did.
        if (isNotFound(error)) continue;
        for (const waiting of asking) waiting.failure = error;
        if (asking.length === 0)
          this.#logger.warn('quota not given back', { namespace, name, error: errorText(error) });
      }
    }
  }

  async #apply(key: QuotaKey, asking: readonly Waiting[], returned: readonly Grant[]): Promise<void> {
    let decided: Decision | undefined;
    await this.#writer.updateUsed(key, (quota) => {
      decided = decide(quota, asking, returned);
      return decided.isChanged ? writeAmounts(decided.used) : undefined;
    });
    for (const [waiting, refusal] of decided?.refusals ?? []) waiting.refusal = refusal;
    for (const [waiting, grant] of decided?.grants ?? []) waiting.grants.push(grant);
  }
}

interface Decision {
  readonly used: Amounts;
  readonly isChanged: boolean;
  readonly refusals: ReadonlyMap<Waiting, string>;
  readonly grants: ReadonlyMap<Waiting, Grant>;
}

/** Who gets what of a quota as it is now. Pure. */
function decide(quota: Quota, asking: readonly Waiting[], returned: readonly Grant[]): Decision {
  const { name, uid } = quota.metadata;
  let used: Map<string, Quantity> = readAmounts(quota.status?.used);
  let isChanged = false;
  for (const grant of returned) {
    // Another quota of that name was never charged.
    if (grant.uid !== uid) continue;
    used = lessAmounts(used, grant.amounts);
    isChanged = true;
  }
  const refusals = new Map<Waiting, string>();
  const grants = new Map<Waiting, Grant>();
  for (const waiting of asking) {
    const demand = demandOn(quota, waiting.request.write);
    if (demand === undefined) continue;
    const charged = 'refusal' in demand ? demand : charge(quota, used, demand.amounts);
    if ('refusal' in charged || 'refusal' in demand) {
      if ('refusal' in charged) refusals.set(waiting, charged.refusal);
      continue;
    }
    if (waiting.request.dryRun) continue;
    addAmounts(used, demand.amounts);
    isChanged = true;
    grants.set(waiting, { quota: name, uid, amounts: demand.amounts });
  }
  return { used, isChanged, refusals, grants };
}
