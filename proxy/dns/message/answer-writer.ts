/** Writes answers: names are compressed, and what does not fit is left out, with the bit that says so. Pure. */

import { record as codecOf } from 'dns-packet';
import type { BadQuery, Edns, Query } from './query.ts';
import {
  flags,
  headerBytes,
  internetClass,
  lowerAscii,
  maxMessageBytes,
  plainUdpBytes,
  type Rcode,
  type RecordType,
  recordTypes,
  uncheckedBit,
} from './wire.ts';

// The library has it, its types do not say so: the bytes of a record's data, after their length.
declare module 'dns-packet' {
  interface RecordData<T> {
    encode(data: T, buffer?: Buffer, offset?: number): Buffer;
  }
  export function record(type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'): RecordData<string>;
  export function record(type: 'SRV'): RecordData<SrvData>;
  export function record(type: 'SOA'): RecordData<SoaData>;
  export function record(type: 'TXT'): RecordData<TxtData>;
}

interface RecordBase {
  /** Without a dot at its end. */
  readonly name: string;
  readonly ttl: number;
}
export type AnswerRecord = RecordBase &
  (
    | { readonly type: 'A' | 'AAAA' | 'CNAME' | 'NS' | 'PTR'; readonly data: string }
    | { readonly type: 'TXT'; readonly data: string }
    | { readonly type: 'SRV'; readonly data: { priority: number; weight: number; port: number; target: string } }
    | {
        readonly type: 'SOA';
        readonly data: {
          mname: string;
          rname: string;
          serial: number;
          refresh: number;
          retry: number;
          expire: number;
          minimum: number;
        };
      }
  );

export interface AnswerSections {
  readonly rcode: Rcode;
  readonly authoritative: boolean;
  readonly answers: readonly AnswerRecord[];
  readonly authorities: readonly AnswerRecord[];
  /** Left out without a word where there is no room. */
  readonly additionals: readonly AnswerRecord[];
}

export type Protocol = 'udp' | 'tcp';

const ednsBytes = 11;
/** What we take by UDP: fits into every packet of today's networks. */
const ownUdpBytes = 1232;
/** A pointer has 14 bits. */
const lastPointer = 0x3fff;

/** How long an answer to this client may be. */
export function answerLimit(edns: Edns | undefined, protocol: Protocol): number {
  return protocol === 'tcp' ? maxMessageBytes : (edns?.udpBytes ?? plainUdpBytes);
}

/** The header of an answer to this query; counts are to follow. */
export const answerBits = (bits: number, rcode: Rcode): number =>
  flags.response | (bits & (flags.desired | uncheckedBit)) | flags.available | (rcode & 0xf);

/** Nothing but a code. */
export function writeRefusal({ id, bits, question, edns, rcode }: BadQuery): Buffer {
  const message = Buffer.alloc(headerBytes + (question?.length ?? 0) + (edns === undefined ? 0 : ednsBytes));
  message.writeUInt16BE(id, 0);
  // The client's opcode is part of the answer.
  message.writeUInt16BE(answerBits(bits, rcode) | (bits & 0x7800), 2);
  message.writeUInt16BE(question === undefined ? 0 : 1, 4);
  question?.copy(message, headerBytes);
  if (edns !== undefined) {
    message.writeUInt16BE(1, 10);
    writeEdns(message, message.length - ednsBytes, edns, rcode);
  }
  return message;
}

export function writeAnswer(query: Query, sections: AnswerSections, limit: number): Buffer {
  const writer = new Writer(query, limit - (query.edns === undefined ? 0 : ednsBytes));
  const answers = writer.addAll(sections.answers);
  // Nothing is written any more once something found no room.
  const isCut = answers < sections.answers.length;
  const authorities = isCut ? 0 : writer.addAll(sections.authorities);
  const truncated = isCut || authorities < sections.authorities.length;
  const additionals = truncated ? 0 : writer.addAll(sections.additionals);
  const bits =
    answerBits(query.bits, sections.rcode) |
    (sections.authoritative ? flags.authoritative : 0) |
    (truncated ? flags.truncated : 0);
  return writer.finish(bits, { answers, authorities, additionals }, query.edns);
}

/** `ednsBytes` bytes at `offset`. */
export function writeEdns(message: Buffer, offset: number, { dnssecOk }: Edns, rcode: number): void {
  message.fill(0, offset, offset + ednsBytes);
  message.writeUInt16BE(recordTypes.OPT, offset + 1);
  message.writeUInt16BE(ownUdpBytes, offset + 3);
  message.writeUInt8(rcode >> 4, offset + 5);
  message.writeUInt16BE(dnssecOk ? 0x8000 : 0, offset + 7);
}
export { ednsBytes };

/** Of an A record; the longest of a name is some 400 bytes. */
const roomOfRecord = 600;

/** What most answers take. */
const usualBytes = 1024;

class Writer {
  #buffer: Buffer;
  #at: number;
  readonly #limit: number;
  readonly #query: Query;
  /** The name that was asked for, to which most records belong. */
  readonly #asked: string;
  /** Where names stand that later ones may point to; made when a record has another name than the question. */
  #places: Map<string, number> | undefined;

