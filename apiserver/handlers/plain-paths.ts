/** The paths that are no resources, as an Express application: health, version, metrics, discovery, keys for tokens. */

import express, { type Express, type NextFunction, type Request, type Response } from 'express';
import { accountKeysPath } from '../../api/account-keys.ts';
import type { Metrics } from '../../base/metrics.ts';
import type { IssuerDocuments } from '../authentication/service-accounts/issuer-documents.ts';
import { AggregatedDiscovery, wantsAggregated } from '../discovery/aggregated-discovery.ts';
import { apiGroup, apiGroupList, apiResourceList, apiVersions } from '../discovery/discovery.ts';
import { OpenApiAnswers, sendNothing } from '../discovery/openapi.ts';
import type { RemoteDescriptions } from '../discovery/remote-descriptions.ts';
import type { ServedApis } from '../discovery/served-apis.ts';
import { versionInfo } from '../discovery/version.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { checkAccepted, mediaTypes, negotiate, objectTypes } from '../responses/negotiation.ts';
import { sendValue } from '../responses/object-answers.ts';
import { sendBytes, sendPageNotFound } from '../responses/responses.ts';
import { answerAccountKeys, type KeyRotation } from './account-keys.ts';
import { type HealthChecks, healthEndpoints } from './health.ts';
import { methodNotAllowed, unknownPath } from './resource-handler.ts';

export interface PlainPathsParts {
  readonly apis: ServedApis;
  /** What other servers describe of theirs. */
  readonly descriptions: RemoteDescriptions;
  readonly metrics: Metrics;
  readonly health: HealthChecks;
  /** Further texts, by their paths. */
  readonly dumps: ReadonlyMap<string, () => string>;
  /** `host:port` under which clients reach this server. */
  readonly address: string;
  /** What others need to know to check service account tokens. Absent: nobody could find them under the issuer's name. */
  readonly issuerDocuments: IssuerDocuments | undefined;
  /** The keys for service account tokens, where they are in the store. */
  readonly storedKeys: KeyRotation | undefined;
}

type Handler = (request: ApiRequest, parameters: Readonly<Record<string, string>>) => Promise<void>;

/** What travels with the answer through Express: the pipeline's own view of the request, and where errors go. */
interface Locals {
  readonly request: ApiRequest;
  fail(error: unknown): void;
}
type PlainResponse = Response<unknown, Locals & Record<string, unknown>>;

