/**
 * Asks other servers what the cluster does not know. The same question of several clients is asked once; answers are
 * kept, and shown beyond their time while no server answers (RFC 8767). What is under way is bounded, in all and for
 * each client, so that one pod cannot take the DNS away from the others.
 */

import type { Clock } from '../../../base/clock.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Query } from '../message/query.ts';
import { lowerAscii, uncheckedBit } from '../message/wire.ts';
import { AnswerCache, type CacheLimits, type KeptAnswer } from './answer-cache.ts';
import type { Exchange, ServerAddress } from './exchange.ts';
import { formatServer } from './exchange.ts';
import type { UpstreamAnswer } from './upstream-answer.ts';
import { UpstreamGroup } from './upstream-group.ts';

export interface UpstreamServers {
  /** For all names that no stub domain has. */
  readonly servers: readonly ServerAddress[];
  /** Domains whose names other servers know, in lower case, without a dot at their ends. */
  readonly stubDomains: ReadonlyMap<string, readonly ServerAddress[]>;
}

export interface ForwarderOptions {
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly limits?: Partial<ForwarderLimits>;
  readonly cacheLimits?: CacheLimits;
}

export interface ForwarderLimits {
  /** Questions that are under way. */
  readonly underWay: number;
  readonly underWayOfClient: number;
  /** How long a client waits for a fresh answer when there is an old one. */
  readonly freshMs: number;
}

const usualLimits: ForwarderLimits = { underWay: 1000, underWayOfClient: 200, freshMs: 1_800 };

/** Undefined: no server answered, or too much is under way. */
export type Forwarded = KeptAnswer | undefined;

export class Forwarder {
  readonly #options: ForwarderOptions;
  readonly #limits: ForwarderLimits;
  readonly #cache: AnswerCache;
  readonly #underWay = new Map<string, Promise<UpstreamAnswer>>();
  readonly #clients = new Map<string, number>();
  #upstreams: UpstreamServers = { servers: [], stubDomains: new Map() };
  #groups = new Map<string, UpstreamGroup>();
  #shown = '';

  constructor(options: ForwarderOptions) {
    this.#options = options;
    this.#limits = { ...usualLimits, ...options.limits };
    this.#cache = new AnswerCache(options.cacheLimits);
  }

  get upstreams(): UpstreamServers {
    return this.#upstreams;
  }

  get cached(): number {
    return this.#cache.size;
  }

  /** Other servers may know other names: nothing is kept of what those before them said. */
  use(upstreams: UpstreamServers): void {
    const shown = JSON.stringify([upstreams.servers, [...upstreams.stubDomains]]);
    if (shown === this.#shown) return;
    this.#shown = shown;
    this.#upstreams = upstreams;
    this.#cache.clear();
    const { exchange, clock, logger } = this.#options;
    const groups = [['', upstreams.servers] as const, ...upstreams.stubDomains];
    this.#groups = new Map(
      groups.map(([domain, servers]) => [domain, new UpstreamGroup({ servers, exchange, clock, logger })]),
    );
    const told = groups.map(
      ([domain, servers]) => `${domain || '.'}: ${servers.map(formatServer).join(' ') || 'none'}`,
    );
    logger.info('Names outside of the cluster are asked for', { servers: told });
  }

  exclude(server: ServerAddress): void {
    for (const group of this.#groups.values()) group.exclude(server);
  }

  /** A kept answer that is still good. */
  kept(query: Query): KeptAnswer | undefined {
    const kept = this.#cache.get(keyOf(query), this.#options.clock.monotonic());
    return kept?.stale === false ? kept : undefined;
  }

  /** Never rejects. */
  async ask(query: Query, client: string): Promise<Forwarded> {
    const key = keyOf(query);
    const kept = this.#cache.get(key, this.#options.clock.monotonic());
    if (kept?.stale === false) return kept;
    const underWay = this.#clients.get(client) ?? 0;
    if (underWay >= this.#limits.underWayOfClient) return kept;
    this.#clients.set(client, underWay + 1);
    try {
      const asked = this.#askOnce(key, query);
      if (asked === undefined) return kept;
      return (await (kept === undefined ? asked : this.#orLate(asked, query))) ?? kept;
    } finally {
      const left = (this.#clients.get(client) ?? 1) - 1;
      if (left > 0) this.#clients.set(client, left);
      else this.#clients.delete(client);
    }
  }

  /** Undefined: too much is under way. */
  #askOnce(key: string, query: Query): Promise<Forwarded> | undefined {
    let asked = this.#underWay.get(key);
    if (asked === undefined) {
      const group = this.#groupOf(query);
      if (group === undefined || this.#underWay.size >= this.#limits.underWay) return undefined;
      asked = group.ask(query);
      this.#underWay.set(key, asked);
      const groups = this.#groups;
      void asked
        .then((answer) => {
          if (groups === this.#groups) this.#cache.put(key, answer, this.#options.clock.monotonic());
        })
        .catch(() => undefined) // told by the group
        .finally(() => this.#underWay.delete(key));
    }
    return asked.then(
      (answer) => ({ answer, ageSeconds: 0, stale: false }),
      () => undefined,
    );
  }

  /** An old answer is better than one that comes too late; when nobody answers, it is not even waited for. */
  async #orLate(asked: Promise<Forwarded>, query: Query): Promise<Forwarded> {
    if (this.#groupOf(query)?.isAway) return undefined;
    const over = new AbortController();
    const late = this.#options.clock.sleep(this.#limits.freshMs, over.signal).then(() => undefined);
    return await Promise.race([asked, late]).finally(() => over.abort());
  }

  /** That of the longest stub domain above the name. */
  #groupOf({ labels }: Query): UpstreamGroup | undefined {
    for (let from = 0; from <= labels.length; from++) {
      const group = this.#groups.get(labels.slice(from).join('.'));
      if (group !== undefined) return group;
    }
    return undefined;
  }
}

/** Answers differ by whether signatures are wanted, and whether they are checked. */
function keyOf({ question, edns, bits }: Query): string {
  const name = lowerAscii(question.toString('latin1', 0, question.length - 4));
  return `${name}${question.toString('latin1', question.length - 4)}${edns?.dnssecOk ? 'D' : ''}${bits & uncheckedBit ? 'C' : ''}`;
}
