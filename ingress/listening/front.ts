/**
 * What clients talk to: HTTP/1.1 and WebSockets on one port, the same and HTTP/2 by TLS on the other. Connections come
 * from listeners; here they become requests.
 *
 *   socket ─(PROXY header)─┬─────────────────────────────► HTTP/1.1 ─► onRequest, onUpgrade
 *                          └─► TLS ─(ALPN)─┬─ http/1.1 ──────┘
 *                                          └─ h2 ─► HTTP/2 ─► onRequest
 */

import http, { type IncomingMessage, type ServerResponse } from 'node:http';
import http2, { type Http2ServerRequest, type Http2ServerResponse, type ServerHttp2Session } from 'node:http2';
import { Socket } from 'node:net';
import type { Duplex } from 'node:stream';
import tls, { type SecureContext, type TLSSocket } from 'node:tls';
import type { KeyPair } from '../../base/certificates.ts';
import type { Logger } from '../../base/logger.ts';
import { writeAnswer } from '../messages/answers.ts';
import type { Arrival } from '../messages/forwarded-headers.ts';

export interface FrontOptions {
  readonly logger: Logger;
  /** For a name that the client gave in its handshake. */
  contextFor(name: string | undefined): SecureContext;
  onRequest(
    request: IncomingMessage | Http2ServerRequest,
    response: ServerResponse | Http2ServerResponse,
    arrival: Arrival,
  ): void;
  onUpgrade(request: IncomingMessage, socket: Socket, head: Buffer, arrival: Arrival): void;
  /** A connection on which nothing has moved for a while: whether its backend is what everybody waits for. */
  isWaiting(socket: Socket): boolean;
  /** Its last answer was begun: whatever follows is of no request. */
  isEnding(socket: Socket): boolean;
}

export const maxHeaderBytes = 32 * 1024;
/** Limits of clients that send or read drop by drop. */
const handshakeMs = 10_000;
const headersMs = 15_000;
const silenceMs = 60_000;
const keepAliveMs = 75_000;
const checkMs = 2_000;

const httpOptions: http.ServerOptions = {
  maxHeaderSize: maxHeaderBytes,
  headersTimeout: headersMs,
  // A body takes as long as it takes, while something of it comes.
  requestTimeout: 0,
  keepAliveTimeout: keepAliveMs,
  connectionsCheckingInterval: checkMs,
  insecureHTTPParser: false,
  requireHostHeader: true,
};

const refusals: Readonly<Record<string, number>> = { HPE_HEADER_OVERFLOW: 431, ERR_HTTP_REQUEST_TIMEOUT: 408 };

export class Front {
  readonly #options: FrontOptions;
  readonly #http: http.Server;
  readonly #http2: http2.Http2Server;
  readonly #tls: tls.Server;
  readonly #arrivals = new WeakMap<object, Arrival>();
  /** Of connections by TLS, until the handshake is over: by what both ends of one have in common. */
  readonly #inHandshake = new Map<string, Arrival>();
  readonly #sessions = new Set<ServerHttp2Session>();
  #unnamed: KeyPair | undefined;

  constructor(options: FrontOptions) {
    this.#options = options;
    this.#http = this.#createHttp();
    this.#http2 = this.#createHttp2();
    this.#tls = this.#createTls();
    // It watches over slow headers only once it listens; our listeners do that for it.
    this.#http.emit('listening');
  }

