/**
 * An answer of another server: kept as the bytes that came, and made the answer to one client. Nothing in it is
 * changed but what has to be: id, flags, times to live, and what belonged to the conversation with that server (EDNS).
 * Pure.
 */

import { answerBits, ednsBytes, writeEdns } from '../message/answer-writer.ts';
import type { Query } from '../message/query.ts';
import {
  authenticBit,
  endOfName,
  flags,
  headerBytes,
  type PlacedRecord,
  placeRecords,
  rcodes,
  recordTypes,
  uncheckedBit,
} from '../message/wire.ts';
import { queryEdnsBytes } from './exchange.ts';

export interface UpstreamAnswer {
  /** Without EDNS. */
  readonly message: Buffer;
  readonly rcode: number;
  readonly ttls: readonly { readonly at: number; readonly seconds: number }[];
  /** How long it may be kept; undefined: not at all. */
  readonly keepSeconds: number | undefined;
}

/** Longest that answers are kept and shown as good, whatever their servers say. */
const longestSeconds = { positive: 300, negative: 30 };
/** What is told to a client of how long to keep an answer whose own time is over. */
const staleTtlSeconds = 30;

/** What a server is asked: nothing of the client's but the question, and whether it wants signatures. */
export function writeUpstreamQuery({ question, edns, bits }: Query, id: number): Buffer {
  const message = Buffer.alloc(headerBytes + question.length + queryEdnsBytes);
  message.writeUInt16BE(id, 0);
  message.writeUInt16BE(flags.desired | (bits & uncheckedBit), 2);
  message.writeUInt16BE(1, 4);
  message.writeUInt16BE(1, 10);
  question.copy(message, headerBytes);
  writeEdns(message, headerBytes + question.length, { udpBytes: 0, dnssecOk: edns?.dnssecOk ?? false }, 0);
  return message;
}

/** Undefined: it does not hold together. */
export function readUpstreamAnswer(bytes: Buffer): UpstreamAnswer | undefined {
  const nameEnd = endOfName(bytes, headerBytes);
  if (nameEnd === undefined) return undefined;
  const placed = placeRecords(bytes, nameEnd + 4);
  if (placed === undefined) return undefined;
  const { kept, end, counts } = withoutEdns(placed, nameEnd + 4);
  const message = Buffer.from(bytes.subarray(0, end));
  message.writeUInt16BE(counts, 10);
  const extended = placed.find(({ type }) => type === recordTypes.OPT);
  const upperCode = extended === undefined ? 0 : bytes.readUInt8(extended.ttlAt);
  const rcode = upperCode === 0 ? bytes.readUInt16BE(2) & 0xf : rcodes.SERVFAIL;
  const ttls = kept.map(({ ttlAt }) => ({ at: ttlAt, seconds: secondsAt(message, ttlAt) }));
  return { message, rcode, ttls, keepSeconds: keepSeconds(message, rcode, kept) };
}

/** The record of EDNS is the last in nearly all answers; where it is not, all additional records go, which are no part of what was asked. */
function withoutEdns(placed: readonly PlacedRecord[], questionEnd: number) {
  const additionals = placed.filter(({ section }) => section === 'additionals');
  const position = additionals.findIndex(({ type }) => type === recordTypes.OPT);
  const isLast = position === additionals.length - 1;
  const left = position < 0 ? additionals : isLast ? additionals.slice(0, -1) : [];
  const kept = [...placed.filter(({ section }) => section !== 'additionals'), ...left];
  return { kept, end: kept.at(-1)?.end ?? questionEnd, counts: left.length };
}

/** RFC 2181 §8: a number with the highest bit set is zero. */
function secondsAt(message: Buffer, at: number): number {
  const seconds = message.readUInt32BE(at);
  return seconds > 0x7fff_ffff ? 0 : seconds;
}

/** RFC 2308: "no" is kept for as long as the zone says, and not at all when it does not say. */
function keepSeconds(message: Buffer, rcode: number, records: readonly PlacedRecord[]): number | undefined {
  if (rcode !== rcodes.NOERROR && rcode !== rcodes.NXDOMAIN) return undefined;
  const answers = records.filter(({ section }) => section === 'answers').map(({ ttlAt }) => secondsAt(message, ttlAt));
  const authority = records.find(({ section, type }) => section === 'authorities' && type === recordTypes.SOA);
  if (authority !== undefined && authority.end - authority.dataAt >= 20) {
    const minimum = message.readUInt32BE(authority.end - 4);
    return Math.min(longestSeconds.negative, minimum, secondsAt(message, authority.ttlAt), ...answers);
  }
  if (answers.length === 0) return undefined;
  return Math.min(longestSeconds.positive, ...answers);
}

/** For this client, `ageSeconds` after it came. `stale`: its time is over, and there is no better one. */
export function writeForClient(
  answer: UpstreamAnswer,
  query: Query,
  { ageSeconds, stale, limit }: { readonly ageSeconds: number; readonly stale: boolean; readonly limit: number },
): Buffer {
  const room = query.edns === undefined ? 0 : ednsBytes;
  const isCut = answer.message.length + room > limit;
  const length = isCut ? headerBytes + query.question.length : answer.message.length;
  const message = Buffer.allocUnsafe(length + room);
  answer.message.copy(message, 0, 0, length);
  query.question.copy(message, headerBytes);
  const own = answer.message.readUInt16BE(2) & authenticBit;
  message.writeUInt16BE(query.id, 0);
  message.writeUInt16BE(bitsFor(query.bits, answer.rcode) | own | (isCut ? flags.truncated : 0), 2);
  if (isCut) message.fill(0, 6, 12);
  else for (const { at, seconds } of answer.ttls) message.writeUInt32BE(shown(seconds, ageSeconds, stale), at);
  if (query.edns !== undefined) {
    message.writeUInt16BE(message.readUInt16BE(10) + 1, 10);
    writeEdns(message, length, query.edns, 0);
  }
  return message;
}

function shown(seconds: number, ageSeconds: number, stale: boolean): number {
  if (stale) return staleTtlSeconds;
  return Math.max(0, Math.min(seconds, longestSeconds.positive) - Math.floor(ageSeconds));
}

const bitsFor = (bits: number, rcode: number): number => answerBits(bits, rcodes.NOERROR) | (rcode & 0xf);
