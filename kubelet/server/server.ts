/**
 * The kubelet's own HTTPS server: logs, exec, attach and port-forward for the API server, health, metrics and what
 * pods use. A caller is who its client certificate or its token says, and may do what the authorizer lets it; nothing is for everybody.
 */

import { type IncomingMessage, ServerResponse } from 'node:http';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import type { PodRetry } from '../../api/pod-retry.ts';
import { badRequest, conflict, notFound, StatusError } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import { startHttpsServer } from '../../base/https-server.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import { networkErrorText } from '../../base/network-error-text.ts';
import type { AuthoritySource } from '../../base/renewed-authority.ts';
import type { KeyPairSource } from '../../base/renewed-key-pair.ts';
import type { ObjectCache } from '../../client/object-cache.ts';

import type { KeptLogs, KeptPod } from '../kept-logs/kept-logs.ts';
import { isStaticPod, type PodObject } from '../model/pod.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';

import type { PodWorkers } from '../pods/pod-workers.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { Authenticate } from './authenticator.ts';
import { type Authorizer, actionOf, describeFailure, describeRefusal } from './authorizer.ts';
import { sendGoneLogs, sendLogs } from './logs.ts';
import type { ReadAnswers } from './read-answers.ts';
import { findRoute, parsePath, type RequestPath, type Route } from './routes.ts';
import { serveStream } from './stream-routes.ts';
import { TextError } from './text-error.ts';

export interface KubeletServerOptions {
  readonly port: number;
  readonly serving: KeyPairSource;
  readonly clientCertificateAuthority: AuthoritySource;
  readonly authenticate: Authenticate;
  readonly authorizer: Authorizer;
  readonly runtime: Runtime;
  readonly answers: Pick<ReadAnswers, 'read'>;
  readonly pods: Pick<ObjectCache<Pod>, 'get' | 'list'>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly keptLogs: KeptLogs;
  readonly localVolumes: LocalVolumeOrders;
  readonly nodeIp: string;
  readonly logger: Logger;
  readonly clock: Clock;
}

/** Folders of this node for the local provisioner. Both are idempotent. */
export interface LocalVolumeOrders {
  /** Resolves to where it is. */
  ensure(name: string): Promise<string>;
  remove(name: string): Promise<void>;
}

/** That are told at a time. */
const mostGonePods = 500;

export interface KubeletServer extends Running {
  readonly port: number;
}

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const server = await startHttpsServer({
    ...options,
    onRequest: (incoming, response) => void answer({ incoming, response }, options),
    onUpgrade: (incoming, socket, head) => {
      const response = responseOn(incoming, socket);
      void answer({ incoming, response, upgrade: { socket, head } }, options);
    },
  });
  const over = createDeferred<void>();
  return {
    name: 'kubelet-server',
    port: server.port,
    done: over.promise,
    async stop() {
      await server.close(0);
      over.resolve();
    },
  };
}

/** Whoever does not get the upgrade gets an answer, and that is the end of the connection. */
function responseOn(incoming: IncomingMessage, socket: Duplex): ServerResponse {
  const response = new ServerResponse(incoming);
  if (socket instanceof Socket) response.assignSocket(socket);
  response.shouldKeepAlive = false;
  response.on('finish', () => socket.end());
  return response;
}

interface TextAnswer {
  readonly code: number;
  readonly text: string;
  readonly headers?: Readonly<Record<string, string>>;
}

interface Exchange {
  readonly incoming: IncomingMessage;
  readonly response: ServerResponse;
  /** The connection that the caller wants to use for another protocol, and what it has sent of that already. */
  readonly upgrade?: { readonly socket: Duplex; readonly head: Buffer };
}

/** Never rejects. */
async function answer(exchange: Exchange, options: KubeletServerOptions): Promise<void> {
  const { incoming, response } = exchange;
  try {
    const path = parsePath(incoming.url ?? '/');
    await checkCaller(incoming, path, options);
    await serve(exchange, path, options);
  } catch (error) {
    options.logger.debug('A request to the kubelet failed', { path: incoming.url?.split('?', 1)[0], error });
    // The connection is the stream's own by then.
    if (exchange.upgrade !== undefined && response.socket === null) exchange.upgrade.socket.destroy();
    else sendError(response, error);
  }
}

async function checkCaller(
  incoming: IncomingMessage,
  { segments: [root] }: RequestPath,
  { authenticate, authorizer, logger }: KubeletServerOptions,
): Promise<void> {
  const caller = await authenticate(incoming).catch((error: unknown) => {
    logger.warn('Who calls could not be found out', { error });
  });
  if (!caller) throw new TextError(401, 'Unauthorized');
  const action = actionOf(caller, { method: incoming.method ?? 'GET', root });
  let isAllowed: boolean;
  try {
    isAllowed = await authorizer.authorize(action);
  } catch (error) {
    logger.warn('What a caller may do could not be found out', { caller: caller.name, error });
    throw new TextError(500, describeFailure(action));
  }
  if (!isAllowed) throw new TextError(403, describeRefusal(action));
}

