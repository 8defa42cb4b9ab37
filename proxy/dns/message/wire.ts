/**
 * Messages of DNS as they are on the wire (RFC 1035 §4): numbers, and where things stand in them. Nothing is believed of
 * the bytes; what does not hold together is undefined.
 */

export const headerBytes = 12;
export const maxMessageBytes = 65_535;
/** What a client takes by UDP that does not say how much it takes. */
export const plainUdpBytes = 512;

export const recordTypes = {
  A: 1,
  NS: 2,
  CNAME: 5,
  SOA: 6,
  PTR: 12,
  HINFO: 13,
  TXT: 16,
  AAAA: 28,
  SRV: 33,
  OPT: 41,
  IXFR: 251,
  AXFR: 252,
} as const;
export type RecordType = keyof typeof recordTypes;

export const internetClass = 1;

export const rcodes = { NOERROR: 0, FORMERR: 1, SERVFAIL: 2, NXDOMAIN: 3, NOTIMP: 4, REFUSED: 5, BADVERS: 16 } as const;
export type Rcode = (typeof rcodes)[keyof typeof rcodes];

/** Of the second 16 bits of a header. */
export const flags = { response: 0x8000, authoritative: 0x0400, truncated: 0x0200, desired: 0x0100, available: 0x0080 };
export const opcodeOf = (bits: number): number => (bits >> 11) & 0xf;
export const authenticBit = 0x0020;
export const uncheckedBit = 0x0010;

/** The counts of a header's sections. */
export interface Counts {
  readonly questions: number;
  readonly answers: number;
  readonly authorities: number;
  readonly additionals: number;
}

export const countsOf = (message: Buffer): Counts => ({
  questions: message.readUInt16BE(4),
  answers: message.readUInt16BE(6),
  authorities: message.readUInt16BE(8),
  additionals: message.readUInt16BE(10),
});

/** Where the name that begins at `offset` ends; it may end in a pointer. */
export function endOfName(message: Buffer, offset: number): number | undefined {
  let at = offset;
  while (at < message.length) {
    const length = message.readUInt8(at);
    if (length === 0) return at + 1;
    if (length >= 0xc0) return at + 2 <= message.length ? at + 2 : undefined;
    if (length > 63 || at + 1 + length - offset > 254) return undefined;
    at += 1 + length;
  }
  return undefined;
}

/** DNS knows upper and lower case of these letters only (RFC 4343). */
export const lowerAscii = (text: string): string =>
  /[A-Z]/.test(text) ? text.replaceAll(/[A-Z]/g, (letter) => letter.toLowerCase()) : text;

/** A name without pointers, as questions have them: its labels in lower case, a byte to a character. */
export function labelsAt(
  message: Buffer,
  offset: number,
): { readonly labels: string[]; readonly end: number } | undefined {
  const labels: string[] = [];
  const end = endOfName(message, offset);
  if (end === undefined) return undefined;
  for (let at = offset; at < end - 1; ) {
    const length = message.readUInt8(at);
    if (length >= 0xc0) return undefined;
    labels.push(lowerAscii(message.toString('latin1', at + 1, at + 1 + length)));
    at += 1 + length;
  }
  return { labels, end };
}

/** One record of a message, by where its parts stand. */
export interface PlacedRecord {
  readonly section: 'answers' | 'authorities' | 'additionals';
  readonly start: number;
  readonly type: number;
  readonly ttlAt: number;
  readonly dataAt: number;
  readonly end: number;
}

/** All records behind the questions, which end at `offset`; undefined: they do not fit into the message. */
export function placeRecords(message: Buffer, offset: number): PlacedRecord[] | undefined {
  const counts = countsOf(message);
  const placed: PlacedRecord[] = [];
  let at = offset;
  for (const section of ['answers', 'authorities', 'additionals'] as const) {
    for (let left = counts[section]; left > 0; left -= 1) {
      const start = at;
      const fixed = endOfName(message, at);
      if (fixed === undefined || fixed + 10 > message.length) return undefined;
      const end = fixed + 10 + message.readUInt16BE(fixed + 8);
      if (end > message.length) return undefined;
      placed.push({ section, start, type: message.readUInt16BE(fixed), ttlAt: fixed + 4, dataAt: fixed + 10, end });
      at = end;
    }
  }
  return placed;
}
