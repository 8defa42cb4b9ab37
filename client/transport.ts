/**
 * HTTP to one of several API servers: kept-alive connections, fail-over, time-outs. Knows nothing of kinds.
 *
 * Invariants:
 * - A request that may have reached a server is never sent twice, unless it only reads.
 * - Streams have connections of their own, so that watches never take the place of requests.
 * - A certificate that was renewed is shown, and an authority that was replaced is believed, on every connection that is
 *   made from then on; others go on as they are.
 * - Neither errors nor logs carry headers or bodies: no secret leaves by them.
 */

import { readFile } from 'node:fs/promises';
import http, { type ClientRequest, type IncomingMessage } from 'node:http';
import https from 'node:https';
import { badRequest, serviceUnavailable } from '../api/status-error.ts';
import type { Clock } from '../base/clock.ts';
import type { Logger } from '../base/logger.ts';
import { networkErrorText } from '../base/network-error-text.ts';
import { RenewedAuthority } from '../base/renewed-authority.ts';
import { RenewedKeyPair } from '../base/renewed-key-pair.ts';
import { authorizationOf, type Connection, impersonationHeaders } from './connection.ts';
import { SharedContext, SharedContextAgent } from './shared-context-agent.ts';

export interface TransportRequest {
  readonly method: string;
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string | Buffer | undefined;
  readonly signal?: AbortSignal | undefined;
  /** A stream: the time-out ends with the answer's head, and the connection is not shared. */
  readonly stream?: boolean;
  readonly timeoutMs: number;
}

/** Waiting longer than this for a connection means: try the next server. */
const connectTimeoutMs = 5_000;
/** A server that is there, but busy or starved, gets longer to finish the handshake. */
const handshakeTimeoutMs = 15_000;
const answerTimeoutMs = 30_000;
const tokenAgeMs = 60_000;
/** A connection that nothing goes over is closed well before the server does it (after 90 s), which might cross a request. */
const idleTimeoutMs = 45_000;

/** Errors of connections say where to; others do not. */
interface ConnectError extends Error {
  readonly address?: string;
  readonly port?: number;
}

/** Why one attempt failed, and whether the server may have seen the request. */
class AttemptError extends Error {
  readonly maySent: boolean;

  constructor(cause: Error, maySent: boolean) {
    const { address, port }: ConnectError = cause;
    const place = address === undefined || port === undefined ? '' : `${address}:${port}: `;
    super(`${place}${networkErrorText(cause)}`, { cause });
    this.maySent = maySent;
  }
}

interface Agents {
  readonly requests: http.Agent;
  readonly streams: http.Agent;
}

export class Transport {
  /** For one request with its retries, unless it says otherwise. */
  readonly timeoutMs: number;
  readonly #connection: Connection;
  readonly #clock: Clock;
  readonly #servers: readonly URL[];
  readonly #agents: Agents[];
  readonly #client: RenewedKeyPair | undefined;
  readonly #authority: RenewedAuthority | undefined;
  /** Of the requests under way. */
  readonly #cancels = new Set<() => void>();
  #isClosed = false;
  #current = 0;
  #token: { readonly value: string; readonly readAt: number } | undefined;

  constructor(connection: Connection, { clock, logger }: { readonly clock: Clock; readonly logger: Logger }) {
    if (connection.servers.length === 0) throw badRequest('No API server is named: at least one URL is needed');
    this.#connection = connection;
    this.timeoutMs = connection.timeoutMs ?? answerTimeoutMs;
    this.#clock = clock;
    this.#client = renewedClient(connection, { clock, logger });
    this.#authority = renewedAuthority(connection, { clock, logger });
    this.#servers = connection.servers.map(parseServer);
    this.#agents = this.#servers.map((server) => createAgents(server, connection));
  }