  constructor(query: Query, limit: number) {
    this.#query = query;
    this.#limit = limit;
    this.#asked = query.labels.join('.');
    this.#buffer = Buffer.allocUnsafe(usualBytes);
    query.question.copy(this.#buffer, headerBytes);
    this.#at = headerBytes + query.question.length;
  }

  /** How many of them found room. After one that did not, no more may be added: names might point to it. */
  addAll(records: readonly AnswerRecord[]): number {
    for (const [index, one] of records.entries()) {
      const before = this.#at;
      this.#add(one);
      if (this.#at <= this.#limit) continue;
      this.#at = before;
      return index;
    }
    return records.length;
  }

  finish(
    bits: number,
    counts: { readonly answers: number; readonly authorities: number; readonly additionals: number },
    edns: Edns | undefined,
  ): Buffer {
    this.#reserve(ednsBytes);
    const buffer = this.#buffer;
    buffer.writeUInt16BE(this.#query.id, 0);
    buffer.writeUInt16BE(bits, 2);
    buffer.writeUInt16BE(1, 4);
    buffer.writeUInt16BE(counts.answers, 6);
    buffer.writeUInt16BE(counts.authorities, 8);
    buffer.writeUInt16BE(counts.additionals + (edns === undefined ? 0 : 1), 10);
    if (edns === undefined) return buffer.subarray(0, this.#at);
    writeEdns(buffer, this.#at, edns, 0);
    return buffer.subarray(0, this.#at + ednsBytes);
  }

  #add(one: AnswerRecord): void {
    this.#reserve(roomOfRecord);
    this.#addName(one.name);
    const buffer = this.#buffer;
    buffer.writeUInt16BE(recordTypes[one.type satisfies RecordType], this.#at);
    buffer.writeUInt16BE(internetClass, this.#at + 2);
    buffer.writeUInt32BE(one.ttl, this.#at + 4);
    this.#at += 8;
    encodeData(one, buffer, this.#at);
    this.#at += 2 + buffer.readUInt16BE(this.#at);
  }

  #addName(name: string): void {
    if (name === this.#asked) {
      this.#buffer.writeUInt16BE(0xc000 | headerBytes, this.#at);
      this.#at += 2;
      return;
    }
    this.#places ??= this.#placesInQuestion();
    const labels = name === '' ? [] : name.split('.');
    for (const [index, label] of labels.entries()) {
      const rest = lowerAscii(labels.slice(index).join('.'));
      const place = this.#places.get(rest);
      if (place !== undefined) {
        this.#buffer.writeUInt16BE(0xc000 | place, this.#at);
        this.#at += 2;
        return;
      }
      if (this.#at <= lastPointer) this.#places.set(rest, this.#at);
      const length = this.#buffer.write(label, this.#at + 1, 63, 'latin1');
      this.#buffer.writeUInt8(length, this.#at);
      this.#at += 1 + length;
    }
    this.#buffer.writeUInt8(0, this.#at);
    this.#at += 1;
  }

  #placesInQuestion(): Map<string, number> {
    const { labels } = this.#query;
    let at = headerBytes;
    return new Map(
      labels.map((label, index) => {
        const place = at;
        at += label.length + 1;
        return [labels.slice(index).join('.'), place];
      }),
    );
  }

  #reserve(bytes: number): void {
    if (this.#at + bytes <= this.#buffer.length) return;
    const larger = Buffer.allocUnsafe(this.#buffer.length * 4 + bytes);
    this.#buffer.copy(larger, 0, 0, this.#at);
    this.#buffer = larger;
  }
}

function encodeData(one: AnswerRecord, buffer: Buffer, offset: number): void {
  switch (one.type) {
    case 'SRV':
      codecOf('SRV').encode(one.data, buffer, offset);
      return;
    case 'SOA':
      codecOf('SOA').encode(one.data, buffer, offset);
      return;
    case 'TXT':
      codecOf('TXT').encode(one.data, buffer, offset);
      return;
    default:
      codecOf(one.type).encode(one.data, buffer, offset);
  }
}
