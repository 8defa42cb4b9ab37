/** Cuts a byte stream into its lines as they come: the wire form of a watch. */

import type { IncomingMessage } from 'node:http';
import { chunksOf } from '../base/chunks.ts';

const newline = 0x0a;

/**
 * Lines without their ends; an unfinished last line is dropped, because its writer did not finish it either.
 * Throws when the stream breaks or is silent for `idleTimeoutMs`. Destroys the stream when the caller stops reading.
 */
export async function* readLines(stream: IncomingMessage, idleTimeoutMs: number): AsyncGenerator<string> {
  stream.setTimeout(idleTimeoutMs, () => stream.destroy(new Error(`silent for ${idleTimeoutMs} ms`)));
  let unfinished: Buffer[] = [];
  try {
    for await (const chunk of chunksOf(stream)) {
      let start = 0;
      for (let end = chunk.indexOf(newline); end >= 0; end = chunk.indexOf(newline, start)) {
        unfinished.push(chunk.subarray(start, end));
        const line =
          unfinished.length === 1 ? chunk.toString('utf8', start, end) : Buffer.concat(unfinished).toString();
        unfinished = [];
        start = end + 1;
        if (line !== '') yield line;
      }
      if (start < chunk.length) unfinished.push(chunk.subarray(start));
    }
  } finally {
    stream.destroy();
  }
}
