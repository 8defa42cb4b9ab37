/**
 * Answers one message: by itself what is asked of the cluster, and by other servers all the rest.
 *
 *   bytes ─► readQuery ─┬─ nonsense ──────────────► a code, or silence
 *                       ├─ cluster's zone ────────► at once
 *                       ├─ an address of ours ────► at once
 *                       └─ anything else ─► kept? ─► at once; else other servers are asked
 *
 * What can be said at once is: a promise for each answer would be half of its cost. What the cluster said to the very same
 * bytes is said again while nothing has changed; of several addresses, which take turns, it is not.
 */

import { decode } from 'dns-packet';
import type { Network } from '../../api/net.ts';
import type { Clock } from '../../base/clock.ts';
import { type AnswerRecord, answerLimit, type Protocol, writeAnswer, writeRefusal } from './message/answer-writer.ts';
import { type Query, readQuery } from './message/query.ts';
import { headerBytes, internetClass, type Rcode, rcodes, recordTypes } from './message/wire.ts';
import type { Forwarded, Forwarder } from './upstream/forwarder.ts';
import type { LoopProbe } from './upstream/loop-probe.ts';
import { writeForClient } from './upstream/upstream-answer.ts';
import type { ClusterView } from './zone/cluster-view.ts';
import { answerInCluster, startOfAuthority } from './zone/cluster-zone.ts';
import { addressOfReverseName, answerOfAddress, reverseZoneOf } from './zone/reverse-zone.ts';
import { noSuchName, type ZoneAnswer } from './zone/zone-answer.ts';

export interface ResolverOptions {
  readonly view: ClusterView;
  readonly forwarder: Forwarder;
  readonly probe: LoopProbe;
  readonly clock: Clock;
  /** `cluster.local` */
  readonly domain: string;
  /** `namespace/name` of the Service whose address is that of the DNS. */
  readonly dnsService: string;
  readonly podNetwork: Network | undefined;
}

export interface Asked {
  readonly client: string;
  readonly protocol: Protocol;
}

/** Undefined: nothing is said. */
export type Said = Buffer | undefined;

/** CNAMEs from Service to Service; a ring of them ends here. */
const longestChain = 8;

/** Answers that are kept as they were written, and the longest question that has one. */
const mostWritten = 4_096;
const longestKeptQuestion = 320;

export class Resolver {
  readonly #options: ResolverOptions;
  readonly #domainLabels: readonly string[];
  /** Counts questions, so that the addresses of one name take turns in being first. */
  #turn = 0;
  /** By the bytes of the question, but for its id, and how it came. */
  readonly #written = new Map<string, Buffer>();
  #writtenAt = -1;

  constructor(options: ResolverOptions) {
    this.#options = options;
    this.#domainLabels = options.domain.split('.');
  }

  /** Never throws, never rejects: whatever the bytes are. */
  answer(message: Buffer, asked: Asked): Said | Promise<Said> {
    const key = this.#keyOf(message, asked);
    const written = key === undefined ? undefined : this.#written.get(key);
    if (written === undefined) return this.#answerAnew(message, asked, key);
    const said = Buffer.from(written);
    said.writeUInt16BE(message.readUInt16BE(0), 0);
    return said;
  }

