/**
 * The listening server of the API server and of kubelets: TLS with optional client certificates, limits against rude
 * clients, and an end that lets requests finish. No session is ever resumed here; see `caller-certificate.ts`.
 */

import { constants } from 'node:crypto';
import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import type { KeyPair } from './certificates.ts';
import { type Clock, systemClock } from './clock.ts';
import { listeningPort } from './listening-port.ts';
import type { Logger } from './logger.ts';
import { type AuthoritySource, RenewedAuthority } from './renewed-authority.ts';
import { type KeyPairSource, RenewedKeyPair } from './renewed-key-pair.ts';
import { renewServing } from './serving-certificate.ts';

/** For what was written last to reach the network. */
const lastBytesMs = 50;

export interface HttpsServerOptions {
  /** Default: every address. */
  readonly bindAddress?: string;
  /** 0: any free port. */
  readonly port: number;
  readonly serving: KeyPairSource;
  /** Signs the client certificates that are believed. */
  readonly clientCertificateAuthority: AuthoritySource;
  /** Signs client certificates that TLS lets in, too. Which of the two has signed one is for who reads it to find out. */
  readonly furtherCertificateAuthority?: AuthoritySource | undefined;
  onRequest(request: IncomingMessage, response: ServerResponse): void;
  onUpgrade(request: IncomingMessage, socket: Duplex, head: Buffer): void;
  readonly logger: Logger;
  readonly clock?: Clock;
}

export interface HttpsServer {
  readonly port: number;
  /** Accepts nothing new, waits for what is being answered, at most `graceMs`, then cuts what is left. */
  close(graceMs: number): Promise<void>;
}

/** A client that sends its handshake, headers or body drop by drop holds a socket, not a seat; not for ever, though. */
const limits: https.ServerOptions = {
  handshakeTimeout: 20_000,
  headersTimeout: 20_000,
  requestTimeout: 60_000,
  keepAliveTimeout: 90_000,
  maxHeaderSize: 64 * 1024,
  // The kernel asks peers that say nothing, and finds out which of them are gone.
  keepAlive: true,
  keepAliveInitialDelay: 30_000,
};

/** With a key that is forgotten, and authenticated: Node's default would take CBC with SHA-1 as well. */
const strongCiphers = [
  ...['TLS_AES_128_GCM_SHA256', 'TLS_AES_256_GCM_SHA384', 'TLS_CHACHA20_POLY1305_SHA256'],
  ...['ECDSA', 'RSA'].flatMap((kind) =>
    ['AES128-GCM-SHA256', 'AES256-GCM-SHA384', 'CHACHA20-POLY1305'].map((cipher) => `ECDHE-${kind}-${cipher}`),
  ),
].join(':');

/** What Node says of a request that it cannot read, as HTTP says it. */
const refusals: Readonly<Record<string, string>> = {
  HPE_HEADER_OVERFLOW: '431 Request Header Fields Too Large',
  ERR_HTTP_REQUEST_TIMEOUT: '408 Request Timeout',
};
/** So long the client may go on sending: a connection that is closed at once loses the answer too. */
const lingerMs = 1000;

function refuse(error: NodeJS.ErrnoException, socket: Duplex): void {
  // The rest of what was refused already.
  if (socket.writableEnded) return;
  if (!socket.writable) {
    socket.destroy();
    return;
  }
  const refusal = refusals[error.code ?? ''] ?? '400 Bad Request';
  socket.end(
    `HTTP/1.1 ${refusal}\r\nContent-Type: text/plain; charset=utf-8\r\nContent-Length: ${refusal.length}\r\nConnection: close\r\n\r\n${refusal}`,
  );
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

/** Tickets and renegotiation would let a client speak for one that this handshake has not identified. */
function secureContext({ certificate, key }: KeyPair, clientCertificateAuthority: string): SecureContextOptions {
  return {
    cert: certificate,
    key,
    ca: clientCertificateAuthority,
    minVersion: 'TLSv1.2',
    ciphers: strongCiphers,
    secureOptions: constants.SSL_OP_NO_TICKET | constants.SSL_OP_NO_RENEGOTIATION,
  };
}

export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const { logger, clock = systemClock } = options;
  const pair = new RenewedKeyPair(options.serving, { clock, logger });
  const { clientCertificateAuthority, furtherCertificateAuthority: further } = options;
  const authority = joinedAuthority(
    [clientCertificateAuthority, ...(further === undefined ? [] : [further])].map(
      (source) => new RenewedAuthority(source, { clock, logger }),
    ),
  );
  const served = await pair.current();
  const trusted = await authority.current();
  const server = https.createServer({
    ...limits,
    ...secureContext(served, trusted),
    requestCert: true,
    // A client without a certificate may still have a token, or gets an answer that says what is missing.
    rejectUnauthorized: false,
  });
  const sockets = collectSockets(server);
  server.on('request', (request, response) => options.onRequest(request, response));
  server.on('upgrade', (request, socket, head) => {
    socket.on('error', (error) => logger.debug('An upgraded connection broke', { error }));
    options.onUpgrade(request, socket, head);
  });
  server.on('clientError', refuse);
  server.on('tlsClientError', (error) => logger.debug('A TLS handshake failed', { error }));
  server.listen(options.port, options.bindAddress);
  await once(server, 'listening');
  const closing = new AbortController();
  const serving = { pair, authority, served, trusted, contextOf: secureContext, clock, logger };
  const renewing = renewServing(server, serving, closing.signal);
  return {
    port: listeningPort(server),
    async close(graceMs) {
      const closed = once(server, 'close');
      closing.abort();
      // Closing cuts connections that look idle, also those whose last bytes are not out yet: ends of watches.
      await delay(lastBytesMs);
      server.close();
      const cut = setTimeout(() => {
        for (const socket of sockets) socket.destroy();
      }, graceMs);
      await closed;
      await renewing;
      clearTimeout(cut);
    },
  };
}

function joinedAuthority(authorities: readonly RenewedAuthority[]): Pick<RenewedAuthority, 'current'> {
  return {
    async current() {
      return (await Promise.all(authorities.map((one) => one.current()))).join('\n');
    },
  };
}

/** Upgraded connections and those in their handshake too, which the HTTP server does not know. */
function collectSockets(server: https.Server): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket: Duplex) => {
    sockets.add(socket);
    socket.on('close', () => sockets.delete(socket));
  });
  return sockets;
}