/** Answers requests for plain paths; rejects with what a handler throws. */
export function createPlainPaths(parts: PlainPathsParts): (request: ApiRequest) => Promise<void> {
  const app = createApp(parts);
  return (request) =>
    new Promise((resolve, reject) => {
      const { incoming, outgoing, info } = request;
      outgoing.once('close', resolve);
      outgoing.once('finish', resolve);
      // What counts is the path as it reads decoded, here as everywhere else.
      incoming.url = encodeURI(info.path).replace(/[?#]/g, encodeURIComponent);
      const locals: Locals = { request, fail: reject };
      app(incoming, Object.assign(outgoing, { locals }));
    });
}

function createApp(parts: PlainPathsParts): Express {
  const { apis } = parts;
  const openApi = new OpenApiAnswers(apis, parts.descriptions);
  const aggregatedDiscovery = new AggregatedDiscovery(apis);
  const app = express();
  app.disable('x-powered-by');
  app.disable('etag');
  app.enable('case sensitive routing');
  app.enable('strict routing');
  // No path here has a parameter of several values.
  const at = (path: string, handler: Handler) =>
    app.all(path, (request: Request, response: PlainResponse) =>
      handler(response.locals.request, request.params as Record<string, string>),
    );
  /** Served with a slash behind, too. */
  const atEither = (path: string, handler: Handler) => {
    at(path, handler);
    at(`${path}/`, handler);
  };
  /** And everything below is refused as what the API does not have. */
  const atFolder = (path: string, handler: Handler) => {
    atEither(path, handler);
    at(`${path}/*rest`, async () => {
      throw unknownPath();
    });
  };
  for (const path of ['/', '/index.html']) at(path, (request) => sendIndex(request, parts));
  atFolder('/version', (request) => answerVersion(request));
  for (const endpoint of healthEndpoints) {
    at(`/${endpoint}`, (request) => parts.health.answer(request, endpoint));
    at(`/${endpoint}/*check`, (request) =>
      parts.health.answerNamed(request, endpoint, request.info.path.slice(endpoint.length + 2)),
    );
  }
  at('/metrics', async (request) =>
    sendBytes(request, 200, await parts.metrics.text(), { 'content-type': parts.metrics.contentType }),
  );
  for (const [path, dump] of parts.dumps) {
    at(path, async (request) => sendBytes(request, 200, dump(), { 'content-type': 'text/plain; charset=utf-8' }));
  }
  at('/openapi/v2', (request) => openApi.v2(request));
  at('/openapi/v3', (request) => openApi.index(request));
  at('/openapi/v3/', (request) => sendNothing(request, 404));
  at('/openapi/v3/*path', (request) => openApi.v3(request, request.info.path.slice('/openapi/v3/'.length)));
  const { issuerDocuments } = parts;
  if (issuerDocuments !== undefined) {
    atFolder('/.well-known/openid-configuration', async (request) =>
      answerOpenId(request, 'application/json', await issuerDocuments.configuration()),
    );
    atFolder('/openid/v1/jwks', async (request) =>
      answerOpenId(request, 'application/jwk-set+json', await issuerDocuments.keys()),
    );
  }
  const { storedKeys } = parts;
  if (storedKeys !== undefined) at(accountKeysPath, (request) => answerAccountKeys(request, storedKeys));
  atEither('/api', async (request) => {
    const aggregated = wantsAggregated(request.header('accept'));
    await (aggregated
      ? aggregatedDiscovery.send(request, 'core', aggregated)
      : answer(request, apiVersions(parts.address)));
  });
  atEither('/apis', async (request) => {
    const aggregated = wantsAggregated(request.header('accept'));
    await (aggregated
      ? aggregatedDiscovery.send(request, 'named', aggregated)
      : answer(request, apiGroupList(apis.now.groups)));
  });
  atEither('/api/:version', (request, { version = '' }) => answerResources(request, apis, { group: '', version }));
  atEither('/apis/:group', async (request, { group }) => {
    const found = apis.now.groups.find(({ name }) => name === group);
    if (found === undefined) return await sendPageNotFound(request);
    await answer(request, { kind: 'APIGroup', apiVersion: 'v1', ...apiGroup(found) });
  });
  atEither('/apis/:group/:version', async (request, { group = '', version = '' }) => {
    if (!apis.now.groups.some(({ name }) => name === group)) return await sendPageNotFound(request);
    await answerResources(request, apis, { group, version });
  });
  app.use((_request: Request, response: PlainResponse) => sendPageNotFound(response.locals.request));
  app.use((error: unknown, _request: Request, response: PlainResponse, _next: NextFunction) =>
    response.locals.fail(error),
  );
  return app;
}

async function answerOpenId(request: ApiRequest, type: string, document: object): Promise<void> {
  if (request.method !== 'GET') throw methodNotAllowed();
  checkAccepted(request.header('accept'), [type]);
  await sendBytes(request, 200, JSON.stringify(document), {
    'content-type': type,
    'cache-control': 'public, max-age=3600',
  });
}

/** Clients ask for it with whatever they ask for everything; it only comes as JSON. */
async function answerVersion(request: ApiRequest): Promise<void> {
  if (request.method !== 'GET') throw methodNotAllowed();
  checkAccepted(request.header('accept'), [mediaTypes.json]);
  await sendValue(request, 200, versionInfo, negotiate(''));
}

async function answer(request: ApiRequest, value: object): Promise<void> {
  await sendValue(request, 200, value, negotiate(request.header('accept'), ['object']));
}

async function answerResources(
  request: ApiRequest,
  apis: ServedApis,
  { group, version }: { readonly group: string; readonly version: string },
): Promise<void> {
  const list = apiResourceList(apis.now.kinds, group, version);
  if (list === undefined) throw unknownPath();
  if (request.method !== 'GET') throw methodNotAllowed();
  checkAccepted(request.header('accept'), objectTypes);
  await answer(request, list);
}

/** All paths there are, for whoever starts at the top. Whatever a client would rather read, it is JSON. */
async function sendIndex(request: ApiRequest, { health, apis, issuerDocuments }: PlainPathsParts): Promise<void> {
  const own = ['/api', '/apis', '/apis/', '/metrics', '/openapi/v2', '/openapi/v3', '/openapi/v3/', '/version'];
  const openId = issuerDocuments ? ['/.well-known/openid-configuration', '/openid/v1/jwks'] : [];
  const groups = apis.now.groups.flatMap(({ name, versions }) => [
    `/apis/${name}`,
    ...versions.map((version) => `/apis/${name}/${version}`),
  ]);
  const checks = [...healthEndpoints.map((endpoint) => `/${endpoint}`), ...health.paths];
  const paths = [...own, ...openId, '/api/v1', ...groups, ...checks].sort();
  await sendBytes(request, 200, JSON.stringify({ paths }, null, 2));
}
