/** A small KMS plugin, as upstream's API servers speak to: the gRPC service of its version 2 on a unix socket. */

import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { chmod, rm } from 'node:fs/promises';
import { type handleUnaryCall, Server, ServerCredentials, status } from '@grpc/grpc-js';
import { messages } from '../../apiserver/encryption/kms/kms-messages.ts';

type Method = 'Status' | 'Encrypt' | 'Decrypt';

export class KmsPlugin {
  readonly endpoint: string;
  /** How often each method was called. */
  readonly calls: Record<Method, number> = { Status: 0, Encrypt: 0, Decrypt: 0 };
  healthz = 'ok';
  version = 'v2';
  /** The methods answer nothing at all. */
  isSilent = false;
  readonly #socket: string;
  /** By key id; the last one encrypts. */
  readonly #keys = new Map<string, Buffer>();
  #server: Server | undefined;

  constructor(socket: string) {
    this.#socket = socket;
    this.endpoint = `unix://${socket}`;
    this.rotate('key-1');
  }

  /** From now on this key encrypts; those before still decrypt. */
  rotate(keyId: string): void {
    this.#keys.set(keyId, randomBytes(32));
  }

  get keyId(): string {
    return [...this.#keys.keys()].at(-1) ?? '';
  }

  async start(): Promise<void> {
    await rm(this.#socket, { force: true });
    const server = new Server();
    const { statusRequest, statusResponse, encryptRequest, encryptResponse, decryptRequest, decryptResponse } =
      messages;
    server.addService(
      {
        Status: definition('Status', statusRequest, statusResponse),
        Encrypt: definition('Encrypt', encryptRequest, encryptResponse),
        Decrypt: definition('Decrypt', decryptRequest, decryptResponse),
      },
      {
        Status: this.#method('Status', () => ({ version: this.version, healthz: this.healthz, keyId: this.keyId })),
        Encrypt: this.#method('Encrypt', ({ plaintext }) => this.#encrypt(plaintext)),
        Decrypt: this.#method('Decrypt', (request) => this.#decrypt(request)),
      },
    );
    await new Promise<void>((resolve, reject) => {
      server.bindAsync(this.endpoint, ServerCredentials.createInsecure(), (error) =>
        error ? reject(error) : resolve(),
      );
    });
    await chmod(this.#socket, 0o600);
    this.#server = server;
  }

  async stop(): Promise<void> {
    this.#server?.forceShutdown();
    this.#server = undefined;
    await rm(this.#socket, { force: true });
  }

  // biome-ignore lint/suspicious/noExplicitAny: each method has a request of its own
  #method(name: Method, answer: (request: any) => object): handleUnaryCall<any, object> {
    return ({ request }, callback) => {
      this.calls[name] += 1;
      if (this.isSilent) return;
      try {
        callback(null, answer(request));
      } catch (error) {
        callback({ code: status.FAILED_PRECONDITION, message: String(error) });
      }
    };
  }

  #encrypt(plain: Uint8Array): object {
    const nonce = randomBytes(12);
    const cipher = createCipheriv('aes-256-gcm', this.#key(this.keyId), nonce);
    const ciphertext = Buffer.concat([nonce, cipher.update(plain), cipher.final(), cipher.getAuthTag()]);
    return { ciphertext, keyId: this.keyId, annotations: { 'version.encryption.example.org': Buffer.from('1') } };
  }

  #decrypt({ ciphertext, keyId, annotations }: { ciphertext: Uint8Array; keyId: string; annotations: object }): object {
    if (!('version.encryption.example.org' in annotations)) throw new Error('The annotations are missing');
    const sealed = Buffer.from(ciphertext);
    const decipher = createDecipheriv('aes-256-gcm', this.#key(keyId), sealed.subarray(0, 12));
    decipher.setAuthTag(sealed.subarray(-16));
    return { plaintext: Buffer.concat([decipher.update(sealed.subarray(12, -16)), decipher.final()]) };
  }

  #key(id: string): Buffer {
    const key = this.#keys.get(id);
    if (key === undefined) throw new Error(`There is no key ${id}`);
    return key;
  }
}

interface Codec {
  // biome-ignore lint/suspicious/noExplicitAny: each message has a type of its own
  encode(message: any): Buffer;
  // biome-ignore lint/suspicious/noExplicitAny: as above
  decode(bytes: Buffer): any;
}

const definition = (method: string, request: Codec, response: Codec) => ({
  path: `/v2.KeyManagementService/${method}`,
  requestStream: false,
  responseStream: false,
  requestSerialize: request.encode,
  requestDeserialize: request.decode,
  responseSerialize: response.encode,
  responseDeserialize: response.decode,
});
