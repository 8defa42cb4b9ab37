/** How answers are written: headers that all have, JSON, bytes, Status, gzip. */

import { promisify } from 'node:util';
import { gzip } from 'node:zlib';
import yaml from 'js-yaml';
import type { Status, StatusError } from '../../api/status-error.ts';
import { encodeProtobuf } from '../../machinery/codec/protobuf-writer.ts';
import { yamlOptions } from '../../machinery/codec/yaml-options.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { isPretty } from '../request/pretty.ts';
import { type Encoding, errorEncoding, mediaTypes } from './negotiation.ts';

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
  if (request.observer?.wantsAnswer && headers['content-type'] === mediaTypes.json) request.observer.answer(bytes);
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

export async function sendText(request: ApiRequest, code: number, text: string): Promise<void> {
  await sendBytes(request, code, text, {
    'content-type': 'text/plain; charset=utf-8',
    'x-content-type-options': 'nosniff',
  });
}

export async function sendError(request: ApiRequest, error: StatusError): Promise<void> {
  const retryAfter = error.status.details?.retryAfterSeconds;
  const encoding = errorEncoding(request.header('accept'));
  await sendBytes(request, error.code, encodeStatus(request, error.status, encoding), {
    'content-type': mediaTypes[encoding],
    ...(retryAfter !== undefined && { 'retry-after': retryAfter }),
  });
}

function encodeStatus(request: ApiRequest, status: Status, encoding: Encoding): Buffer | string {
  if (encoding === 'yaml') return yaml.dump(JSON.parse(JSON.stringify(status)), yamlOptions);
  if (encoding === 'protobuf') return encodeProtobuf({ ...status }) ?? '';
  return isPretty(request) ? JSON.stringify(status, null, 2) : `${JSON.stringify(status)}\n`;
}

/** What nobody serves and no client of the API would ask for. */
export async function sendPageNotFound(request: ApiRequest): Promise<void> {
  request.isUnknownPath = true;
  await sendText(request, 404, '404 page not found\n');
}
