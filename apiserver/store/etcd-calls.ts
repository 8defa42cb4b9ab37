/**
 * gRPC's unary calls to etcd, over connections of our own (`http2/`).
 *
 * The transactions and single reads behind every request to the API go this way, because the gRPC library under etcd3
 * spends several times as much on each (`npm run bench -- store`). Watches, lists and leases do not.
 *
 * One connection is in use at a time, to the first member that answers. A connection that breaks, says that it will
 * close, or lets a call run out of its time is used no more: the next call opens one to the next member.
 */

import { connect as connectSocket, isIP, type Socket } from 'node:net';
import { connect as connectTls } from 'node:tls';
import { EtcdCredentials, type EtcdCredentialTexts, type EtcdTls } from './etcd-credentials.ts';
import { neverSent } from './http2/call-answer.ts';
import { CallConnection } from './http2/call-connection.ts';

export interface EtcdCallsOptions {
  /** `http://127.0.0.1:2379`, `https://…` or `unix:/path/of/socket`, one for each member. */
  readonly servers: readonly string[];
  /** For https. */
  readonly tls?: EtcdTls;
}

export class EtcdCalls {
  readonly #options: EtcdCallsOptions;
  readonly #credentials: EtcdCredentials | undefined;
  #member = 0;
  #connection: CallConnection | undefined;
  #connecting: Promise<CallConnection> | undefined;
  #isClosed = false;

  constructor(options: EtcdCallsOptions) {
    this.#options = options;
    this.#credentials = options.tls && new EtcdCredentials(options.tls);
  }

  /** `path` is `/etcdserverpb.KV/Txn`. Resolves with the answer's message. Throws `CallError`. */
  call(path: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    if (this.#connection?.isUsable) return this.#connection.call(path, message, timeoutMs);
    return this.#callOnceConnected(path, message, timeoutMs);
  }

  async #callOnceConnected(path: string, message: Uint8Array, timeoutMs: number): Promise<Buffer> {
    const deadline = performance.now() + timeoutMs;
    this.#connecting ??= this.#connect(timeoutMs).finally(() => {
      this.#connecting = undefined;
    });
    const connected = await this.#connecting;
    return await connected.call(path, message, deadline - performance.now());
  }

  /** Calls that are under way fail. */
  close(): void {
    this.#isClosed = true;
    this.#connection?.destroy();
  }

  async #connect(timeoutMs: number): Promise<CallConnection> {
    if (this.#isClosed) throw neverSent('the client was already closed');
    const { servers } = this.#options;
    const credentials = await this.#readCredentials();
    const member = new URL(servers[this.#member % servers.length] ?? '');
    const connection = new CallConnection(dial(member, credentials), {
      isSecure: member.protocol === 'https:',
      // What is no URL of the web has no authority either: HTTP/2 wants one all the same.
      authority: member.protocol === 'unix:' ? 'localhost' : member.host,
      onClosing: () => this.#abandon(connection),
    });
    const late = setTimeout(() => connection.destroy('no answer in time'), timeoutMs);
    try {
      await connection.spoken;
    } catch (error) {
      this.#member += 1;
      throw error;
    } finally {
      clearTimeout(late);
    }
    if (this.#isClosed) connection.destroy();
    this.#connection = connection;
    return connection;
  }

  async #readCredentials(): Promise<EtcdCredentialTexts | undefined> {
    try {
      return await this.#credentials?.current();
    } catch (error) {
      throw neverSent(error);
    }
  }

  #abandon(connection: CallConnection): void {
    if (this.#connection !== connection) return;
    this.#connection = undefined;
    this.#member += 1;
  }
}

function dial(member: URL, tls: EtcdCredentialTexts | undefined): Socket {
  return member.protocol === 'https:' ? dialTls(member, tls) : connectSocket(placeOf(member));
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
