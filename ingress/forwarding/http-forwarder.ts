/**
 * Requests to backends that speak HTTP/1.1, by http-proxy. It sends and receives; what is sent and what becomes of the
 * answer is decided here, for its own ways have traps:
 * - of a DELETE without a length it writes `Content-Length: 0`, and the body after it: the next request, for the backend.
 *   So it does not learn the method where there is a body; it is an option;
 * - it merges slashes of the path, so the path is set afterwards;
 * - it hands on what is for one hop only, and what Node does not let it write throws in an event: so answers are ours;
 * - it does not notice that an answer broke off, nor that a client has gone that had sent everything.
 */

import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import { Http2ServerResponse } from 'node:http2';
import https from 'node:https';
import { Socket } from 'node:net';
import httpProxy from 'http-proxy';
import { type Endpoint, endpointKey } from '../../api/endpoint-choice.ts';
import type { Logger } from '../../base/logger.ts';
import { sendAnswer } from '../messages/answers.ts';
import { dropHopByHopOfAnswer } from '../messages/forwarded-headers.ts';
import type { EndpointTurns } from './endpoint-turns.ts';
import { foreignLookup, judgeExternalHost } from './foreign-lookup.ts';
import { ConnectTimeoutError, codeOf, type Forwarding, mayRetry } from './forwarding.ts';

/** How long a connection to a backend is kept that nobody uses. */
const idleMs = 60_000;
const agentOptions = { keepAlive: true, maxFreeSockets: 256, scheduling: 'lifo', timeout: idleMs } as const;

/** For http-proxy, which leaves answers to us and only looks whether one was begun. */
const unused = new http.ServerResponse(new http.IncomingMessage(new Socket()));

class ReadTimeoutError extends Error {
  constructor() {
    super('the backend took too long');
  }
}

