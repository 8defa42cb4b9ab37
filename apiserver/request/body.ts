/** Reads a request's body, bounded. */

import { badRequest, tooLarge } from '../../api/status-error.ts';
import type { ApiRequest } from './api-request.ts';
import type { BodyShare } from './body-budget.ts';

/** Upstream's limit for a request body. */
const maxBodyBytes = 3 * 1024 * 1024;

/**
 * Read once, however often it is asked for. Throws RequestEntityTooLarge, and TooManyRequests when `share` has no room
 * for it; the rest of such a body is thrown away, and the connection ends with the answer.
 */
export function readBody(request: ApiRequest, share?: BodyShare): Promise<Buffer> {
  request.body ??= collect(request, share);
  return request.body;
}

/** Whether copies may be made of parts of it: by YAML's anchors, or by the `copy` of a JSON patch, however it is written. */
function mayGrow(body: Buffer, contentType: string): boolean {
  if (contentType.includes('yaml')) return body.includes('&');
  return contentType.includes('json-patch') && (body.includes('copy') || body.includes('\\'));
}

/** Of options and other small things, whose readers take bodies of any size for small. */
const maxSmallBodyBytes = 64 * 1024;

/** The body of something that is never large. Throws RequestEntityTooLarge. */
export async function readSmallBody(request: ApiRequest): Promise<Buffer> {
  const body = await readBody(request);
  if (body.length > maxSmallBodyBytes) throw tooLarge(`Request entity too large: limit is ${maxSmallBodyBytes}`);
  return body;
}

function collect(request: ApiRequest, share: BodyShare | undefined): Promise<Buffer> {
  const { incoming, outgoing } = request;
  return new Promise((resolve, reject) => {
    const chunks: Buffer[] = [];
    let size = 0;
    let isRefused = false;
    incoming.on('data', (chunk: Buffer) => {
      if (isRefused) return;
      size += chunk.length;
      request.bodyBytes = size;
      try {
        if (size > maxBodyBytes) throw tooLarge(`Request entity too large: limit is ${maxBodyBytes}`);
        share?.take(chunk.length);
        chunks.push(chunk);
      } catch (error) {
        isRefused = true;
        chunks.length = 0;
        share?.release();
        outgoing.shouldKeepAlive = false;
        reject(error);
      }
    });
    incoming.on('end', () => {
      const body = chunks.length === 1 && chunks[0] ? chunks[0] : Buffer.concat(chunks, size);
      request.bodyGrows = mayGrow(body, request.header('content-type'));
      resolve(body);
    });
    const cut = () => {
      // Every request closes; an error, with its stack, is only made for those that close too early.
      if (!incoming.complete) reject(badRequest('the body ended before it was complete'));
    };
    incoming.on('error', cut);
    incoming.on('close', cut);
    if (incoming.complete && incoming.readableEnded) resolve(Buffer.alloc(0));
  });
}
