/** Reads a request's body, bounded. */

import { badRequest, tooLarge } from '../../api/status-error.ts';
import type { ApiRequest } from '../server/api-request.ts';

/** Upstream's limit for a request body. */
export const maxBodyBytes = 3 * 1024 * 1024;

/**
 * Read once, however often it is asked for. Throws RequestEntityTooLarge; the rest of such a body is thrown away, and
 * the connection ends with the answer.
 */
export function readBody(request: ApiRequest): Promise<Buffer> {
  request.body ??= collect(request);
  return request.body;
}

function collect({ incoming, outgoing }: ApiRequest): Promise<Buffer> {
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    incoming.on('data', (chunk: Buffer) => {
      size += chunk.length;
      if (size <= maxBodyBytes) {
        chunks.push(chunk);
        return;
      }
      chunks.length = 0;
      outgoing.shouldKeepAlive = false;
      reject(tooLarge(`Request entity too large: limit is ${maxBodyBytes}`));
    });
    incoming.on('end', () => resolve(chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size)));
    const cut = () => {
      // Every request closes; an error, with its stack, is only made for those that close too early.
      if (!incoming.complete) reject(badRequest('the body ended before it was complete'));
    };
    incoming.on('error', cut);
    incoming.on('close', cut);
    if (incoming.complete && incoming.readableEnded) resolve(Buffer.alloc(0));
  });
}
