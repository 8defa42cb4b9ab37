/**
 * Documents of hundreds of definitions are made and compressed in turns: a few milliseconds of making, then whatever else
 * waits. The compression itself runs beside the event loop.
 */

import { Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import { createGzip } from 'node:zlib';
import { Turns } from '../../base/turns.ts';

const turnMs = 5;
const chunkBytes = 64 * 1024;

/** Rejects with what `pieces` throws. */
export async function compress(pieces: Iterable<string | Uint8Array>): Promise<Buffer> {
  const gzip = createGzip();
  const source = Readable.from(inTurns(pieces), { objectMode: false });
  source.on('error', (error) => gzip.destroy(error));
  return await buffer(source.pipe(gzip));
}

async function* inTurns(pieces: Iterable<string | Uint8Array>): AsyncGenerator<Buffer> {
  let chunks: Uint8Array[] = [];
  let size = 0;
  const turns = new Turns(turnMs);
  for (const piece of pieces) {
    chunks.push(typeof piece === 'string' ? Buffer.from(piece) : piece);
    size += piece.length;
    if (size >= chunkBytes) {
      yield Buffer.concat(chunks);
      chunks = [];
      size = 0;
    }
    await turns.pause();
  }
  yield Buffer.concat(chunks);
}
