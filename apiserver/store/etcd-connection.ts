/** The connection to etcd's members: limits, deadlines, fail-over, and errors in the contract's words. */

import { InterceptingCall, type Interceptor } from '@grpc/grpc-js';
import { noop } from 'cockatiel';
import {
  Etcd3,
  type IDuplexStream,
  type IWatchRequest,
  type IWatchResponse,
  type KVClient,
  type LeaseClient,
} from 'etcd3';
import { EtcdCalls, type EtcdCallsOptions } from './etcd-calls.ts';
import { EtcdCredentials, type EtcdCredentialTexts } from './etcd-credentials.ts';
import { translateEtcdError } from './etcd-errors.ts';
import {
  type ConditionalWrite,
  decodeRead,
  decodeWrite,
  encodeWrite,
  type ReadAnswer,
  type WriteAnswer,
} from './etcd-messages.ts';
import { StoreUnavailableError } from './store.ts';

export interface EtcdConnectionOptions extends EtcdCallsOptions {
  /** How long a call may take. Default 5 s. */
  readonly callTimeoutMs?: number;
}

interface CallOptions {
  /** `Date.now()` at which it is over. */
  readonly deadline: number;
}

const channelOptions = {
  // Lists and watches are bounded by us, in pages and fragments; a single value by etcd.
  'grpc.max_receive_message_length': -1,
  'grpc.max_send_message_length': -1,
  // A member that hangs is noticed although its connection stands; etcd allows a ping every 5 s.
  'grpc.keepalive_time_ms': 6_000,
  'grpc.keepalive_timeout_ms': 3_000,
  // What etcd may send ahead of us. With gRPC's 64 kB a busy server, which reads once in a turn of its event loop, hears
  // of its own writes seconds late: reads wait for that, and so does whoever watches.
  'grpc-node.flow_control_window': 4 * 1024 * 1024,
  // An etcd that is back is found again at once, not after gRPC's up to two minutes.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

/** A member that lost its quorum then ends a watch with an error instead of staying silent. */
const requireLeader: Interceptor = (options, nextCall) =>
  new InterceptingCall(nextCall(options), {
    start(metadata, listener, next) {
      metadata.set('hasleader', 'true');
      next(metadata, listener);
    },
  });

export class EtcdConnection {
  readonly #servers: readonly string[];
  readonly #credentials: EtcdCredentials | undefined;
  /** With the credentials that it was made with. */
  #client: { readonly etcd3: Etcd3; readonly made: EtcdCredentialTexts | undefined } | undefined;
  /** The one before: its watches go on until there is a third. */
  #retired: Etcd3 | undefined;
  #isClosed = false;
  readonly #calls: EtcdCalls;
  readonly #callTimeoutMs: number;
  readonly #attempts: number;

  constructor({ servers, tls, callTimeoutMs = 5_000 }: EtcdConnectionOptions) {
    this.#callTimeoutMs = callTimeoutMs;
    // A connection that was lost while idle shows only when it is used: one more attempt even with a single member.
    this.#attempts = Math.max(2, servers.length);
    this.#calls = new EtcdCalls({ servers, ...(tls && { tls }) });
    this.#servers = servers;
    this.#credentials = tls && new EtcdCredentials(tls);
  }

  /** A `RangeRequest` for at most one key. */
  async readKey(request: Uint8Array): Promise<ReadAnswer> {
    const answer = await this.#attempt(
      ({ deadline }) => this.#calls.call('/etcdserverpb.KV/Range', request, deadline - Date.now()),
      { isWrite: false },
    );
    return decodeRead(answer);
  }

  /** Repeated only when it certainly did not happen. */
  async write(write: ConditionalWrite): Promise<WriteAnswer> {
    const request = encodeWrite(write);
    const answer = await this.#attempt(
      ({ deadline }) => this.#calls.call('/etcdserverpb.KV/Txn', request, deadline - Date.now()),
      { isWrite: true },
    );
    return decodeWrite(answer);
  }

  /** Other calls that may be repeated: they change nothing that anybody could miss. */
  async read<T>(call: (client: KVClient, options: CallOptions) => Promise<T>): Promise<T> {
    return await this.#attempt(async (options) => call((await this.#current()).kv, options), { isWrite: false });
  }

  async lease<T>(call: (client: LeaseClient, options: CallOptions) => Promise<T>): Promise<T> {
    const callNow = async (options: CallOptions) => call((await this.#current()).leaseClient, options);
    return await this.#attempt(callNow, { isWrite: false });
  }

  /** A fresh watch stream; its errors come out of the stream. */
  async openWatch(): Promise<IDuplexStream<IWatchRequest, IWatchResponse>> {
    return await (await this.#current()).watchClient.watch({ interceptors: [requireLeader] });
  }

  close(): void {
    this.#isClosed = true;
    this.#calls.close();
    this.#client?.etcd3.close();
    this.#retired?.close();
  }

  /** Credentials belong to a client for good: others get a client of their own. */
  async #current(): Promise<Etcd3> {
    const credentials = await this.#credentials?.current();
    if (this.#client?.made === credentials && this.#client !== undefined) return this.#client.etcd3;
    this.#retired?.close();
    this.#retired = this.#client?.etcd3;
    const etcd3 = createEtcd3(this.#servers, credentials);
    this.#client = { etcd3, made: credentials };
    if (this.#isClosed) etcd3.close();
    return etcd3;
  }

  async #attempt<T>(
    call: (options: CallOptions) => Promise<T>,
    { isWrite }: { readonly isWrite: boolean },
  ): Promise<T> {
    const deadline = Date.now() + this.#callTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call({ deadline });
      } catch (error) {
        const translated = translateEtcdError(error, { isWrite });
        const mayRepeat = translated instanceof StoreUnavailableError && !translated.outcomeUnknown;
        if (!mayRepeat || attempt >= this.#attempts || Date.now() >= deadline) throw translated;
      }
    }
  }
}

function createEtcd3(servers: readonly string[], credentials: EtcdCredentialTexts | undefined): Etcd3 {
  return new Etcd3({
    hosts: [...servers],
    ...(credentials && { credentials: credentialsOf(credentials) }),
    grpcOptions: channelOptions,
    // etcd3's own circuit breaker refuses calls for 5 s after three failures, and its retries repeat writes whose
    // outcome is unknown: neither is wanted. gRPC's connection states already make calls to a dead member fail fast.
    faultHandling: { host: () => noop, global: noop },
  });
}

function credentialsOf({ authority, certificate, key }: EtcdCredentialTexts) {
  return {
    rootCertificate: Buffer.from(authority),
    ...(key !== undefined && { privateKey: Buffer.from(key) }),
    ...(certificate !== undefined && { certChain: Buffer.from(certificate) }),
  };
}
