/**
 * Leases for entries with a time to live. A lease serves all entries of about the same time: it is granted for a
 * little longer and reused while enough of it is left, so that a thousand events do not make a thousand leases.
 */

import { type Clock, systemClock } from '../../base/clock.ts';

interface SharedLease {
  readonly id: Promise<string>;
  readonly reuseUntil: number;
  uses: number;
}

/** How much longer than asked an entry may live: this share of its time, at most a minute. */
const slackShare = 0.05;
const longestSlackSeconds = 60;
/** A lease's end deletes all its entries in one go: not too many. */
const mostUses = 1_000;

export class EtcdLeases {
  /** By time to live. */
  readonly #leases = new Map<number, SharedLease>();
  readonly #grant: (seconds: number) => Promise<string>;
  readonly #clock: Clock;

  /** `grant` asks etcd for a lease and resolves with its id. */
  constructor(grant: (seconds: number) => Promise<string>, clock: Clock = systemClock) {
    this.#grant = grant;
    this.#clock = clock;
  }

  /** The id of a lease that lasts at least `seconds` from now. */
  async idFor(seconds: number): Promise<string> {
    const known = this.#leases.get(seconds);
    if (known !== undefined && known.uses < mostUses && this.#clock.monotonic() < known.reuseUntil) {
      known.uses += 1;
      return await known.id;
    }
    return await this.#renew(seconds).id;
  }

  /** Forgets leases: etcd does not know one of them any more. */
  forget(): void {
    this.#leases.clear();
  }

  #renew(seconds: number): SharedLease {
    const slack = Math.min(longestSlackSeconds, seconds * slackShare);
    const lease: SharedLease = {
      id: this.#grant(Math.ceil(seconds + slack)),
      reuseUntil: this.#clock.monotonic() + slack * 1000,
      uses: 1,
    };
    this.#leases.set(seconds, lease);
    lease.id.catch(() => {
      // Whoever waits for it is told; the next caller tries anew.
      if (this.#leases.get(seconds) === lease) this.#leases.delete(seconds);
    });
    return lease;
  }
}
