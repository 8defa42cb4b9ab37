/**
 * gRPC's unary calls to etcd as plain HTTP/2 requests: https://github.com/grpc/grpc/blob/master/doc/PROTOCOL-HTTP2.md
 *
 * The transactions and single reads behind every request to the API go this way, because the gRPC library under etcd3
 * spends three times as much on each as Node's own HTTP/2 (`npm run bench -- store`). Watches, lists and leases do not.
 *
 * One connection is in use at a time, to the first member that answers. A connection that breaks, says that it will
 * close, or lets a call run out of its time is used no more: the next call opens one to the next member.
 */

import {
  type ClientHttp2Session,
  type ClientHttp2Stream,
  connect,
  constants,
  type OutgoingHttpHeaders,
} from 'node:http2';
import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { status as codes } from '@grpc/grpc-js';
import { createDeferred } from '../../base/deferred.ts';
import { errorText } from '../../base/error-text.ts';
import { EtcdCredentials, type EtcdCredentialTexts, type EtcdTls } from './etcd-credentials.ts';

export interface EtcdCallsOptions {
  /** `http://127.0.0.1:2379`, `https://…` or `unix:/path/of/socket`, one for each member. */
  readonly servers: readonly string[];
  /** For https. */
  readonly tls?: EtcdTls;
}

/** What a call came back with instead of a message; its text is in gRPC's form: `14 UNAVAILABLE: …`. */
export class EtcdCallError extends Error {
  override readonly name = 'EtcdCallError';

  constructor(code: number, details: string) {
    super(`${code} ${codes[code] ?? 'UNKNOWN'}: ${details}`);
  }
}

/** A message's frame begins with a byte that says whether it is compressed, and four that say how long it is. */
const frameHeadBytes = 5;

export class EtcdCalls {
  readonly #options: EtcdCallsOptions;
  readonly #credentials: EtcdCredentials | undefined;
  #member = 0;
  #session: ClientHttp2Session | undefined;
  #connecting: Promise<ClientHttp2Session> | undefined;
  #isClosed = false;

  constructor(options: EtcdCallsOptions) {
    this.#options = options;
    this.#credentials = options.tls && new EtcdCredentials(options.tls);
  }

  /** `path` is `/etcdserverpb.KV/Txn`. Resolves with the answer's message. Throws `EtcdCallError`. */
  async call(path: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    const session = this.#session;
    if (session !== undefined && !session.closed && !session.destroyed)
      return await this.#send(session, path, message, timeoutMs);
    const deadline = performance.now() + timeoutMs;
    this.#connecting ??= this.#connect(timeoutMs).finally(() => {
      this.#connecting = undefined;
    });
    const connected = await this.#connecting;
    return await this.#send(connected, path, message, deadline - performance.now());
  }

  /** Calls that are under way fail. */
  close(): void {
    this.#isClosed = true;
    this.#session?.destroy();
  }

  /** Resolves once the member has spoken: only then is a call that fails not certainly one that never arrived. */
  async #connect(timeoutMs: number): Promise<ClientHttp2Session> {
    if (this.#isClosed) throw neverSent('the client was already closed');
    const { servers } = this.#options;
    const credentials = await this.#readCredentials();
    const member = new URL(servers[this.#member % servers.length] ?? '');
    // What is no URL of the web has no authority either: HTTP/2 wants one all the same.
    const session = connect(member.protocol === 'unix:' ? 'http://localhost' : member, {
      createConnection: () => dial(member, credentials),
      // Past its limit (10 MB of requests that wait to be sent) Node drops the answers to others.
      maxSessionMemory: Number.MAX_SAFE_INTEGER,
    });
    const spoken = createDeferred<void>();
    const late = setTimeout(() => session.destroy(new Error('no answer in time')), timeoutMs);
    session.once('remoteSettings', () => spoken.resolve());
    session.on('error', (error) => spoken.reject(neverSent(error)));
    session.on('goaway', () => this.#abandon(session));
    session.on('close', () => {
      this.#abandon(session);
      spoken.reject(neverSent('the connection was closed'));
    });
    try {
      await spoken.promise;
    } catch (error) {
      this.#member += 1;
      throw error;
    } finally {
      clearTimeout(late);
    }
    if (this.#isClosed) session.destroy();
    this.#session = session;
    return session;
  }

  async #readCredentials(): Promise<EtcdCredentialTexts | undefined> {
    try {
      return await this.#credentials?.current();
    } catch (error) {
      throw neverSent(error);
    }
  }

  /** What is under way on it may still end well. */
  #abandon(session: ClientHttp2Session): void {
    if (this.#session !== session) return;
    this.#session = undefined;
    this.#member += 1;
    session.close();
  }

  #send(session: ClientHttp2Session, path: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    return new Promise((resolve, reject) => {
      const stream = openStream(session, path);
      const answer = new Answer();
      const late = setTimeout(() => {
        // Sent to somebody who does not answer: others had better ask elsewhere.
        this.#abandon(session);
        reject(new EtcdCallError(codes.DEADLINE_EXCEEDED, 'Deadline exceeded'));
        stream.close(constants.NGHTTP2_CANCEL);
      }, timeoutMs);
      stream.on('response', (headers) => {
        answer.setStatus(headers);
        // A refusal may come before all of the request is sent: nobody wants the rest.
        if (answer.isRefusal) stream.close(constants.NGHTTP2_CANCEL);
      });
      stream.on('data', (chunk: Buffer) => answer.add(chunk));
      stream.on('trailers', (headers) => answer.setStatus(headers));
      stream.on('error', (error) => {
        answer.failure ??= connectionLost(error);
      });
      stream.on('close', () => {
        clearTimeout(late);
        const result = answer.result();
        if (result instanceof Error) reject(result);
        else resolve(result);
      });
      stream.end(frame(message));
    });
  }
}

