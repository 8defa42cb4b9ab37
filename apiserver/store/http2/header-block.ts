/**
 * Blocks of headers between two sides that keep no table of them (the one who reads has said that its table has no
 * room): https://www.rfc-editor.org/rfc/rfc7541. Each block then says the same whatever came before. Pure.
 */

import { FrameError } from './frames.ts';

/** Places in the protocol's own table of headers. */
const known = { authority: 1, post: 3, path: 4, http: 6, https: 7, contentType: 31 } as const;

export interface CallHeaders {
  readonly isSecure: boolean;
  readonly authority: string;
  readonly path: string;
}

/** Of a call of gRPC. */
export function encodeCallHeaders({ isSecure, authority, path }: CallHeaders): Buffer {
  return Buffer.concat([
    Buffer.from([0x80 | known.post, 0x80 | (isSecure ? known.https : known.http)]),
    ...[integer(known.path, 4), text(path), integer(known.authority, 4), text(authority)],
    ...[integer(known.contentType, 4), text('application/grpc')],
    ...[integer(0, 4), text('te'), text('trailers')],
  ]);
}

const text = (value: string): Buffer => {
  const bytes = Buffer.from(value);
  return Buffer.concat([integer(bytes.length, 7), bytes]);
};

/** A number behind a first byte that lends it its lowest `bits`; the others are 0. */
function integer(value: number, bits: number): Buffer {
  const most = (1 << bits) - 1;
  if (value < most) return Buffer.from([value]);
  const bytes = [most];
  let rest = value - most;
  for (; rest >= 0x80; rest >>>= 7) bytes.push((rest & 0x7f) | 0x80);
  return Buffer.from([...bytes, rest]);
}

/** The headers of a block whose names are spelled out; those that the protocol's own table names are passed over. */
export function decodeSpelledHeaders(block: Buffer): ReadonlyMap<string, string> {
  const headers = new Map<string, string>();
  const reader = new BlockReader(block);
  while (!reader.isAtEnd) {
    const first = reader.peek();
    // Indexed as a whole; a table's new size; or a value behind a name, which is spelled out when its index is 0.
    if (first >= 0x80) reader.integer(7);
    else if (first >= 0x20 && first < 0x40) reader.integer(5);
    else {
      const name = reader.integer(first >= 0x40 ? 6 : 4) === 0 ? reader.text() : undefined;
      const value = reader.text();
      if (name !== undefined) headers.set(name, value);
    }
  }
  return headers;
}

class BlockReader {
  readonly #block: Buffer;
  #at = 0;

  constructor(block: Buffer) {
    this.#block = block;
  }

  get isAtEnd(): boolean {
    return this.#at >= this.#block.length;
  }

  peek(): number {
    const byte = this.#block[this.#at];
    if (byte === undefined) throw new FrameError('a block of headers that ends in the middle');
    return byte;
  }

  integer(bits: number): number {
    const most = (1 << bits) - 1;
    let value = this.#next() & most;
    if (value < most) return value;
    for (let shift = 0; shift <= 21; shift += 7) {
      const byte = this.#next();
      value += (byte & 0x7f) << shift;
      if (byte < 0x80) return value;
    }
    throw new FrameError('a number that is too large');
  }

  text(): string {
    const isHuffman = this.peek() >= 0x80;
    const length = this.integer(7);
    const bytes = this.#block.subarray(this.#at, this.#at + length);
    if (bytes.length < length) throw new FrameError('a block of headers that ends in the middle');
    this.#at += length;
    return (isHuffman ? decodeHuffman(bytes) : bytes).toString('latin1');
  }

  #next(): number {
    const byte = this.peek();
    this.#at += 1;
    return byte;
  }
}

/** How many bits each byte's code has, and that of the end: `A` is 5. The codes follow from that. */
const codeLengths =
  'ISXXXXXXXTZXXZXXXXXXXXZXXXXXXXXXBFFHIBDGFFDGDBBBAAABBBBBBBCDKBHFIBCCCCCCCCCCCCCCCCCCCCCCDCDIOIJBKABABABBBACCBBBABCBAAB' +
  'CCCCCKGJIXPRPPRRRSRSSSSSTSTTRSTSSSSQRSRSSTRQPRRSSQSRRTQRSSQQRQSRSSPRRRSRRSVVPORSRUVVVWWVTUOQVWWVWTQQVVXWWWPTPQRQQSRRUUT' +
  'TVSVWVVWWWWWXWWWWWVZ';
const shortestCode = 5;
const endOfText = 256;

/** By length and code, as `length << 32 | code` would be. */
const codes = new Map<number, number>();

/** Codes of one length follow each other in the order of their bytes, and those of the next length follow them. */
function fillCodes(): void {
  const lengths = [...codeLengths].map((letter) => letter.charCodeAt(0) - 'A'.charCodeAt(0) + shortestCode);
  const order = lengths
    .map((length, byte) => ({ length, byte }))
    .sort((a, b) => a.length - b.length || a.byte - b.byte);
  let code = 0;
  let before = shortestCode;
  for (const { length, byte } of order) {
    code <<= length - before;
    before = length;
    codes.set(codeId(length, code), byte);
    code += 1;
  }
}

const codeId = (length: number, code: number): number => length * 2 ** 32 + code;

function decodeHuffman(bytes: Buffer): Buffer {
  if (codes.size === 0) fillCodes();
  const decoded: number[] = [];
  let code = 0;
  let length = 0;
  for (const byte of bytes) {
    for (let bit = 7; bit >= 0; bit -= 1) {
      code = (code << 1) | ((byte >> bit) & 1);
      length += 1;
      const found = codes.get(codeId(length, code));
      if (found === undefined && length < 30) continue;
      if (found === undefined || found === endOfText) throw new FrameError('a text that has no meaning');
      decoded.push(found);
      code = 0;
      length = 0;
    }
  }
  return Buffer.from(decoded);
}
