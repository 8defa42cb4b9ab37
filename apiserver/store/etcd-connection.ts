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
  readonly #client: Etcd3;
  readonly #calls: EtcdCalls;
  readonly #callTimeoutMs: number;
  readonly #attempts: number;

  constructor({ servers, tls, callTimeoutMs = 5_000 }: EtcdConnectionOptions) {
    this.#callTimeoutMs = callTimeoutMs;
    // A connection that was lost while idle shows only when it is used: one more attempt even with a single member.
    this.#attempts = Math.max(2, servers.length);
    this.#calls = new EtcdCalls({ servers, ...(tls && { tls }) });
    this.#client = new Etcd3({
      hosts: [...servers],
      ...(tls && { credentials: credentialsOf(tls) }),
      grpcOptions: channelOptions,
      // etcd3's own circuit breaker refuses calls for 5 s after three failures, and its retries repeat writes whose
      // outcome is unknown: neither is wanted. gRPC's connection states already make calls to a dead member fail fast.
      faultHandling: { host: () => noop, global: noop },
    });
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
    return await this.#attempt((options) => call(this.#client.kv, options), { isWrite: false });
  }

  async lease<T>(call: (client: LeaseClient, options: CallOptions) => Promise<T>): Promise<T> {
    return await this.#attempt((options) => call(this.#client.leaseClient, options), { isWrite: false });
  }

  /** A fresh watch stream; its errors come out of the stream. */
  async openWatch(): Promise<IDuplexStream<IWatchRequest, IWatchResponse>> {
    return await this.#client.watchClient.watch({ interceptors: [requireLeader] });
  }

  close(): void {
    this.#calls.close();
    this.#client.close();
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

function credentialsOf(tls: NonNullable<EtcdConnectionOptions['tls']>) {
  return {
    rootCertificate: Buffer.from(tls.certificateAuthority),
    ...(tls.clientKey !== undefined && { privateKey: Buffer.from(tls.clientKey) }),
    ...(tls.clientCertificate !== undefined && { certChain: Buffer.from(tls.clientCertificate) }),
  };
}