function dial(member: URL, tls: EtcdCredentialTexts | undefined): Socket {
  const socket = member.protocol === 'https:' ? dialTls(member, tls) : connectSocket(placeOf(member));
  // The session lets go of a socket that failed only once that is closed, and nobody else would close it.
  socket.on('error', () => socket.destroy());
  return socket;
}

function dialTls(member: URL, tls: EtcdCredentialTexts | undefined): Socket {
  const place = placeOf(member);
  return connectTls({
    ...place,
    ALPNProtocols: ['h2'],
    ...(isIP(place.host) === 0 && { servername: place.host }),
    ...(tls && { ca: tls.authority }),
    ...(tls?.certificate !== undefined && { cert: tls.certificate }),
    ...(tls?.key !== undefined && { key: tls.key }),
  });
}

/** `unix:/run/etcd/client:0` is a socket's path. */
function placeOf({ protocol, hostname, port, pathname }: URL) {
  const host = hostname.replace(/^\[|\]$/g, '');
  if (protocol === 'unix:') return { path: decodeURIComponent(pathname), host, port: 0 };
  return { host, port: Number(port || (protocol === 'https:' ? 443 : 80)), noDelay: true };
}

function openStream(session: ClientHttp2Session, path: string): ClientHttp2Stream {
  try {
    return session.request(headersOf(path));
  } catch (error) {
    throw neverSent(error);
  }
}

const headersByPath = new Map<string, OutgoingHttpHeaders>();

function headersOf(path: string): OutgoingHttpHeaders {
  let headers = headersByPath.get(path);
  if (headers === undefined) {
    headers = { ':method': 'POST', ':path': path, 'content-type': 'application/grpc', te: 'trailers' };
    headersByPath.set(path, headers);
  }
  return headers;
}

function frame(message: Uint8Array): Buffer {
  const framed = Buffer.allocUnsafe(frameHeadBytes + message.length);
  framed[0] = 0;
  framed.writeUInt32BE(message.length, 1);
  framed.set(message, frameHeadBytes);
  return framed;
}

/** The parts of an answer as they come in. */
class Answer {
  failure: EtcdCallError | undefined;
  readonly #chunks: Buffer[] = [];
  #status: string | undefined;
  #details = '';

  get isRefusal(): boolean {
    return this.#status !== undefined && this.#status !== '0';
  }

  setStatus(headers: { readonly [name: string]: string | string[] | number | undefined }): void {
    const status = headers['grpc-status'];
    if (status === undefined) return;
    this.#status = String(status);
    this.#details = decodeDetails(String(headers['grpc-message'] ?? ''));
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
  }

  result(): Buffer | EtcdCallError {
    if (this.#status === undefined) return this.failure ?? connectionLost('it closed before the answer');
    if (this.isRefusal) return new EtcdCallError(Number(this.#status), this.#details);
    const [first = noBytes] = this.#chunks;
    const bytes = this.#chunks.length < 2 ? first : Buffer.concat(this.#chunks);
    if (bytes.length < frameHeadBytes || bytes[0] !== 0 || bytes.readUInt32BE(1) !== bytes.length - frameHeadBytes)
      return new EtcdCallError(codes.INTERNAL, 'The answer is not one uncompressed message');
    return bytes.subarray(frameHeadBytes);
  }
}

const noBytes = Buffer.alloc(0);

function decodeDetails(text: string): string {
  try {
    return decodeURIComponent(text);
  } catch {
    // Not encoded as it should be: shown as it came.
    return text;
  }
}

const neverSent = (error: unknown): EtcdCallError =>
  new EtcdCallError(codes.UNAVAILABLE, `No connection established: ${errorText(error)}`);
const connectionLost = (error: unknown): EtcdCallError =>
  new EtcdCallError(codes.UNAVAILABLE, `Connection dropped: ${errorText(error)}`);