async function serve(exchange: Exchange, path: RequestPath, options: KubeletServerOptions): Promise<void> {
  const { incoming, response } = exchange;
  const route = findRoute(incoming.method ?? 'GET', path);
  switch (route.type) {
    case 'read': {
      const { type, body } = await options.answers.read(route.what, path.query);
      response.writeHead(200, { 'content-type': type }).end(body);
      return;
    }
    case 'localVolumes': {
      const { localVolumes } = options;
      if (route.order === 'ensure') return sendJson(response, 200, { path: await localVolumes.ensure(route.name) });
      await localVolumes.remove(route.name);
      return sendJson(response, 200, {});
    }
    case 'gonePods':
      return sendJson(response, 200, { items: gonePodsOf(options, route.namespace) });
    case 'goneLogs': {
      const { keptLogs, clock } = options;
      const { uid: podUid, container } = route;
      const isThere = gonePodsOf(options, route.namespace).some(
        ({ name, uid }) => name === route.pod && uid === podUid,
      );
      const [log] = isThere ? keptLogs.logsOf(podUid, container) : [];
      if (log === undefined) throw notFound({ group: '', plural: 'pods' }, route.pod);
      return await sendGoneLogs(response, { query: path.query, podUid, log, keptLogs, clock });
    }
    case 'retry':
      return sendJson(response, 200, retryPod(options, route));
    case 'logs': {
      const { container } = route;
      return await sendLogs(response, { ...options, pod: findPod(options, route), container, query: path.query });
    }
    default:
      return await openStream(exchange, { ...route, query: path.query }, options);
  }
}

type StreamRoute = Extract<Route, { readonly type: 'exec' | 'attach' | 'portForward' }>;

async function openStream(
  { incoming, response, upgrade }: Exchange,
  route: StreamRoute & { readonly query: URLSearchParams },
  options: KubeletServerOptions,
): Promise<void> {
  const pod = findPod(options, route);
  if (upgrade === undefined) throw badRequest('Upgrade request required');
  const { type: verb, container, query } = route;
  const { runtime, observed } = options;
  const take = () => {
    response.detachSocket(incoming.socket);
    return upgrade;
  };
  await serveStream(incoming, take, { verb, pod, container, query, runtime, observed });
}

/** The newest first. */
function gonePodsOf({ keptLogs, pods }: KubeletServerOptions, namespace: string): KeptPod[] {
  const isHere = ({ name, uid }: KeptPod) => pods.get(`${namespace}/${name}`)?.metadata.uid === uid;
  const lastKept = ({ logs }: KeptPod) => Math.max(0, ...logs.map(({ keptAt }) => keptAt));
  return keptLogs
    .podsOf(namespace)
    .filter((pod) => !isHere(pod))
    .sort((a, b) => lastKept(b) - lastKept(a))
    .slice(0, mostGonePods);
}

function retryPod(options: KubeletServerOptions, route: Extract<Route, { readonly type: 'retry' }>): PodRetry {
  const pod = findPod(options, route);
  const { namespace = '', name, uid } = pod.metadata;
  // Of a static pod the API has a picture, with a uid of its own.
  if (uid !== route.uid && !isStaticPod(pod)) throw notFound({ group: '', plural: 'pods' }, name);
  const retried = options.workers.get(uid)?.retry();
  if (retried === undefined)
    throw conflict({ group: '', plural: 'pods' }, name, 'the pod ends: nothing is tried again');
  return { apiVersion: 'longshore.dev/v1', kind: 'PodRetry', metadata: { namespace, name, uid }, retried };
}

function findPod({ pods }: KubeletServerOptions, { namespace, pod }: { namespace: string; pod: string }): PodObject {
  const found = pods.get(`${namespace}/${pod}`);
  if (found === undefined) throw notFound({ group: '', plural: 'pods' }, pod);
  return found;
}

/** Half an answer must not look like a whole one. */
function sendError(response: ServerResponse, error: unknown): void {
  if (response.headersSent) response.destroy();
  else if (error instanceof TextError)
    sendText(response, { code: error.code, text: error.message, headers: error.headers });
  else {
    const status = statusOf(error);
    sendJson(response, status.code ?? 500, status);
  }
}

function statusOf(error: unknown): StatusError['status'] {
  if (error instanceof StatusError) return error.status;
  return new StatusError(500, 'InternalError', networkErrorText(error)).status;
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}

function sendText(response: ServerResponse, { code, text, headers = {} }: TextAnswer): void {
  response.writeHead(code, { ...headers, 'content-type': 'text/plain; charset=utf-8' }).end(text);
}
