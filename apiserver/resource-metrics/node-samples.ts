/**
 * Samples of what nodes use, taken when somebody asks and at no other time.
 *
 * Invariants:
 * - one node is asked once at a time, however many wait for the answer;
 * - nobody waits longer than `waitMs`, and nobody waits for a node that did not answer the last time;
 * - a pair is never older than `pairLifeMs`, nor its two samples further apart.
 */

import type { Clock } from '../../base/clock.ts';
import { type NodeSample, parseExposition } from './exposition.ts';
import type { SamplePair } from './usage.ts';

export interface NodeSamplesOptions {
  /** The text of the kubelet's `/metrics/resource`. Throws when it does not answer in time. */
  readonly read: (nodeName: string) => Promise<string>;
  readonly clock: Clock;
}

/** Who asks again within this time gets the same answer: upstream's resolution. */
const resolutionMs = 15_000;
/** Between the two samples that are taken for the first one who asks. */
const firstWindowMs = 2_000;
const pairLifeMs = 90_000;
const waitMs = 6_000;
/** Nodes that nobody has asked about for so long are forgotten. */
const forgetAfterMs = 300_000;

interface Taken {
  readonly sample: NodeSample;
  /** Monotonic. */
  readonly takenAt: number;
}

interface NodeState {
  before?: Taken;
  after?: Taken;
  running?: Promise<void> | undefined;
  failed: boolean;
  askedAt: number;
  /** Monotonic: of the last attempt, whatever became of it. */
  triedAt: number;
}

export class NodeSamples {
  readonly #read: NodeSamplesOptions['read'];
  readonly #clock: Clock;
  readonly #nodes = new Map<string, NodeState>();

  constructor({ read, clock }: NodeSamplesOptions) {
    this.#read = read;
    this.#clock = clock;
  }

  /** By node; those about which nothing is known are left out. Never rejects. */
  async pairs(nodeNames: Iterable<string>): Promise<ReadonlyMap<string, SamplePair>> {
    this.#forgetOld();
    const names = [...new Set(nodeNames)];
    const pending = names.flatMap((name) => this.#bringUpToDate(name));
    if (pending.length > 0) await this.#waitFor(pending);
    for (const name of names) this.#noteSilence(name);
    return new Map(
      names.flatMap((name) => {
        const pair = this.#pairOf(name);
        return pair === undefined ? [] : [[name, pair] as const];
      }),
    );
  }

  /** One that has let others wait in vain is not waited for again. */
  #noteSilence(name: string): void {
    const state = this.#nodes.get(name);
    if (state?.running !== undefined) state.failed = true;
  }

  /** What is worth waiting for. */
  #bringUpToDate(name: string): Promise<void>[] {
    const now = this.#clock.monotonic();
    const state: NodeState = this.#nodes.get(name) ?? {
      failed: false,
      askedAt: now,
      triedAt: Number.NEGATIVE_INFINITY,
    };
    this.#nodes.set(name, state);
    state.askedAt = now;
    if (state.running === undefined && now - state.triedAt >= resolutionMs) {
      state.triedAt = now;
      state.running = this.#sample(name, state).finally(() => {
        state.running = undefined;
      });
    }
    return state.running === undefined || state.failed ? [] : [state.running];
  }

  async #waitFor(pending: readonly Promise<void>[]): Promise<void> {
    const waiting = new AbortController();
    await Promise.race([Promise.all(pending), this.#clock.sleep(waitMs, waiting.signal)]);
    waiting.abort();
  }

  async #sample(name: string, state: NodeState): Promise<void> {
    try {
      await this.#takeOne(name, state);
      if (this.#pairOf(name) === undefined) {
        await this.#clock.sleep(firstWindowMs);
        await this.#takeOne(name, state);
      }
      state.failed = false;
    } catch {
      // It is left out of the answer, which is what there is to say to those who ask.
      state.failed = true;
    }
  }

  async #takeOne(name: string, state: NodeState): Promise<void> {
    const sample = parseExposition(await this.#read(name), this.#clock.now());
    if (state.after !== undefined) state.before = state.after;
    state.after = { sample, takenAt: this.#clock.monotonic() };
  }

  #pairOf(name: string): SamplePair | undefined {
    const { before, after } = this.#nodes.get(name) ?? {};
    if (before === undefined || after === undefined) return undefined;
    const isOld = this.#clock.monotonic() - after.takenAt > pairLifeMs || after.takenAt - before.takenAt > pairLifeMs;
    return isOld ? undefined : { before: before.sample, after: after.sample };
  }

  #forgetOld(): void {
    const now = this.#clock.monotonic();
    for (const [name, { askedAt, running }] of this.#nodes)
      if (running === undefined && now - askedAt > forgetAfterMs) this.#nodes.delete(name);
  }
}
