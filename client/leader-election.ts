/**
 * One of several equal processes leads; the others stand by. The leader renews a Lease; one that sees it unchanged for
 * its whole duration takes it over.
 *
 *   candidate ──lease free, or unchanged for its duration──► leader ──renewal fails for renewDeadlineMs, or stop──► over
 *       ▲                                                                                                       │
 *       └────────────────── work has ended, lease given back where it is still ours ───────────────────────┘
 *
 * Invariants:
 * - "Unchanged" is measured on this process's monotonic clock, from when it first saw the Lease so: clocks of others,
 *   and jumps of our own, do not matter.
 * - The leader's work is told to end after `renewDeadlineMs` without a renewal (counted from before the last request
 *   that succeeded), while others wait for the longer `leaseDurationMs`.
 * - The Lease is written with its resourceVersion: of two candidates one wins.
 * - A process that comes back with the identity that holds the Lease goes on at once: identities must be unique among
 *   those that run at the same time.
 */

import { keyOf, type ObjectKey, type Stored } from '../api/object.ts';
import { leases } from '../api/resources/coordination.ts';
import { isAlreadyExists, isConflict, isNotFound } from '../api/status-error.ts';
import { formatMicroTime } from '../api/time.ts';
import type { Lease } from '../api/types/coordination/v1.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import type { Reader, Writer } from './client.ts';

export interface LeaderElectionOptions {
  readonly client: Pick<Reader, 'get'> & Pick<Writer, 'create' | 'update'>;
  readonly lease: ObjectKey & { readonly namespace: string };
  readonly identity: string;
  readonly logger: Logger;
  readonly clock?: Clock;
  /** Default 15 s. */
  readonly leaseDurationMs?: number;
  /** Default 10 s; must be shorter than the duration. */
  readonly renewDeadlineMs?: number;
  /** Default 2 s. */
  readonly retryPeriodMs?: number;
  /** From 0 to 1; keeps candidates from trying at the same time. Default `Math.random`. */
  readonly random?: () => number;
}

interface Observed {
  readonly lease: Stored<Lease>;
  /** Monotonic milliseconds at which the Lease was first seen in this version. */
  readonly since: number;
}

export class LeaderElection {
  readonly #options: LeaderElectionOptions;
  readonly #logger: Logger;
  readonly #clock: Clock;
  readonly #random: () => number;
  readonly #durationMs: number;
  readonly #deadlineMs: number;
  readonly #retryMs: number;
  #observed: Observed | undefined;
  #leading = false;
  /** Monotonic milliseconds from before the last request that held the Lease. */
  #renewedAt = Number.NEGATIVE_INFINITY;

  constructor(options: LeaderElectionOptions) {
    this.#options = options;
    this.#logger = options.logger.child({ lease: keyOf({ metadata: options.lease }), identity: options.identity });
    this.#clock = options.clock ?? systemClock;
    this.#random = options.random ?? Math.random;
    this.#durationMs = options.leaseDurationMs ?? 15_000;
    this.#deadlineMs = options.renewDeadlineMs ?? 10_000;
    this.#retryMs = options.retryPeriodMs ?? 2_000;
    if (this.#deadlineMs >= this.#durationMs) {
      throw new RangeError(`renewDeadlineMs (${this.#deadlineMs}) must be below leaseDurationMs (${this.#durationMs})`);
    }
  }

  get leading(): boolean {
    return this.#leading;
  }

  /**
   * Whether the Lease is still ours by our own clock. To be asked right before a write that no other leader may see: a
   * process that was stopped for long goes on in the middle of its work, before anything has told it that it is late.
   */
  get holdsLease(): boolean {
    return this.#leading && this.#clock.monotonic() - this.#renewedAt < this.#deadlineMs;
  }

  /**
   * Runs `lead` each time this process is the leader; its signal aborts when it must end, and the Lease is given back
   * only once it has. Resolves when `signal` aborts; rejects when `lead` does.
   */
  async run(lead: (signal: AbortSignal) => Promise<void>, signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const askedAt = this.#clock.monotonic();
      if (await this.#tryHold()) await this.#leadWhileRenewed(lead, askedAt, signal);
      else await this.#clock.sleep(this.#retryMs * (1 + 0.2 * this.#random()), signal);
    }
  }

