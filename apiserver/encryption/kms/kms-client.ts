/** A key management service behind a unix socket: upstream's gRPC service `v2.KeyManagementService`, as its plugins serve it. */

import { randomUUID } from 'node:crypto';
import { Client, credentials, type ServiceError } from '@grpc/grpc-js';
import { systemClock } from '../../../base/clock.ts';
import { KeyServiceError } from '../ciphers/cipher.ts';
import { type EncryptResponse, type MessageType, messages, type StatusResponse } from './kms-messages.ts';

export interface KmsClientOptions {
  readonly name: string;
  /** `unix:///run/kms.sock` */
  readonly endpoint: string;
  readonly timeoutMs: number;
}

export interface DecryptCall {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
}

/** Every call throws `KeyServiceError` when the service does not answer in time, or refuses. */
export interface KmsClient {
  status(): Promise<StatusResponse>;
  encrypt(plain: Buffer): Promise<EncryptResponse>;
  decrypt(call: DecryptCall): Promise<Buffer>;
  close(): void;
}

const channelOptions = {
  // A service that is back is found again at once.
  'grpc.initial_reconnect_backoff_ms': 100,
  'grpc.max_reconnect_backoff_ms': 1_000,
};

export class GrpcKmsClient implements KmsClient {
  readonly #client: Client;
  readonly #options: KmsClientOptions;

  constructor(options: KmsClientOptions) {
    this.#options = options;
    // In the abstract namespace upstream writes `unix:///@name`.
    const abstract = /^unix:\/\/\/(@.+)$/.exec(options.endpoint)?.[1];
    const target = abstract === undefined ? options.endpoint : `unix-abstract:${abstract.slice(1)}`;
    this.#client = new Client(target, credentials.createInsecure(), channelOptions);
  }

  status(): Promise<StatusResponse> {
    return this.#call('Status', messages.statusRequest, messages.statusResponse, {});
  }

  encrypt(plain: Buffer): Promise<EncryptResponse> {
    const request = { plaintext: plain, uid: randomUUID() };
    return this.#call('Encrypt', messages.encryptRequest, messages.encryptResponse, request);
  }

  async decrypt(call: DecryptCall): Promise<Buffer> {
    const request = { ...call, uid: randomUUID() };
    const { plaintext } = await this.#call('Decrypt', messages.decryptRequest, messages.decryptResponse, request);
    return Buffer.from(plaintext);
  }

  close(): void {
    this.#client.close();
  }

  #call<Request extends object, Response extends object>(
    method: string,
    request: MessageType<Request>,
    response: MessageType<Response>,
    message: Request,
  ): Promise<Response> {
    const path = `/v2.KeyManagementService/${method}`;
    // gRPC measures it by the system's clock.
    const deadline = systemClock.now() + this.#options.timeoutMs;
    return new Promise((resolve, reject) => {
      const answered = (error: ServiceError | null, answer?: Response): void => {
        if (answer !== undefined && error === null) resolve(answer);
        else reject(this.#error(method, error));
      };
      this.#client.makeUnaryRequest(path, request.encode, response.decode, message, { deadline }, answered);
    });
  }

  /** What the service itself says is left to the log: it may name keys, and whoever reads a Secret need not know. */
  #error(method: string, cause: ServiceError | null): KeyServiceError {
    const code = cause === null ? '' : ` (code ${cause.code})`;
    return new KeyServiceError(`KMS provider ${this.#options.name} did not answer ${method}${code}`, { cause });
  }
}