export class HttpForwarder {
  readonly #turns: EndpointTurns;
  readonly #logger: Logger;
  readonly #proxy = httpProxy.createProxyServer({ selfHandleResponse: true, ignorePath: true, toProxy: true });
  /** By what http-proxy calls the request. */
  readonly #underWay = new WeakMap<IncomingMessage, Forwarding>();
  // Certificates of backends are not judged, as ingress-nginx does not: they are for names that only they know.
  readonly #agents = {
    http: new http.Agent(agentOptions),
    https: new https.Agent({ ...agentOptions, rejectUnauthorized: false }),
    externalHttp: new http.Agent({ ...agentOptions, lookup: foreignLookup }),
    externalHttps: new https.Agent({ ...agentOptions, lookup: foreignLookup, rejectUnauthorized: false }),
  };

  constructor({ turns, logger }: { readonly turns: EndpointTurns; readonly logger: Logger }) {
    this.#turns = turns;
    this.#logger = logger;
    this.#proxy.on('proxyReq', (request, outgoing) => this.#onSocket(request, this.#underWay.get(outgoing)));
    this.#proxy.on('proxyRes', (answer, outgoing) => this.#onAnswer(answer, this.#underWay.get(outgoing)));
  }

  /** Returns at once. The response is ended, whatever happens. */
  forward(one: Forwarding): void {
    this.#underWay.set(one.outgoing, one);
    one.response.once('close', () => this.#onClientGone(one));
    this.#attempt(one);
  }

  close(): void {
    for (const agent of Object.values(this.#agents)) agent.destroy();
  }

  #attempt(one: Forwarding): void {
    const { backend, route, method } = one.destination;
    const endpoint = this.#turns.take(backend, one.tried);
    if (endpoint === undefined) {
      this.#giveUp(one, 502);
      return;
    }
    one.attempts += 1;
    one.upstream = endpointKey(endpoint);
    one.tried.add(one.upstream);
    const isTls = route.settings.backendProtocol === 'HTTPS';
    try {
      if (backend.isExternal) judgeExternalHost(endpoint.address);
      this.#proxy.web(
        one.outgoing,
        unused,
        {
          target: targetOf(endpoint, isTls),
          agent:
            this.#agents[backend.isExternal ? (isTls ? 'externalHttps' : 'externalHttp') : isTls ? 'https' : 'http'],
          method,
          secure: false,
          ...(one.body && { buffer: one.body.open() }),
        },
        (error) => this.#onFailure(one, error),
      );
    } catch (error) {
      this.#onFailure(one, error instanceof Error ? error : new Error(String(error)));
    }
  }

  /** Before anything is sent. */
  #onSocket(request: ClientRequest, one: Forwarding | undefined): void {
    if (one === undefined || one.isOver) {
      request.destroy();
      return;
    }
    const { path, route } = one.destination;
    one.request = request;
    request.path = path;
    const { sendTimeoutMs, readTimeoutMs } = route.settings;
    request.setTimeout(one.body === undefined || one.body.isEnded ? readTimeoutMs : sendTimeoutMs, () => {
      one.timedOut = true;
      request.destroy(new ReadTimeoutError());
    });
    // An upgrade that nobody asked for ends it without an error.
    request.once('close', () => {
      if (one.request === request && !one.response.headersSent) this.#giveUp(one, 502);
    });
    const { socket } = request;
    if (socket?.connecting) limitConnecting(request, socket, route.settings.connectTimeoutMs);
  }

  #onAnswer(answer: IncomingMessage, one: Forwarding | undefined): void {
    if (one === undefined || one.isOver || one.response.headersSent) {
      answer.destroy();
      return;
    }
    const { response } = one;
    const code = answer.statusCode ?? 0;
    dropHopByHopOfAnswer(answer.headers);
    try {
      if (code < 200) throw new Error(`${code} is no final status`);
      if (response instanceof Http2ServerResponse) response.writeHead(code, answer.headers);
      else response.writeHead(code, answer.headers);
    } catch (error) {
      this.#logger.debug('An answer of a backend is none', { upstream: one.upstream, error });
      answer.destroy();
      this.#giveUp(one, 502);
      return;
    }
    answer.on('error', () => response.destroy());
    answer.once('end', () => {
      one.isOver = true;
    });
    // Of HTTP/1.1 the connection itself counts.
    if (response instanceof Http2ServerResponse) answer.on('data', (chunk: Buffer) => one.count(chunk));
    answer.pipe(response);
  }

  #onFailure(one: Forwarding, error: Error): void {
    if (one.isOver) return;
    if (one.response.headersSent) {
      one.response.destroy();
      return;
    }
    const { request, destination, body } = one;
    const isStale = request?.reusedSocket === true && ['ECONNRESET', 'EPIPE'].includes(codeOf(error));
    // The backend has closed a kept connection in the moment in which it was used: that says nothing of it.
    if (isStale) one.tried.delete(one.upstream);
    this.#logger.debug('A backend could not be asked', { upstream: one.upstream, error });
    const canReplay = body?.canReplay ?? true;
    if (mayRetry(destination, { error, attempts: one.attempts, canReplay })) {
      body?.close();
      one.request = undefined;
      this.#attempt(one);
    } else this.#giveUp(one, one.timedOut || error instanceof ConnectTimeoutError ? 504 : 502);
  }

  #giveUp(one: Forwarding, code: number): void {
    if (one.isOver) return;
    one.isOver = true;
    one.request?.destroy();
    one.body?.discard();
    sendAnswer(one.response, { code });
  }

  #onClientGone(one: Forwarding): void {
    if (one.isOver) return;
    one.isOver = true;
    one.request?.destroy();
    one.body?.discard();
  }
}

const targetOf = ({ address, port }: Endpoint, isTls: boolean) => ({
  protocol: isTls ? 'https:' : 'http:',
  host: address,
  hostname: address,
  port,
});

function limitConnecting(request: ClientRequest, socket: Socket, timeoutMs: number): void {
  const timer = setTimeout(() => request.destroy(new ConnectTimeoutError()), timeoutMs);
  const stop = () => clearTimeout(timer);
  socket.once('connect', stop);
  socket.once('close', stop);
}
