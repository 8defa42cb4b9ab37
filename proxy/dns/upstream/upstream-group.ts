/**
 * Servers that know the same names, asked in their order as a resolver does. One that does not answer is left out for a
 * while that grows; then one question tries it again. When all are left out, all are tried.
 */

import { randomInt } from 'node:crypto';
import { computeBackoffMs } from '../../../base/backoff.ts';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import type { Logger } from '../../../base/logger.ts';
import type { Query } from '../message/query.ts';
import { rcodes } from '../message/wire.ts';
import { type Exchange, formatServer, NoAnswerError, type ServerAddress } from './exchange.ts';
import { readUpstreamAnswer, type UpstreamAnswer, writeUpstreamQuery } from './upstream-answer.ts';

export interface UpstreamGroupOptions {
  readonly servers: readonly ServerAddress[];
  readonly exchange: Exchange;
  readonly clock: Clock;
  readonly logger: Logger;
}

interface Server {
  readonly at: ServerAddress;
  failures: number;
  /** Monotonic; left out until then. */
  awayUntil: number;
  excluded: boolean;
}

/** Resolvers give up on us after 5 s. */
const patienceMs = { server: 2_000, all: 4_500 };
const away = { baseMs: 500, maxMs: 30_000 };
/** These say that the server could not find out: another one may. */
const inconclusive: readonly number[] = [rcodes.SERVFAIL, rcodes.NOTIMP, rcodes.REFUSED];

export class UpstreamGroup {
  readonly #servers: readonly Server[];
  readonly #exchange: Exchange;
  readonly #clock: Clock;
  readonly #logger: Logger;

  constructor({ servers, exchange, clock, logger }: UpstreamGroupOptions) {
    this.#servers = servers.map((at) => ({ at, failures: 0, awayUntil: 0, excluded: false }));
    this.#exchange = exchange;
    this.#clock = clock;
    this.#logger = logger;
  }

  get servers(): readonly ServerAddress[] {
    return this.#servers.filter(({ excluded }) => !excluded).map(({ at }) => at);
  }

  /** Whether no server answered when it was asked last. */
  get isAway(): boolean {
    return this.#servers.every(({ excluded, failures }) => excluded || failures > 0);
  }

  /** It is never asked again: its questions come back to us. */
  exclude(server: ServerAddress): void {
    for (const one of this.#servers) if (formatServer(one.at) === formatServer(server)) one.excluded = true;
  }

  /** Rejects with `NoAnswerError` when no server answers. */
  async ask(query: Query): Promise<UpstreamAnswer> {
    const started = this.#clock.monotonic();
    let last: UpstreamAnswer | undefined;
    let why: unknown;
    for (const server of this.#inOrder(started)) {
      const leftMs = started + patienceMs.all - this.#clock.monotonic();
      if (leftMs <= 0) break;
      try {
        const answer = await this.#askOne(server, query, Math.min(leftMs, patienceMs.server));
        if (!inconclusive.includes(answer.rcode)) return answer;
        last = answer;
      } catch (error) {
        why = error;
        this.#noteFailure(server, error);
      }
    }
    if (last !== undefined) return last;
    throw new NoAnswerError(why === undefined ? 'there is no server to ask' : errorText(why), { cause: why });
  }

  async #askOne(server: Server, query: Query, timeoutMs: number): Promise<UpstreamAnswer> {
    const message = writeUpstreamQuery(query, randomInt(0x1_0000));
    const answer = readUpstreamAnswer(await this.#exchange(server.at, message, timeoutMs));
    if (answer === undefined) throw new NoAnswerError(`${formatServer(server.at)} answered what is no message`);
    if (server.failures > 0) this.#logger.info('A DNS server answers again', { server: formatServer(server.at) });
    server.failures = 0;
    server.awayUntil = 0;
    return answer;
  }

  #inOrder(now: number): Server[] {
    const all = this.#servers.filter(({ excluded }) => !excluded);
    const there = all.filter(({ awayUntil }) => awayUntil <= now);
    // Whoever comes meanwhile does not wait for the one that is tried again.
    for (const one of there) if (one.failures > 0) one.awayUntil = now + patienceMs.server;
    const rest = all.filter((one) => !there.includes(one));
    return [
      ...there.filter(({ failures }) => failures === 0),
      ...there.filter(({ failures }) => failures > 0),
      ...rest,
    ];
  }

  #noteFailure(server: Server, error: unknown): void {
    server.failures += 1;
    server.awayUntil = this.#clock.monotonic() + computeBackoffMs(server.failures, away);
    if (server.failures === 1)
      this.#logger.warn('A DNS server does not answer', { server: formatServer(server.at), error });
  }
}
