/** Serves the OpenAPI documents: the index of version 3, its documents under URLs that name their hash, and version 2. */

import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import { kinds } from '../../api/kinds.ts';
import { type CompressedDocument, OpenApiDocuments, swaggerProtobuf } from '../../api/openapi/openapi-documents.ts';
import type { ApiRequest } from '../server/api-request.ts';
import { acceptsGzip, sendBytes, sendText, writeHead } from '../server/responses.ts';
import { parseAccept } from './negotiation.ts';
import { versionInfo } from './version.ts';

const unpack = promisify(gunzip);
const documents = new OpenApiDocuments(() => kinds, versionInfo.gitVersion);
const json = 'application/json';

/** `/openapi/v3`: upstream calls this JSON plain text. */
export async function answerOpenApiIndex(request: ApiRequest): Promise<void> {
  await sendText(request, 200, documents.index());
}

/** `/openapi/v3/{path}`. A URL with the right hash may be kept for ever. */
export async function answerOpenApiV3(request: ApiRequest, path: string): Promise<void> {
  const document = documents.v3(path);
  if (document === undefined) return sendNothing(request, 404);
  if (!accepts(request, [json])) return sendNothing(request, 406);
  const isNamed = request.query.get('hash') === document.hash;
  await sendDocument(request, document, json, isNamed ? 'public, immutable' : 'no-cache, private');
}

/** `/openapi/v2`: JSON, or protobuf for clients that ask for that. */
export async function answerOpenApiV2(request: ApiRequest): Promise<void> {
  const accepted = request.header('accept');
  if (accepted.includes(swaggerProtobuf.accepted) || accepted.includes(swaggerProtobuf.contentType)) {
    return sendDocument(request, documents.v2('protobuf'), swaggerProtobuf.contentType, 'no-cache, private');
  }
  if (!accepts(request, [json])) return sendNothing(request, 406);
  await sendDocument(request, documents.v2('json'), json, 'no-cache, private');
}

function accepts(request: ApiRequest, types: readonly string[]): boolean {
  const accept = request.header('accept');
  return (
    accept === '' ||
    parseAccept(accept).some(({ type }) => type === '*/*' || type === 'application/*' || types.includes(type))
  );
}

async function sendDocument(
  request: ApiRequest,
  { gzip, hash }: CompressedDocument,
  contentType: string,
  cacheControl: string,
): Promise<void> {
  const etag = `"${hash}"`;
  const headers = { 'content-type': contentType, 'cache-control': cacheControl, etag, vary: 'Accept, Accept-Encoding' };
  if (request.header('if-none-match').includes(etag)) return await sendBytes(request, 304, '', headers);
  if (!acceptsGzip(request.header('accept-encoding')))
    return await sendBytes(request, 200, await unpack(gzip), headers);
  writeHead(request, 200, { ...headers, 'content-encoding': 'gzip', 'content-length': gzip.length });
  request.outgoing.end(gzip);
}

export async function sendNothing(request: ApiRequest, code: number): Promise<void> {
  writeHead(request, code, { 'content-length': 0 });
  request.outgoing.end();
}
