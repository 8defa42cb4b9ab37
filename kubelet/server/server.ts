/**
 * The kubelet's own HTTPS server: logs, exec, attach and port-forward for the API server, health and metrics. Who
 * calls must show a client certificate of the cluster's authority; only /healthz is for everybody.
 */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import type { TLSSocket } from 'node:tls';
import type { Pod } from 'kubernetes-types/core/v1';
import { notFound, StatusError, unauthorized } from '../../api/status-error.ts';
import type { KeyPair } from '../../base/certificates.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import type { Logger } from '../../base/logger.ts';
import type { Metrics } from '../../base/metrics.ts';
import { type KeyPairSource, RenewedKeyPair } from '../../base/renewed-key-pair.ts';
import { renewServing } from '../../base/serving-certificate.ts';
import type { Informer } from '../../client/object-cache.ts';
import type { ObservedPods } from '../observed-pods.ts';
import type { PodObject } from '../pod.ts';
import type { PodWorkers } from '../pod-workers.ts';
import type { Runtime } from '../runtime/runtime.ts';
import { sendLogs } from './logs.ts';
import { serveStream } from './stream-routes.ts';

export interface KubeletServerOptions {
  readonly port: number;
  readonly serving: KeyPairSource;
  readonly clientCertificateAuthority: string;
  readonly runtime: Runtime;
  readonly metrics: Metrics;
  readonly pods: Informer<Pod>;
  readonly workers: PodWorkers;
  readonly observed: ObservedPods;
  readonly nodeIp: string;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface KubeletServer extends Running {
  readonly port: number;
}

export async function startKubeletServer(options: KubeletServerOptions): Promise<KubeletServer> {
  const { serving, clientCertificateAuthority: ca, port, logger, clock = systemClock } = options;
  const pair = new RenewedKeyPair(serving, { clock, logger });
  const served = await pair.current();
  const contextOf = ({ certificate, key }: KeyPair) => ({ cert: certificate, key, ca });
  const server = https.createServer({
    ...contextOf(served),
    requestCert: true,
    rejectUnauthorized: false, // so that whoever comes without a certificate gets an answer that says so
  });
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  server.on('request', (request, response) => void answer(request, response, options));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) => {
    socket.on('error', (error) => logger.debug('A stream broke', { error }));
    void upgrade(request, { socket, head }, options);
  });
  server.on('tlsClientError', (error) => logger.debug('A TLS handshake failed', { error }));
  server.listen(port);
  await once(server, 'listening');
  const closing = new AbortController();
  const renewing = renewServing(server, { pair, served, contextOf, clock, logger }, closing.signal);
  const over = once(server, 'close').then(() => {
    closing.abort();
    return renewing;
  });
  return {
    name: 'kubelet-server',
    port: (server.address() as AddressInfo).port,
    done: over,
    async stop() {
      server.close();
      for (const socket of sockets) socket.destroy();
      await over;
    },
  };
}

async function answer(
  request: IncomingMessage,
  response: ServerResponse,
  options: KubeletServerOptions,
): Promise<void> {
  try {
    await route(request, response, options);
  } catch (error) {
    options.logger.debug('A request to the kubelet failed', { url: request.url, error });
    if (response.headersSent) response.destroy();
    else sendError(response, error);
  }
}

async function route(request: IncomingMessage, response: ServerResponse, options: KubeletServerOptions): Promise<void> {
  const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
  const [, verb = '', namespace = '', name = '', container = ''] = pathname.split('/').map(decodeURIComponent);
  if (verb === 'healthz') {
    response.writeHead(200, { 'content-type': 'text/plain; charset=utf-8' }).end('ok');
    return;
  }
  checkCaller(request);
  switch (verb) {
    case 'pods':
      sendJson(response, 200, { kind: 'PodList', apiVersion: 'v1', metadata: {}, items: [...options.pods.list()] });
      return;
    case 'metrics':
      response.writeHead(200, { 'content-type': options.metrics.contentType }).end(await options.metrics.text());
      return;
    case 'containerLogs':
      await sendLogs(response, { ...options, pod: findPod(options, namespace, name), container, query: searchParams });
      return;
    default:
      throw new StatusError(404, 'NotFound', `the kubelet has nothing at ${pathname}`);
  }
}

async function upgrade(
  request: IncomingMessage,
  connection: { readonly socket: Duplex; readonly head: Buffer },
  options: KubeletServerOptions,
): Promise<void> {
  try {
    checkCaller(request);
    const { pathname, searchParams } = new URL(request.url ?? '/', 'https://kubelet');
    const [, verb = '', namespace = '', name = '', container = ''] = pathname.split('/').map(decodeURIComponent);
    const pod = findPod(options, namespace, name);
    await serveStream(request, connection, { ...options, verb, pod, container, query: searchParams });
  } catch (error) {
    options.logger.debug('A stream could not be opened', { url: request.url, error });
    const status = statusOf(error);
    const body = JSON.stringify(status);
    connection.socket.end(
      `HTTP/1.1 ${status.code ?? 500} Error\r\ncontent-type: application/json\r\ncontent-length: ${Buffer.byteLength(body)}\r\nconnection: close\r\n\r\n${body}`,
    );
  }
}

function checkCaller(request: IncomingMessage): void {
  if (!(request.socket as TLSSocket).authorized) throw unauthorized();
}

function findPod({ pods }: KubeletServerOptions, namespace: string, name: string): PodObject {
  const pod = pods.get(`${namespace}/${name}`);
  if (pod === undefined) throw notFound({ group: '', plural: 'pods' }, name);
  return pod;
}

function statusOf(error: unknown): StatusError['status'] {
  if (error instanceof StatusError) return error.status;
  const words = error instanceof Error ? error.message : String(error);
  return new StatusError(500, 'InternalError', words).status;
}

function sendError(response: ServerResponse, error: unknown): void {
  const status = statusOf(error);
  sendJson(response, status.code ?? 500, status);
}

function sendJson(response: ServerResponse, code: number, body: unknown): void {
  response.writeHead(code, { 'content-type': 'application/json' }).end(JSON.stringify(body));
}
