/** What is limited before fair sharing: bodies on their way. Each may take some memory, but no work. */

import { tooManyRequests } from '../../api/status-error.ts';
import type { RequestInfo } from '../request/request-info.ts';

const defaultMaxArrivals = 2000;
/** One client may take this share: the rest stays free for others. */
const shareOfOneClient = 0.75;

export class ArrivalLimit {
  readonly #max: number;
  readonly #byClient = new Map<string, number>();
  #total = 0;

  constructor(max = defaultMaxArrivals) {
    this.#max = max;
  }

  /** What is returned is to be called once, at the end. Throws TooManyRequests. */
  enter(client: string): () => void {
    const own = this.#byClient.get(client) ?? 0;
    if (this.#total >= this.#max || own >= this.#max * shareOfOneClient) {
      throw tooManyRequests('Too many requests, please try again later.', 1);
    }
    this.#total += 1;
    this.#byClient.set(client, own + 1);
    return () => {
      this.#total -= 1;
      const left = (this.#byClient.get(client) ?? 1) - 1;
      if (left === 0) this.#byClient.delete(client);
      else this.#byClient.set(client, left);
    };
  }
}

const streams: readonly (string | undefined)[] = ['log', 'exec', 'attach', 'portforward', 'proxy'];

/** They would hold their seats for hours: a watch has one until it has begun, others have none. */
export const isLongRunning = (info: RequestInfo): boolean =>
  info.isResource && (info.verb === 'watch' || streams.includes(info.subresource));
