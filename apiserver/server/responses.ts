/** How answers are written: headers that all have, JSON, bytes, Status, gzip. */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import type { Status, StatusError } from '../../api/status-error.ts';
import { isPretty } from '../handlers/pretty.ts';
import type { ApiRequest } from './api-request.ts';

const compress = promisify(gzip);
/** Smaller answers are not worth the work. */
const gzipThresholdBytes = 128 * 1024;

/** The headers of every answer that is not a stream. */
export function writeHead(request: ApiRequest, code: number, headers: Record<string, string | number>): void {
  const { outgoing } = request;
  const warning = request.warnings.header;
  if (warning !== undefined) outgoing.setHeader('warning', warning);
  // All at once: Node keeps no table of them then.
  outgoing.writeHead(code, { 'audit-id': request.auditId, 'cache-control': 'no-cache, private', ...headers });
}

export async function sendBytes(
  request: ApiRequest,
  code: number,
  body: Buffer | string,
  headers: Record<string, string | number> = { 'content-type': 'application/json' },
): Promise<void> {
  const { outgoing } = request;
  if (outgoing.headersSent || outgoing.destroyed) return;
  const bytes = typeof body === 'string' ? Buffer.from(body) : body;
  if (bytes.length > gzipThresholdBytes && acceptsGzip(request.header('accept-encoding'))) {
    const packed = await compress(bytes, { level: 1 });
    writeHead(request, code, {
      ...headers,
      'content-encoding': 'gzip',
      vary: vary(headers),
      'content-length': packed.length,
    });
    outgoing.end(packed);
    return;
  }
  writeHead(request, code, { ...headers, 'content-length': bytes.length });
  outgoing.end(bytes);
}

const vary = (headers: Record<string, string | number>): string =>
  headers.vary === undefined ? 'Accept-Encoding' : `${headers.vary}, Accept-Encoding`;

export function acceptsGzip(header: string): boolean {
  return header.split(',').some((part) => {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim());
    return coding === 'gzip' && !parameters.some((parameter) => /^q=0(\.0*)?$/.test(parameter));
  });
}

export async function sendJson(request: ApiRequest, code: number, value: unknown): Promise<void> {
  await sendBytes(request, code, JSON.stringify(value));
}

export async function sendText(request: ApiRequest, code: number, text: string): Promise<void> {
  await sendBytes(request, code, text, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
}

export async function sendStatus(request: ApiRequest, status: Status): Promise<void> {
  await sendBytes(request, status.code ?? 500, JSON.stringify(status));
}

export async function sendError(request: ApiRequest, error: StatusError): Promise<void> {
  const retryAfter = error.status.details?.retryAfterSeconds;
  const text = isPretty(request) ? JSON.stringify(error.status, null, 2) : `${JSON.stringify(error.status)}\n`;
  await sendBytes(request, error.code, text, {
    'content-type': 'application/json',
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  });
}

/** What nobody serves and no client of the API would ask for. */
export async function sendPageNotFound(request: ApiRequest): Promise<void> {
  request.isUnknownPath = true;
  await sendText(request, 404, '404 page not found\n');
}
