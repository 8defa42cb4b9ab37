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
import { translateEtcdError } from './etcd-errors.ts';
import { StoreUnavailableError } from './store.ts';

export interface EtcdConnectionOptions {
  /** `http://127.0.0.1:2379` or `https://…`, one for each member. */
  readonly servers: readonly string[];
  /** PEM. For https. */
  readonly tls?: {
    readonly certificateAuthority: string;
    readonly clientCertificate?: string | undefined;
    readonly clientKey?: string | undefined;
  };
  /** How long a call may take. Default 5 s. */
  readonly callTimeoutMs?: number;
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
  readonly #callTimeoutMs: number;
  readonly #attempts: number;

  constructor({ servers, tls, callTimeoutMs = 5_000 }: EtcdConnectionOptions) {
    this.#callTimeoutMs = callTimeoutMs;
    // A connection that was lost while idle shows only when it is used: one more attempt even with a single member.
    this.#attempts = Math.max(2, servers.length);
    this.#client = new Etcd3({
      hosts: [...servers],
      ...(tls && { credentials: credentialsOf(tls) }),
      grpcOptions: channelOptions,
      // etcd3's own circuit breaker refuses calls for 5 s after three failures, and its retries repeat writes whose
      // outcome is unknown: neither is wanted. gRPC's connection states already make calls to a dead member fail fast.
      faultHandling: { host: () => noop, global: noop },
    });
  }

  /** A call that may be repeated: it changes nothing. */
  async read<T>(call: (client: KVClient, options: { deadline: number }) => Promise<T>): Promise<T> {
    return await this.#attempt(call, { isWrite: false });
  }

  /** A transaction. Repeated only when it certainly did not happen. */
  async write<T>(call: (client: KVClient, options: { deadline: number }) => Promise<T>): Promise<T> {
    return await this.#attempt(call, { isWrite: true });
  }

  async lease<T>(call: (client: LeaseClient, options: { deadline: number }) => Promise<T>): Promise<T> {
    return await this.#attempt((_, options) => call(this.#client.leaseClient, options), { isWrite: false });
  }

  /** A fresh watch stream; its errors come out of the stream. */
  async openWatch(): Promise<IDuplexStream<IWatchRequest, IWatchResponse>> {
    return await this.#client.watchClient.watch({ interceptors: [requireLeader] });
  }

  close(): void {
    this.#client.close();
  }

  async #attempt<T>(
    call: (client: KVClient, options: { deadline: number }) => Promise<T>,
    { isWrite }: { readonly isWrite: boolean },
  ): Promise<T> {
    const deadline = Date.now() + this.#callTimeoutMs;
    for (let attempt = 1; ; attempt += 1) {
      try {
        return await call(this.#client.kv, { deadline });
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
