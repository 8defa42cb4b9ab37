/** Reads a request's body, bounded. */

import { badRequest, tooLarge } from '../../api/status-error.ts';
import type { ApiRequest } from '../server/api-request.ts';

/** Upstream's limit for a request body. */
export const maxBodyBytes = 3 * 1024 * 1024;

export async function readBody(request: ApiRequest): Promise<Buffer> {
  const announced = Number(request.header('content-length') || 0);
  if (announced > maxBodyBytes) throw refuse(announced);
  const chunks: Buffer[] = [];
  let size = 0;
  try {
    for await (const chunk of request.incoming as AsyncIterable<Buffer>) {
      size += chunk.length;
      if (size > maxBodyBytes) throw refuse(size);
      chunks.push(chunk);
    }
  } catch (error) {
    if (request.incoming.errored || request.incoming.destroyed) {
      if (size <= maxBodyBytes) throw badRequest('the body ended before it was complete');
    }
    throw error;
  }
  return chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
}

const refuse = (bytes: number) =>
  tooLarge(`Request entity too large: limit is ${maxBodyBytes}${bytes > maxBodyBytes ? '' : ` and got ${bytes}`}`);
