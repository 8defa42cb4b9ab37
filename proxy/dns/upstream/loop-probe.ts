/**
 * Finds servers that send our questions back to us: a resolver of this machine that was told to ask the cluster's DNS.
 * Each such server is asked for a name that nobody else asks for; when that arrives here as a question, it is a loop.
 * Only servers on this machine can be meant: no other one reaches the addresses of our own.
 */

import { randomBytes } from 'node:crypto';
import type { Query } from '../message/query.ts';
import { internetClass, recordTypes } from '../message/wire.ts';
import type { Exchange, ServerAddress } from './exchange.ts';
import { writeUpstreamQuery } from './upstream-answer.ts';

const patienceMs = 2_000;

export class LoopProbe {
  readonly #exchange: Exchange;
  /** By the probe's first label. */
  readonly #asked = new Map<string, () => void>();

  constructor(exchange: Exchange) {
    this.#exchange = exchange;
  }

  /** Whether the question is one of ours that came back. */
  saw({ type, labels }: Pick<Query, 'type' | 'labels'>): boolean {
    if (type !== recordTypes.HINFO || labels.length !== 2) return false;
    const found = this.#asked.get(labels[0] ?? '');
    found?.();
    return found !== undefined;
  }

  /** Whether what this server is asked comes back to us. Never rejects. */
  async leadsBack(server: ServerAddress): Promise<boolean> {
    const [label, top] = [randomBytes(10).toString('hex'), randomBytes(6).toString('hex')];
    let came = false;
    this.#asked.set(label, () => {
      came = true;
    });
    try {
      await this.#exchange(server, writeUpstreamQuery(probeOf(label, top), 0), patienceMs);
    } catch {
      // It may well give no answer; what counts is whether the question came.
    } finally {
      this.#asked.delete(label);
    }
    return came;
  }
}

/** Whether a server is on this machine, whose addresses are `own`. */
export const isOnThisMachine = ({ address }: ServerAddress, own: ReadonlySet<string>): boolean =>
  own.has(address) || address.startsWith('127.') || address === '::1';

function probeOf(label: string, top: string): Query {
  const name = [label, top].flatMap((one) => [Buffer.from([one.length]), Buffer.from(one, 'latin1')]);
  const end = Buffer.from([0, 0, recordTypes.HINFO, 0, internetClass]);
  const question = Buffer.concat([...name, end]);
  return {
    id: 0,
    bits: 0,
    labels: [label, top],
    type: recordTypes.HINFO,
    class: internetClass,
    question,
    edns: undefined,
  };
}