  /** Undefined: its answer is not kept. */
  #keyOf(message: Buffer, { protocol }: Asked): string | undefined {
    if (message.length < headerBytes || message.length > longestKeptQuestion) return undefined;
    const { version } = this.#options.view;
    if (version !== this.#writtenAt) {
      this.#written.clear();
      this.#writtenAt = version;
    }
    return `${protocol}${message.toString('latin1', 2)}`;
  }

  #answerAnew(message: Buffer, asked: Asked, key: string | undefined): Said | Promise<Said> {
    const read = readQuery(message);
    if (read === undefined) return undefined;
    if (!('query' in read)) return writeRefusal(read.bad);
    const { query } = read;
    if (query.class !== internetClass || isTransfer(query)) return refuse(query, rcodes.REFUSED);
    const own = this.#labelsInCluster(query.labels);
    if (own !== undefined) return this.#inCluster(query, own, asked, key);
    const ofAddress = this.#ofAddress(query);
    if (ofAddress !== undefined)
      return this.#keep(key, ofAddress.answer, this.#write(query, ofAddress.answer, ofAddress.zone, asked));
    if (this.#options.probe.saw(query)) return refuse(query, rcodes.SERVFAIL);
    const kept = this.#options.forwarder.kept(query);
    if (kept !== undefined) return writeForClient(kept.answer, query, { ...kept, limit: limitOf(query, asked) });
    return this.#options.forwarder
      .ask(query, asked.client)
      .then((forwarded) => writeForwarded(query, forwarded, limitOf(query, asked)));
  }

  /** Those in front of the cluster's domain; undefined: the name is not in it. */
  #labelsInCluster(labels: readonly string[]): readonly string[] | undefined {
    const at = labels.length - this.#domainLabels.length;
    if (at < 0) return undefined;
    for (const [index, label] of this.#domainLabels.entries()) if (labels[at + index] !== label) return undefined;
    return labels.slice(0, at);
  }

  #inCluster(query: Query, labels: readonly string[], asked: Asked, key: string | undefined): Said | Promise<Said> {
    const { domain } = this.#options;
    this.#turn = (this.#turn + 1) % 1_000_000_007;
    if (labels.length === 0 && query.type === recordTypes.SOA) {
      const answers = [startOfAuthority(domain, domain, this.#serial())];
      return this.#write(query, { rcode: rcodes.NOERROR, answers, additionals: [] }, domain, asked);
    }
    const answer = answerInCluster({ labels, type: query.type, turn: this.#turn }, this.#options.view, this.#options);
    if (answer.alias === undefined) return this.#keep(key, answer, this.#write(query, answer, domain, asked));
    return this.#follow(query, answer, asked);
  }

  /** The message, which is kept when the next one would be the same. */
  #keep(key: string | undefined, { answers }: ZoneAnswer, message: Buffer): Buffer {
    if (key === undefined || answers.length > 1) return message;
    if (this.#written.size >= mostWritten) this.#written.clear();
    this.#written.set(key, Buffer.from(message));
    return message;
  }

  /** The records that an alias leads to, in the cluster or outside of it. */
  async #follow(query: Query, first: ZoneAnswer, asked: Asked): Promise<Said> {
    const answers = [...first.answers];
    let { alias } = first;
    let rcode: Rcode = first.rcode;
    for (let length = 1; alias !== undefined; length++) {
      const labels = alias.split('.');
      const own = this.#labelsInCluster(labels);
      if (length > longestChain) return refuse(query, rcodes.SERVFAIL);
      if (own === undefined) {
        const outside = await this.#askOutside(query, labels, asked);
        answers.push(...outside.answers);
        rcode = outside.rcode;
        break;
      }
      const next = answerInCluster(
        { labels: own, type: query.type, turn: this.#turn },
        this.#options.view,
        this.#options,
      );
      answers.push(...next.answers);
      ({ alias, rcode } = next);
    }
    return this.#write(query, { rcode, answers, additionals: [] }, this.#options.domain, asked);
  }

  async #askOutside(query: Query, labels: readonly string[], { client }: Asked) {
    const question = Buffer.concat([
      ...labels.flatMap((label) => [Buffer.from([label.length]), Buffer.from(label, 'latin1')]),
      Buffer.from([0]),
      query.question.subarray(-4),
    ]);
    const forwarded = await this.#options.forwarder.ask({ ...query, labels, question }, client);
    if (forwarded === undefined) return { rcode: rcodes.SERVFAIL, answers: [] };
    const { answer, ageSeconds, stale } = forwarded;
    const limit = answerLimit(undefined, 'tcp');
    const whole = writeForClient(answer, { ...query, question }, { ageSeconds, stale, limit });
    return { rcode: codeOf(answer.rcode), answers: recordsOf(whole) };
  }

  #ofAddress({ labels, type }: Query): { readonly answer: ZoneAnswer; readonly zone: string } | undefined {
    const address = addressOfReverseName(labels);
    if (address === undefined) return undefined;
    const { view, podNetwork } = this.#options;
    const answer = answerOfAddress({ address, labels, type }, view, this.#options);
    if (answer === undefined) return undefined;
    const zone =
      answer === noSuchName && podNetwork !== undefined ? reverseZoneOf(labels, podNetwork) : labels.join('.');
    return { answer, zone };
  }

  /** Where nothing was found, `zone` is the one that says so. */
  #write(query: Query, answer: ZoneAnswer, zone: string, asked: Asked): Buffer {
    const { rcode, answers, additionals } = answer;
    const isNo = rcode === rcodes.NXDOMAIN || (rcode === rcodes.NOERROR && answers.length === 0);
    const authorities = isNo ? [startOfAuthority(zone, this.#options.domain, this.#serial())] : [];
    const sections = { rcode, authoritative: true, answers, authorities, additionals };
    return writeAnswer(query, sections, limitOf(query, asked));
  }

  #serial(): number {
    return Math.floor(this.#options.clock.now() / 1000) % 0x1_0000_0000;
  }
}

const isTransfer = ({ type }: Query): boolean => type === recordTypes.AXFR || type === recordTypes.IXFR;

const refuse = ({ id, bits, question, edns }: Query, rcode: Rcode): Buffer =>
  writeRefusal({ id, bits, question, rcode, ...(edns && { edns }) });

const limitOf = ({ edns }: Query, { protocol }: Asked): number => answerLimit(edns, protocol);

function writeForwarded(query: Query, forwarded: Forwarded, limit: number): Buffer {
  if (forwarded === undefined) return refuse(query, rcodes.SERVFAIL);
  return writeForClient(forwarded.answer, query, { ...forwarded, limit });
}

const codeOf = (code: number): Rcode => Object.values(rcodes).find((one) => one === code) ?? rcodes.SERVFAIL;

/** Of another server's answer, those that an alias in the cluster may lead to. */
function recordsOf(message: Buffer): AnswerRecord[] {
  try {
    return (decode(message).answers ?? []).flatMap((one): AnswerRecord[] => {
      if (one.type !== 'A' && one.type !== 'AAAA' && one.type !== 'CNAME') return [];
      return [{ name: one.name, ttl: one.ttl ?? 0, type: one.type, data: one.data }];
    });
  } catch {
    return []; // a record that the library cannot read
  }
}
