/** Reads an HTTP answer of an API server: its text, what it refuses and why, and when to ask again. */

import type { IncomingMessage } from 'node:http';
import { isStatus, StatusError, type StatusReason, serviceUnavailable } from '../api/status-error.ts';
import { chunksOf } from '../base/chunks.ts';

/** Reasons of answers that come without a Status, for instance from a load balancer in between. */
const reasonsByCode = new Map<number, StatusReason>([
  [400, 'BadRequest'],
  [401, 'Unauthorized'],
  [403, 'Forbidden'],
  [404, 'NotFound'],
  [405, 'MethodNotAllowed'],
  [406, 'NotAcceptable'],
  [409, 'Conflict'],
  [410, 'Gone'],
  [413, 'RequestEntityTooLarge'],
  [415, 'UnsupportedMediaType'],
  [422, 'Invalid'],
  [429, 'TooManyRequests'],
  [500, 'InternalError'],
  [502, 'ServiceUnavailable'],
  [503, 'ServiceUnavailable'],
  [504, 'Timeout'],
]);

export async function readText(response: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  try {
    for await (const chunk of chunksOf(response)) chunks.push(chunk);
  } catch (error) {
    throw serviceUnavailable('The connection broke before the whole answer was there', error);
  }
  return Buffer.concat(chunks).toString();
}

/** The error that an answer other than 2xx stands for. */
export function refusal(code: number, text: string): StatusError {
  try {
    const status: unknown = JSON.parse(text);
    if (isStatus(status)) return StatusError.from({ ...status, code: status.code ?? code });
  } catch {
    // Not JSON, so not a Status: its text is all there is to say.
  }
  return new StatusError(code, reasonsByCode.get(code) ?? '', text.trim().slice(0, 1000) || `HTTP ${code}`);
}

/** How long to wait before the same request again; undefined: it must not be sent again. */
export function retryAfterMs(response: IncomingMessage, method: string, code: number): number | undefined {
  const seconds = Number(response.headers['retry-after']);
  if (code === 429) return Number.isFinite(seconds) ? seconds * 1000 : 1000;
  return code === 503 && method === 'GET' && Number.isFinite(seconds) ? seconds * 1000 : undefined;
}
