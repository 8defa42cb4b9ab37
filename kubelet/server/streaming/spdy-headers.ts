/** Header blocks of SPDY/3: names and values, compressed with the dictionary that the protocol fixes. */

import zlib from 'node:zlib';

const words = `options head post put delete trace accept accept-charset accept-encoding accept-language accept-ranges age
allow authorization cache-control connection content-base content-encoding content-language content-length
content-location content-md5 content-range content-type date etag expect expires from host if-match if-modified-since
if-none-match if-range if-unmodified-since last-modified location max-forwards pragma proxy-authenticate
proxy-authorization range referer retry-after server te trailer transfer-encoding upgrade user-agent vary via warning
www-authenticate method get status 200_OK version HTTP/1.1 url public set-cookie keep-alive origin`;

const tail =
  '100101201202205206300302303304305306307402405406407408409410411412413414415416417502504505' +
  '203 Non-Authoritative Information204 No Content301 Moved Permanently400 Bad Request401 Unauthorized403 Forbidden' +
  '404 Not Found500 Internal Server Error501 Not Implemented503 Service Unavailable' +
  'Jan Feb Mar Apr May Jun Jul Aug Sept Oct Nov Dec 00:00:00 Mon, Tue, Wed, Thu, Fri, Sat, Sun, GMT' +
  'chunked,text/html,image/png,image/jpg,image/gif,application/xml,application/xhtml+xml,text/plain,' +
  'text/javascript,publicprivatemax-age=gzip,deflate,sdchcharset=utf-8charset=iso-8859-1,utf-,*,enq=0.';

/** 1423 bytes: each word after its length in four bytes, then plain text. */
export const spdyDictionary: Buffer = Buffer.concat([
  ...words.split(/\s+/).map((word) => lengthPrefixed(word.replace('_', ' '))),
  Buffer.from(tail),
]);

function lengthPrefixed(text: string): Buffer {
  const bytes = Buffer.from(text);
  const length = Buffer.alloc(4);
  length.writeUInt32BE(bytes.length);
  return Buffer.concat([length, bytes]);
}

export type SpdyHeaders = ReadonlyMap<string, string>;

/** One direction's compressor: blocks refer to those before, so their order counts. */
export class HeaderWriter {
  readonly #deflate = zlib.createDeflate({ dictionary: spdyDictionary });
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.#deflate.on('data', (chunk: Buffer) => this.#chunks.push(chunk));
  }

  async write(headers: SpdyHeaders): Promise<Buffer> {
    const count = Buffer.alloc(4);
    count.writeUInt32BE(headers.size);
    const parts = [...headers].flatMap(([name, value]) => [lengthPrefixed(name), lengthPrefixed(value)]);
    this.#deflate.write(Buffer.concat([count, ...parts]));
    await new Promise<void>((resolve) => this.#deflate.flush(zlib.constants.Z_SYNC_FLUSH, resolve));
    return Buffer.concat(this.#chunks.splice(0));
  }

  close(): void {
    this.#deflate.close();
  }
}

/** kubectl sends some hundred bytes. A block may unpack to a thousand times its size. */
const mostPlainBytes = 64 * 1024;
const mostPairs = 256;
const tooMuch = 'A header block that unpacks to too much';

/** The other direction. */
export class HeaderReader {
  #plainBytes = 0;
  readonly #inflate = zlib.createInflate({ dictionary: spdyDictionary, finishFlush: zlib.constants.Z_SYNC_FLUSH });
  readonly #chunks: Buffer[] = [];

  constructor() {
    this.#inflate.on('data', (chunk: Buffer) => {
      this.#plainBytes += chunk.length;
      if (this.#plainBytes > mostPlainBytes) this.#inflate.destroy(new Error(tooMuch));
      else this.#chunks.push(chunk);
    });
    this.#inflate.on('error', () => {}); // the write that caused it hears of it
  }

  /** Rejects when the block is damaged or too large: no other can be read then. Names come in lower case. */
  async read(block: Buffer): Promise<SpdyHeaders> {
    this.#plainBytes = 0;
    await new Promise<void>((resolve, reject) => {
      // A damaged block is told by the event alone.
      this.#inflate.once('error', reject);
      this.#inflate.write(block, () => {
        this.#inflate.off('error', reject);
        resolve();
      });
    });
    // Ended in the middle, the write counts as done.
    if (this.#plainBytes > mostPlainBytes) throw new Error(tooMuch);
    const plain = Buffer.concat(this.#chunks.splice(0));
    const headers = new Map<string, string>();
    let at = 4;
    const next = () => {
      const end = at + 4 + plain.readUInt32BE(at);
      const text = plain.toString('utf8', at + 4, end);
      at = end;
      return text;
    };
    const count = plain.readUInt32BE(0);
    if (count > mostPairs) throw new Error(`${count} headers`);
    for (let left = count; left > 0; left -= 1) headers.set(next().toLowerCase(), next());
    return headers;
  }

  close(): void {
    this.#inflate.close();
  }
}
