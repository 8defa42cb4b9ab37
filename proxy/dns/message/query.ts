/** Reads what a client asks. Pure. */

import {
  countsOf,
  flags,
  headerBytes,
  labelsAt,
  opcodeOf,
  placeRecords,
  plainUdpBytes,
  type Rcode,
  rcodes,
  recordTypes,
} from './wire.ts';

/** What a client that speaks EDNS (RFC 6891) says of itself. */
export interface Edns {
  /** How much it takes by UDP. */
  readonly udpBytes: number;
  readonly dnssecOk: boolean;
}

export interface Query {
  readonly id: number;
  /** The header's second 16 bits. */
  readonly bits: number;
  /** In lower case, the host's first. */
  readonly labels: readonly string[];
  readonly type: number;
  readonly class: number;
  /** As the client wrote it: name, type and class. */
  readonly question: Buffer;
  readonly edns: Edns | undefined;
}

/** One that is answered by nothing but a code. */
export interface BadQuery {
  readonly id: number;
  readonly bits: number;
  /** Where it could be read. */
  readonly question?: Buffer;
  readonly edns?: Edns;
  readonly rcode: Rcode;
}

export type ReadQuery = { readonly query: Query } | { readonly bad: BadQuery };

const mostAdditionals = 8;
const mostUdpBytes = 4096;

/** Undefined: not to be answered at all, because it is no message, or an answer itself. */
export function readQuery(message: Buffer): ReadQuery | undefined {
  if (message.length < headerBytes) return undefined;
  const id = message.readUInt16BE(0);
  const bits = message.readUInt16BE(2);
  if ((bits & flags.response) !== 0) return undefined;
  const head = { id, bits };
  if (opcodeOf(bits) !== 0) return { bad: { ...head, rcode: rcodes.NOTIMP } };
  const formatError = { bad: { ...head, rcode: rcodes.FORMERR } };
  const counts = countsOf(message);
  if (counts.questions !== 1 || counts.answers > 0 || counts.authorities > 0) return formatError;
  const name = labelsAt(message, headerBytes);
  if (name === undefined || name.end + 4 > message.length || counts.additionals > mostAdditionals) return formatError;
  const question = message.subarray(headerBytes, name.end + 4);
  const asked = {
    labels: name.labels,
    type: message.readUInt16BE(name.end),
    class: message.readUInt16BE(name.end + 2),
    question,
  };
  if (counts.additionals === 0) return { query: { ...head, ...asked, edns: undefined } };
  const spoken = readEdns(message, name.end + 4);
  if (spoken === 'malformed') return formatError;
  if (spoken === undefined) return { query: { ...head, ...asked, edns: undefined } };
  const { version, ...edns } = spoken;
  if (version !== 0) return { bad: { ...head, question, edns, rcode: rcodes.BADVERS } };
  return { query: { ...head, ...asked, edns } };
}

/** From where the question ends. By our own eyes: the library makes objects of all there is, which costs more than the rest. */
function readEdns(message: Buffer, offset: number): (Edns & { readonly version: number }) | 'malformed' | undefined {
  const spoken = placeRecords(message, offset)?.filter(({ type }) => type === recordTypes.OPT);
  const [one] = spoken ?? [];
  // Its name is the root's, one byte.
  if (spoken === undefined || spoken.length > 1 || (one && message.readUInt8(one.start) !== 0)) return 'malformed';
  if (one === undefined) return undefined;
  const udpBytes = Math.min(Math.max(message.readUInt16BE(one.ttlAt - 2), plainUdpBytes), mostUdpBytes);
  const dnssecOk = (message.readUInt8(one.ttlAt + 2) & 0x80) !== 0;
  return { udpBytes, dnssecOk, version: message.readUInt8(one.ttlAt + 1) };
}
