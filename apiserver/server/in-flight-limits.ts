/**
 * How many requests may be in work at once, by class, so that no greedy client starves the others: heartbeats have
 * seats of their own that nobody else can take, and one user gets at most a share of the seats of a class while
 * others are there. A request without a seat is refused at once with 429: clients come back after `Retry-After`.
 */

import { isSameResource } from '../../api/resource.ts';
import { leases } from '../../api/resources/coordination.ts';
import { nodes } from '../../api/resources/core.ts';
import { tooManyRequests } from '../../api/status-error.ts';
import type { RequestInfo } from '../request/request-info.ts';

/** `arrival`: its body is still on its way. */
export type RequestClass = 'exempt' | 'arrival' | 'heartbeat' | 'read' | 'write';

export interface InFlightLimitsOptions {
  readonly maxReads: number;
  readonly maxWrites: number;
  readonly maxHeartbeats: number;
  /** Bodies that arrive at once; each may take some memory, but no work. Default: five times `maxWrites`. */
  readonly maxArrivals?: number;
}

const defaultLimits: InFlightLimitsOptions = { maxReads: 400, maxWrites: 400, maxHeartbeats: 400 };

/** Of a class's seats one client may take this share: the rest stays free for others. */
const shareOfOneClient = 0.75;

export class InFlightLimits {
  readonly #limits: Readonly<Record<Exclude<RequestClass, 'exempt'>, number>>;
  readonly #total: Record<Exclude<RequestClass, 'exempt'>, number> = {
    arrival: 0,
    heartbeat: 0,
    read: 0,
    write: 0,
  };
  readonly #byClient: Readonly<Record<Exclude<RequestClass, 'exempt'>, Map<string, number>>> = {
    arrival: new Map(),
    heartbeat: new Map(),
    read: new Map(),
    write: new Map(),
  };

  constructor(options: InFlightLimitsOptions = defaultLimits) {
    const { maxReads, maxWrites, maxHeartbeats, maxArrivals = 5 * maxWrites } = options;
    this.#limits = { arrival: maxArrivals, heartbeat: maxHeartbeats, read: maxReads, write: maxWrites };
  }

  /** Takes a seat; returns what gives it back (idempotent). Throws TooManyRequests. */
  enter(requestClass: RequestClass, client: string): () => void {
    if (requestClass === 'exempt') return () => {};
    const limit = this.#limits[requestClass];
    const byClient = this.#byClient[requestClass];
    const own = byClient.get(client) ?? 0;
    if (this.#total[requestClass] >= limit || own >= limit * shareOfOneClient) {
      throw tooManyRequests('Too many requests, please try again later.', 1);
    }
    this.#total[requestClass] += 1;
    byClient.set(client, own + 1);
    let isSeated = true;
    return () => {
      if (!isSeated) return;
      isSeated = false;
      this.#total[requestClass] -= 1;
      const left = (byClient.get(client) ?? 1) - 1;
      if (left === 0) byClient.delete(client);
      else byClient.set(client, left);
    };
  }

  /** Requests in work, for metrics. */
  get inFlight(): Readonly<Record<Exclude<RequestClass, 'exempt'>, number>> {
    return this.#total;
  }
}

const longRunning: readonly (string | undefined)[] = ['log', 'exec', 'attach', 'portforward', 'proxy'];

/** Streams hold no seat: they would hold it for hours. */
export function classOf(info: RequestInfo): RequestClass {
  if (!info.isResource || info.verb === 'watch' || longRunning.includes(info.subresource)) return 'exempt';
  const isNodeStatus = info.subresource === 'status' && isSameResource(info, nodes);
  if (isNodeStatus || isSameResource(info, leases)) return 'heartbeat';
  return info.verb === 'get' || info.verb === 'list' ? 'read' : 'write';
}
