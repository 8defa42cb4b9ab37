/**
 * Opens a WebSocket at the API server: what exec, attach and port-forward speak over. A refusal is thrown as `StatusError`,
 * as of any other request; servers that are out of reach are passed over for the next.
 */

import { readFile } from 'node:fs/promises';
import type { IncomingMessage } from 'node:http';
import { WebSocket } from 'ws';
import { StatusError, serviceUnavailable } from '../api/status-error.ts';
import { networkErrorText } from '../base/network-error-text.ts';
import { authorizationOf, type Connection, impersonationHeaders } from './connection.ts';
import { readText, refusal } from './http-answer.ts';

export interface WebSocketRequest {
  /** With its query. */
  readonly path: string;
  /** Sub-protocols, the best first. */
  readonly protocols: readonly string[];
  readonly userAgent: string;
}

const handshakeTimeoutMs = 30_000;

/** Resolves with an open socket. */
export async function openWebSocket(connection: Connection, request: WebSocketRequest): Promise<WebSocket> {
  let last: unknown;
  for (const server of connection.servers) {
    try {
      return await connect(new URL(server), connection, request);
    } catch (error) {
      if (error instanceof StatusError) throw error;
      last = error;
    }
  }
  const why = last instanceof Error ? networkErrorText(last) : 'no server is named';
  throw serviceUnavailable(`The API server is out of reach: ${why}`, last);
}

async function connect(server: URL, connection: Connection, request: WebSocketRequest): Promise<WebSocket> {
  const { clientCertificate, clientKey, certificateAuthority, tlsServerName, tokenFile } = connection;
  const token = tokenFile === undefined ? connection.token : (await readFile(tokenFile, 'utf8')).trim();
  const authorization = authorizationOf(connection, token);
  const base = `${server.protocol === 'https:' ? 'wss' : 'ws'}://${server.host}${server.pathname.replace(/\/$/, '')}`;
  const socket = new WebSocket(base + request.path, [...request.protocols], {
    ...(certificateAuthority !== undefined && { ca: certificateAuthority }),
    ...(clientCertificate !== undefined && { cert: clientCertificate }),
    ...(clientKey !== undefined && { key: clientKey }),
    ...(tlsServerName !== undefined && { servername: tlsServerName }),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
    headers: {
      'user-agent': request.userAgent,
      ...impersonationHeaders(connection),
      ...(authorization !== undefined && { authorization }),
    },
    handshakeTimeout: handshakeTimeoutMs,
    perMessageDeflate: false,
  });
  // What comes with the handshake waits for who reads it.
  socket.once('open', () => socket.pause());
  return await new Promise((resolve, reject) => {
    socket.once('open', () => resolve(socket));
    socket.once('unexpected-response', (_, response: IncomingMessage) => {
      const { statusCode = 0 } = response;
      readText(response).then((text) => reject(refusal(statusCode, text)), reject);
    });
    socket.once('error', reject);
  });
}
