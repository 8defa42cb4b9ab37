/**
 * How many bytes of request bodies may be in memory at once: a count of requests alone does not bound them, as each
 * body may be of any size up to the limit. A body beyond the budget is refused with 429: clients come back after
 * `Retry-After`. One client gets at most a share, so that small bodies of others still pass.
 */

import { tooManyRequests } from '../../api/status-error.ts';

/** What one request holds. */
export interface BodyShare {
  /** Counts bytes that arrived. Throws TooManyRequests when there is no room for them; they are not counted then. */
  take(bytes: number): void;
  /** The request is over. Idempotent; nothing may be taken after it. */
  release(): void;
}

export interface BodyBudgetOptions {
  /** Default 128 MiB: some forty bodies of the greatest size. */
  readonly maxBytes?: number;
  /** How much of it one client may hold, from 0 to 1. Default 0.75. */
  readonly shareOfOneClient?: number;
}

export class BodyBudget {
  readonly #maxBytes: number;
  readonly #maxBytesOfOne: number;
  readonly #byClient = new Map<string, number>();
  #bytes = 0;

  constructor({ maxBytes = 128 * 1024 * 1024, shareOfOneClient = 0.75 }: BodyBudgetOptions = {}) {
    this.#maxBytes = maxBytes;
    this.#maxBytesOfOne = maxBytes * shareOfOneClient;
  }

  /** Bytes in memory now. */
  get bytes(): number {
    return this.#bytes;
  }

  open(client: string): BodyShare {
    let held = 0;
    return {
      take: (bytes) => {
        this.#add(client, bytes);
        held += bytes;
      },
      release: () => {
        this.#remove(client, held);
        held = 0;
      },
    };
  }

  #add(client: string, bytes: number): void {
    const own = (this.#byClient.get(client) ?? 0) + bytes;
    if (this.#bytes + bytes > this.#maxBytes || own > this.#maxBytesOfOne) {
      throw tooManyRequests('Too many large requests, please try again later.', 1);
    }
    this.#bytes += bytes;
    this.#byClient.set(client, own);
  }

  #remove(client: string, bytes: number): void {
    if (bytes === 0) return;
    this.#bytes -= bytes;
    const left = (this.#byClient.get(client) ?? 0) - bytes;
    if (left > 0) this.#byClient.set(client, left);
    else this.#byClient.delete(client);
  }
}
