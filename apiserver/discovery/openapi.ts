/** Serves the OpenAPI documents: the index of version 3, its documents under URLs that name their hash, and version 2. */

import { Readable } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { createGunzip } from 'node:zlib';
import {
  type CompressedDocument,
  OpenApiDocuments,
  openApiProtobuf,
  swaggerProtobuf,
} from '../../machinery/openapi/openapi-documents.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { parseAccept } from '../responses/negotiation.ts';
import { acceptsGzip, sendBytes, sendText, writeHead } from '../responses/responses.ts';
import type { RemoteDescriptions } from './remote-descriptions.ts';
import type { ServedApis } from './served-apis.ts';
import { versionInfo } from './version.ts';

const json = 'application/json';

export class OpenApiAnswers {
  readonly #documents: OpenApiDocuments;
  readonly #descriptions: RemoteDescriptions;

  constructor(apis: ServedApis, descriptions: RemoteDescriptions) {
    this.#documents = new OpenApiDocuments(() => apis.now.kinds, versionInfo.gitVersion);
    this.#descriptions = descriptions;
  }

  /** `/openapi/v3`: upstream calls this JSON plain text. */
  async index(request: ApiRequest): Promise<void> {
    const further = await this.#descriptions.documents();
    const own = this.#documents.index();
    await sendText(request, 200, further.size === 0 ? own : withDocuments(own, further));
  }

  /** `/openapi/v3/{path}`. A URL with the right hash may be kept for ever. */
  async v3(request: ApiRequest, path: string): Promise<void> {
    const format = formatOf(request, openApiProtobuf);
    const document = this.#documents.v3(path, format);
    if (document === undefined) return sendNothing(request, 404);
    if (format === undefined) return sendNothing(request, 406);
    const isNamed = request.query.get('hash') === document.hash;
    const type = format === 'json' ? json : openApiProtobuf.contentType;
    await sendDocument(request, document, type, isNamed ? 'public, immutable' : 'no-cache, private');
  }

  /** `/openapi/v2`: JSON, or protobuf for clients that ask for that. */
  async v2(request: ApiRequest): Promise<void> {
    const format = formatOf(request, swaggerProtobuf);
    if (format === undefined) return sendNothing(request, 406);
    const type = format === 'json' ? json : swaggerProtobuf.contentType;
    const further = await this.#descriptions.swaggers();
    await sendDocument(request, this.#documents.v2(format, further), type, 'no-cache, private');
  }
}

/** `index`: our own, as JSON. */
function withDocuments(index: string, further: ReadonlyMap<string, string>): string {
  const { paths } = JSON.parse(index);
  const others = [...further].map(([path, serverRelativeURL]) => [path, { serverRelativeURL }] as const);
  return JSON.stringify({ paths: { ...paths, ...Object.fromEntries(others) } });
}

/** The first that the client takes, whichever of its two names protobuf is called by. */
function formatOf(
  request: ApiRequest,
  protobuf: { readonly accepted: string; readonly contentType: string },
): 'json' | 'protobuf' | undefined {
  const accept = request.header('accept');
  if (accept === '') return 'json';
  for (const { type } of parseAccept(accept)) {
    if (type === protobuf.accepted || type === protobuf.contentType) return 'protobuf';
    if (type === '*/*' || type === 'application/*' || type === json) return 'json';
  }
  return undefined;
}

async function sendDocument(
  request: ApiRequest,
  document: CompressedDocument,
  contentType: string,
  cacheControl: string,
): Promise<void> {
  const etag = `"${document.hash}"`;
  const headers = { 'content-type': contentType, 'cache-control': cacheControl, etag, vary: 'Accept, Accept-Encoding' };
  if (request.header('if-none-match').includes(etag)) return await sendBytes(request, 304, '', headers);
  const gzip = await document.gzip();
  if (!acceptsGzip(request.header('accept-encoding'))) {
    // It may be some tens of megabytes: they are never here all at once. Who hangs up meanwhile is told nothing.
    writeHead(request, 200, headers);
    return await pipeline(Readable.from([gzip]), createGunzip(), request.outgoing).catch(() => {});
  }
  writeHead(request, 200, { ...headers, 'content-encoding': 'gzip', 'content-length': gzip.length });
  request.outgoing.end(gzip);
}

export async function sendNothing(request: ApiRequest, code: number): Promise<void> {
  writeHead(request, code, { 'content-length': 0 });
  request.outgoing.end();
}
