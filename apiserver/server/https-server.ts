/** The listening server: TLS with optional client certificates, and an end that lets requests finish. */

import { once } from 'node:events';
import type { IncomingMessage, ServerResponse } from 'node:http';
import https from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { setTimeout as delay } from 'node:timers/promises';
import type { SecureContextOptions } from 'node:tls';
import type { KeyPair } from '../../base/certificates.ts';
import { type Clock, systemClock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { type KeyPairSource, RenewedKeyPair } from '../../base/renewed-key-pair.ts';
import { renewServing } from '../../base/serving-certificate.ts';

/** For what was written last to reach the network. */
const lastBytesMs = 50;

export interface HttpsServerOptions {
  readonly bindAddress: string;
  /** 0: any free port. */
  readonly port: number;
  readonly serving: KeyPairSource;
  /** Signs the client certificates that are believed. */
  readonly clientCertificateAuthority: string;
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
  socket.end(`HTTP/1.1 ${refusals[error.code ?? ''] ?? '400 Bad Request'}\r\nConnection: close\r\n\r\n`);
  socket.resume();
  setTimeout(() => socket.destroy(), lingerMs).unref();
}

export async function startHttpsServer(options: HttpsServerOptions): Promise<HttpsServer> {
  const { logger, clock = systemClock } = options;
  const pair = new RenewedKeyPair(options.serving, { clock, logger });
  const served = await pair.current();
  const contextOf = ({ certificate, key }: KeyPair): SecureContextOptions => ({
    cert: certificate,
    key,
    ca: options.clientCertificateAuthority,
    minVersion: 'TLSv1.2',
  });
  const server = https.createServer({
    ...contextOf(served),
    requestCert: true,
    // Whoever shows no certificate may still have a token; a wrong certificate is refused by authentication with 401.
    rejectUnauthorized: false,
    // A client that sends its headers or body drop by drop holds a socket, not a seat; not for ever, though.
    headersTimeout: 20_000,
    requestTimeout: 60_000,
    keepAliveTimeout: 90_000,
    maxHeaderSize: 64 * 1024,
  });
  server.on('request', (request, response) => options.onRequest(request, response));
  server.on('upgrade', (request, socket, head) => options.onUpgrade(request, socket, head));
  server.on('clientError', refuse);
  server.listen(options.port, options.bindAddress);
  await once(server, 'listening');
  const closing = new AbortController();
  const renewing = renewServing(server, { pair, served, contextOf, clock, logger }, closing.signal);
  return {
    port: (server.address() as AddressInfo).port,
    async close(graceMs) {
      const closed = once(server, 'close');
      closing.abort();
      // Closing cuts connections that look idle, also those whose last bytes are not out yet: ends of watches.
      await delay(lastBytesMs);
      server.close();
      const cut = setTimeout(() => server.closeAllConnections(), graceMs);
      await closed;
      await renewing;
      clearTimeout(cut);
    },
  };
}