  /** A connection whose client is known. */
  take(socket: Socket, arrival: Arrival): void {
    if (arrival.isSecure) {
      const key = connectionKey(socket);
      this.#inHandshake.set(key, arrival);
      socket.once('close', () => this.#inHandshake.delete(key));
      this.#tls.emit('connection', socket);
    } else {
      this.#arrivals.set(socket, arrival);
      this.#http.emit('connection', socket);
    }
  }

  /** For clients that name no host in their handshake. */
  setUnnamedCertificate(pair: KeyPair): void {
    if (pair === this.#unnamed) return;
    this.#unnamed = pair;
    this.#tls.setSecureContext({ cert: pair.certificate, key: pair.key, minVersion: 'TLSv1.2' });
  }

  /** What is being answered goes on; idle connections end. */
  endIdle(): void {
    this.#http.close(() => {});
    for (const session of this.#sessions) session.close();
  }

  #createHttp(): http.Server {
    const server = http.createServer(httpOptions);
    server.timeout = silenceMs;
    server.on('timeout', (socket) => {
      if (!this.#options.isWaiting(socket)) socket.destroy();
    });
    server.on('request', (request, response) => {
      const arrival = this.#arrivals.get(request.socket);
      if (arrival === undefined) request.destroy();
      else this.#options.onRequest(request, response, arrival);
    });
    server.on('upgrade', (request: IncomingMessage, _: Duplex, head: Buffer) => {
      const { socket } = request;
      socket.on('error', () => socket.destroy());
      const arrival = this.#arrivals.get(socket);
      if (arrival === undefined) socket.destroy();
      else this.#options.onUpgrade(request, socket, head, arrival);
    });
    server.on('connect', (_, socket) => {
      socket.on('error', () => socket.destroy());
      writeAnswer(socket, { code: 405 });
    });
    server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
      if (socket instanceof Socket && this.#options.isEnding(socket)) socket.destroySoon();
      else if (error.code === 'ECONNRESET') socket.destroy();
      else writeAnswer(socket, { code: refusals[error.code ?? ''] ?? 400 });
    });
    return server;
  }

  #createHttp2(): http2.Http2Server {
    const server = http2.createServer({
      settings: { maxConcurrentStreams: 128, maxHeaderListSize: maxHeaderBytes, enablePush: false },
      maxSessionMemory: 8,
      maxHeaderListPairs: 128,
    });
    server.on('session', (session) => {
      const arrival = this.#inHandshake.get(connectionKey(session.socket));
      if (arrival === undefined) {
        session.destroy();
        return;
      }
      this.#arrivals.set(session, arrival);
      this.#sessions.add(session);
      session.once('close', () => this.#sessions.delete(session));
      session.on('error', (error) => this.#options.logger.debug('A client broke HTTP/2', { error }));
      session.setTimeout(keepAliveMs, () => session.close());
    });
    server.on('request', (request, response) => {
      const { session } = request.stream;
      const arrival = session && this.#arrivals.get(session);
      if (arrival === undefined) request.stream.close(http2.constants.NGHTTP2_REFUSED_STREAM);
      else this.#options.onRequest(request, response, arrival);
    });
    return server;
  }

  #createTls(): tls.Server {
    const server = tls.createServer({
      SNICallback: (name, done) => done(null, this.#options.contextFor(name)),
      ALPNProtocols: ['h2', 'http/1.1'],
      minVersion: 'TLSv1.2',
      handshakeTimeout: handshakeMs,
    });
    server.on('secureConnection', (socket: TLSSocket) => {
      socket.on('error', () => socket.destroy());
      if (socket.alpnProtocol === 'h2') {
        this.#http2.emit('connection', socket);
        return;
      }
      const arrival = this.#inHandshake.get(connectionKey(socket));
      if (arrival === undefined) {
        socket.destroy();
        return;
      }
      this.#arrivals.set(socket, arrival);
      this.#http.emit('connection', socket);
    });
    server.on('tlsClientError', (error, socket) => {
      this.#options.logger.debug('A TLS handshake failed', { error });
      socket.destroy();
    });
    return server;
  }
}

interface Ends {
  readonly remoteAddress?: string | undefined;
  readonly remotePort?: number | undefined;
  readonly localPort?: number | undefined;
}

const connectionKey = ({ remoteAddress = '', remotePort = 0, localPort = 0 }: Ends): string =>
  `${remoteAddress} ${remotePort} ${localPort}`;