  async #leadWhileRenewed(
    lead: (signal: AbortSignal) => Promise<void>,
    heldSince: number,
    signal: AbortSignal,
  ): Promise<void> {
    const over = new AbortController();
    const end = () => over.abort();
    signal.addEventListener('abort', end);
    if (signal.aborted) end();
    this.#renewedAt = heldSince;
    this.#leading = true;
    this.#logger.info('Leading');
    const work = lead(over.signal).finally(end);
    const [worked] = await Promise.allSettled([work, this.#renew(over.signal).finally(end)]);
    this.#leading = false;
    signal.removeEventListener('abort', end);
    this.#logger.info('No longer leading');
    await this.#release();
    if (worked.status === 'rejected') throw worked.reason;
  }

  /** Resolves when the Lease could not be renewed in time, or belongs to another process, or `signal` aborts. */
  async #renew(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#clock.sleep(this.#retryMs, signal);
      if (signal.aborted) return;
      const askedAt = this.#clock.monotonic();
      const leftMs = this.#renewedAt + this.#deadlineMs - askedAt;
      // A request that hangs must not outlive the deadline.
      const given = new AbortController();
      const held = await Promise.race([
        this.#tryHold(),
        this.#clock.sleep(leftMs, AbortSignal.any([signal, given.signal])).then(() => false),
      ]);
      given.abort();
      if (held) this.#renewedAt = askedAt;
      else if (this.#heldByOther() || this.#clock.monotonic() - this.#renewedAt >= this.#deadlineMs) {
        this.#logger.warn('Lost the lease');
        return;
      }
    }
  }

  /** Takes or renews the Lease where that is allowed. False: another process holds it, or the server did not answer. */
  async #tryHold(): Promise<boolean> {
    try {
      const known = this.#observed?.lease;
      if (known?.spec?.holderIdentity !== this.#options.identity) await this.#look();
      return await this.#write();
    } catch (error) {
      if (isConflict(error) || isAlreadyExists(error)) await this.#lookAgain();
      else this.#logger.debug('The lease could not be written', { error });
      return false;
    }
  }

  async #write(): Promise<boolean> {
    const { client, identity, lease } = this.#options;
    const current = this.#observed?.lease;
    if (current === undefined) {
      const spec = this.#claim(undefined);
      this.#see(await client.create<Lease>(leases, { metadata: { ...lease }, spec }));
      return true;
    }
    if (this.#heldByOther() && !this.#isStale()) return false;
    if (current.spec?.holderIdentity !== identity)
      this.#logger.info('Taking over', { from: current.spec?.holderIdentity });
    this.#see(await client.update(leases, { ...current, spec: this.#claim(current.spec) }));
    return true;
  }

  #claim(previous: Lease['spec']): NonNullable<Lease['spec']> {
    const { identity } = this.#options;
    const now = formatMicroTime(this.#clock.now());
    const mine = previous?.holderIdentity === identity;
    return {
      ...previous,
      holderIdentity: identity,
      leaseDurationSeconds: Math.ceil(this.#durationMs / 1000),
      acquireTime: (mine && previous?.acquireTime) || now,
      renewTime: now,
      leaseTransitions: (previous?.leaseTransitions ?? 0) + (mine || previous === undefined ? 0 : 1),
    };
  }

  /** Reads the Lease; a version that was seen before keeps the time when it was first seen. */
  async #look(): Promise<void> {
    try {
      this.#see(await this.#options.client.get(leases, this.#options.lease));
    } catch (error) {
      if (!isNotFound(error)) throw error;
      this.#observed = undefined;
    }
  }

  async #lookAgain(): Promise<void> {
    try {
      await this.#look();
    } catch (error) {
      this.#logger.debug('The lease could not be read', { error });
    }
  }

  #see(lease: Stored<Lease>): void {
    if (this.#observed?.lease.metadata.resourceVersion === lease.metadata.resourceVersion) return;
    this.#observed = { lease, since: this.#clock.monotonic() };
  }

  #heldByOther(): boolean {
    const holder = this.#observed?.lease.spec?.holderIdentity;
    return holder !== undefined && holder !== '' && holder !== this.#options.identity;
  }

  #isStale(): boolean {
    if (this.#observed === undefined) return true;
    const durationMs = (this.#observed.lease.spec?.leaseDurationSeconds ?? this.#durationMs / 1000) * 1000;
    return this.#clock.monotonic() - this.#observed.since >= durationMs;
  }

  /** Gives the Lease back, so that the next leader need not wait. Failing to is harmless: it runs out. */
  async #release(): Promise<void> {
    const given = new AbortController();
    await Promise.race([this.#giveBack(), this.#clock.sleep(this.#deadlineMs, given.signal)]);
    given.abort();
  }

  async #giveBack(): Promise<void> {
    try {
      if (await this.#writeFree()) return;
      // A renewal that was under way when the work ended may have been written after what we have seen.
      await this.#look();
      await this.#writeFree();
    } catch (error) {
      this.#logger.debug('The lease could not be given back', { error });
    }
  }

  /** False: the Lease is another than the one we have seen. Nothing to write when it is not ours. */
  async #writeFree(): Promise<boolean> {
    const current = this.#observed?.lease;
    if (current?.spec?.holderIdentity !== this.#options.identity) return true;
    const renewTime = formatMicroTime(this.#clock.now());
    const spec = { ...current.spec, holderIdentity: '', leaseDurationSeconds: 1, renewTime };
    try {
      this.#see(await this.#options.client.update(leases, { ...current, spec }));
      return true;
    } catch (error) {
      if (isConflict(error)) return false;
      throw error;
    }
  }
}

/** RFC 3339 with microseconds, as Leases have it. */