  /** The answer's head, whatever its code; the body is the caller's to read. Throws StatusError. */
  async send(request: TransportRequest): Promise<IncomingMessage> {
    const onlyReads = request.method === 'GET';
    const attempts = this.#servers.length + (onlyReads ? 1 : 0);
    let last: AttemptError | undefined;
    for (let attempt = 0; attempt < attempts; attempt += 1) {
      const index = this.#current;
      try {
        return await this.#attempt(index, request);
      } catch (error) {
        if (!(error instanceof AttemptError)) throw error;
        last = error;
        if (request.signal?.aborted || this.#isClosed) break;
        if (index === this.#current) this.#current = (index + 1) % this.#servers.length;
        if (error.maySent && !onlyReads) break;
      }
    }
    throw serviceUnavailable(`The API server is out of reach: ${last?.message ?? 'no attempt made'}`, last?.cause);
  }

  /** Cuts every connection. */
  close(): void {
    this.#isClosed = true;
    for (const cancel of [...this.#cancels]) cancel();
    for (const { requests, streams } of this.#agents) {
      requests.destroy();
      streams.destroy();
    }
  }

  async #attempt(index: number, request: TransportRequest): Promise<IncomingMessage> {
    const server = this.#servers[index];
    const agents = this.#agents[index];
    if (server === undefined || agents === undefined) throw new Error(`No server ${index}`);
    const secure = server.protocol === 'https:';
    await this.#renew(agents);
    const outgoing = (secure ? https : http).request({
      method: request.method,
      host: server.hostname.replace(/^\[|\]$/g, ''),
      port: server.port || (secure ? 443 : 80),
      path: `${server.pathname.replace(/\/$/, '')}${request.path}`,
      headers: await this.#headers(request),
      agent: request.stream ? agents.streams : agents.requests,
    });
    return await this.#exchange(outgoing, request, secure ? 'secureConnect' : 'connect');
  }

  async #renew({ requests, streams }: Agents): Promise<void> {
    const pair = await this.#client?.current();
    const ca = await this.#authority?.current();
    if (pair === undefined && ca === undefined) return;
    const options = { ...(pair && { cert: pair.certificate, key: pair.key }), ...(ca !== undefined && { ca }) };
    for (const agent of [requests, streams]) {
      // Idle connections that were made with other options than these are not used again.
      if (agent instanceof https.Agent) Object.assign(agent.options, options);
    }
  }

  /** Sends, and waits for the answer's head; the deadline of an ordinary request goes on until its body is read. */
  #exchange(outgoing: ClientRequest, request: TransportRequest, connectEvent: string): Promise<IncomingMessage> {
    return new Promise((resolve, reject) => {
      let maySent = false;
      let connecting: Deadline | undefined;
      const fail = (why: string) => outgoing.destroy(new Error(why));
      const cancel = () => fail('the request was cancelled');
      const deadline = new Deadline(request.timeoutMs, (ms) => fail(`no answer within ${ms} ms`));
      const connected = () => {
        maySent = true;
        connecting?.clear();
      };
      outgoing.on('socket', (socket) => {
        if (outgoing.reusedSocket || !socket.connecting) return connected();
        const limit = (what: string, ms: number) => {
          connecting?.clear();
          connecting = new Deadline(ms, () => fail(`no ${what} within ${ms} ms`));
        };
        const { timeoutMs } = this.#connection;
        limit('connection', timeoutMs ?? connectTimeoutMs);
        socket.once('connect', () => limit('TLS handshake', timeoutMs ?? handshakeTimeoutMs));
        socket.once(connectEvent, connected);
      });
      outgoing.on('response', (response) => {
        if (request.stream) deadline.clear();
        resolve(response);
      });
      outgoing.on('error', (error) => reject(new AttemptError(error, maySent)));
      outgoing.on('close', () => {
        connecting?.clear();
        deadline.clear();
        request.signal?.removeEventListener('abort', cancel);
        this.#cancels.delete(cancel);
      });
      request.signal?.addEventListener('abort', cancel);
      this.#cancels.add(cancel);
      if (request.signal?.aborted || this.#isClosed) cancel();
      outgoing.end(request.body);
    });
  }

  async #headers(request: TransportRequest): Promise<http.OutgoingHttpHeaders> {
    const authorization = authorizationOf(this.#connection, await this.#currentToken());
    return {
      ...request.headers,
      ...impersonationHeaders(this.#connection),
      ...(request.body !== undefined && { 'content-length': Buffer.byteLength(request.body) }),
      ...(authorization !== undefined && { authorization }),
    };
  }

  async #currentToken(): Promise<string | undefined> {
    const { tokenFile, token } = this.#connection;
    if (tokenFile === undefined) return token;
    const now = this.#clock.monotonic();
    if (this.#token === undefined || now - this.#token.readAt > tokenAgeMs) {
      this.#token = { value: (await readFile(tokenFile, 'utf8')).trim(), readAt: now };
    }
    return this.#token.value;
  }
}

/**
 * A time-out that blames nobody for what this process was late to look at. When it has been busy, timers come before
 * whatever has arrived meanwhile: that is looked at first. A process that had taken its own lateness for that of others
 * would connect anew, which costs the more time the less there is.
 */
class Deadline {
  readonly #timer: NodeJS.Timeout;
  #last: NodeJS.Immediate | undefined;

  /** `onOver` is told the time in whole milliseconds. */
  constructor(ms: number, onOver: (ms: number) => void) {
    this.#timer = setTimeout(() => {
      this.#last = setImmediate(() => onOver(Math.round(ms)));
    }, ms);
  }

  clear(): void {
    clearTimeout(this.#timer);
    clearImmediate(this.#last);
  }
}

function renewedClient(
  { clientFiles, clientCertificate: certificate, clientKey: key }: Connection,
  options: { readonly clock: Clock; readonly logger: Logger },
): RenewedKeyPair | undefined {
  if (clientFiles === undefined) return undefined;
  const last = certificate !== undefined && key !== undefined ? { certificate, key } : undefined;
  return new RenewedKeyPair(clientFiles, { ...options, last });
}

function renewedAuthority(
  { authorityFile, certificateAuthority: last }: Connection,
  options: { readonly clock: Clock; readonly logger: Logger },
): RenewedAuthority | undefined {
  return authorityFile === undefined ? undefined : new RenewedAuthority({ authorityFile }, { ...options, last });
}

function parseServer(server: string): URL {
  if (!/^https?:\/\//.test(server)) throw badRequest(`API server ${server}: must start with https:// or http://`);
  try {
    return new URL(server);
  } catch (cause) {
    throw new Error(`API server ${server}: not a URL`, { cause });
  }
}

const kept: http.AgentOptions = { keepAlive: true, maxSockets: 64, timeout: idleTimeoutMs };

function createAgents(server: URL, connection: Connection): Agents {
  if (server.protocol === 'http:') {
    return { requests: new http.Agent(kept), streams: new http.Agent() };
  }
  const tls: https.AgentOptions = {
    ...(connection.certificateAuthority !== undefined && { ca: connection.certificateAuthority }),
    ...(connection.clientCertificate !== undefined && { cert: connection.clientCertificate }),
    ...(connection.clientKey !== undefined && { key: connection.clientKey }),
    ...(connection.tlsServerName !== undefined && { servername: connection.tlsServerName }),
    rejectUnauthorized: connection.insecureSkipTlsVerify !== true,
    // Node checks whose certificate it is in whole handshakes only: no session is ever resumed.
    maxCachedSessions: 0,
  };
  const shared = new SharedContext();
  return {
    requests: new SharedContextAgent({ ...tls, ...kept }, shared),
    streams: new SharedContextAgent({ ...tls, keepAlive: false }, shared),
  };
}
