/** The messages of upstream's KMS API, version 2, and of the envelope that is stored, by their numbers on the wire. */

import protobuf from 'protobufjs';
import type { JsonRecord } from '../../../api/json-record.ts';

export interface StatusResponse {
  readonly version: string;
  readonly healthz: string;
  readonly keyId: string;
}

export interface EncryptResponse {
  readonly ciphertext: Uint8Array;
  readonly keyId: string;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
}

/** What is stored. */
export interface Envelope {
  readonly encryptedData: Uint8Array;
  readonly keyId: string;
  /** The data key, or the seed of data keys, encrypted by the service. */
  readonly encryptedDekSource: Uint8Array;
  readonly annotations: Readonly<Record<string, Uint8Array>>;
  readonly encryptedDekSourceType: number;
}

/** `encryptedDekSourceType`: the source is the key itself, or a seed from which each value has its own. */
export const dekSource = { key: 0, seed: 1 } as const;

const bytes = (id: number) => ({ id, type: 'bytes' });
const text = (id: number) => ({ id, type: 'string' });
const annotations = (id: number) => ({ id, keyType: 'string', type: 'bytes' });

const root = protobuf.Root.fromJSON({
  nested: {
    StatusRequest: { fields: {} },
    StatusResponse: { fields: { version: text(1), healthz: text(2), keyId: text(3) } },
    EncryptRequest: { fields: { plaintext: bytes(1), uid: text(2) } },
    EncryptResponse: { fields: { ciphertext: bytes(1), keyId: text(2), annotations: annotations(3) } },
    DecryptRequest: { fields: { ciphertext: bytes(1), uid: text(2), keyId: text(3), annotations: annotations(4) } },
    DecryptResponse: { fields: { plaintext: bytes(1) } },
    EncryptedObject: {
      fields: {
        encryptedData: bytes(1),
        keyId: text(2),
        encryptedDekSource: bytes(3),
        annotations: annotations(4),
        encryptedDekSourceType: { id: 5, type: 'int32' },
      },
    },
  },
});

export interface MessageType<Message extends object> {
  encode(message: Message): Buffer;
  /** Throws for what is no such message. */
  decode(bytes: Buffer): Message;
}

/** `read` makes the message of its fields, each of which has at least its default. */
function messageType<Message extends object>(name: string, read: (fields: Fields) => Message): MessageType<Message> {
  const type = root.lookupType(name);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    decode: (encoded) => read(new Fields(type.toObject(type.decode(encoded), { defaults: true }))),
  };
}

class Fields {
  readonly #fields: JsonRecord;

  constructor(fields: JsonRecord) {
    this.#fields = fields;
  }

  text(name: string): string {
    const value = this.#fields[name];
    return typeof value === 'string' ? value : '';
  }

  bytes(name: string): Uint8Array {
    const value = this.#fields[name];
    return value instanceof Uint8Array ? value : noBytes;
  }

  number(name: string): number {
    return Number(this.#fields[name] ?? 0);
  }

  map(name: string): Readonly<Record<string, Uint8Array>> {
    const entries = Object.entries(this.#fields[name] ?? {});
    return Object.fromEntries(entries.filter((entry): entry is [string, Uint8Array] => entry[1] instanceof Uint8Array));
  }
}

const noBytes = new Uint8Array();

const readEncrypted = (fields: Fields): EncryptResponse => ({
  ciphertext: fields.bytes('ciphertext'),
  keyId: fields.text('keyId'),
  annotations: fields.map('annotations'),
});

export const messages = {
  statusRequest: messageType('StatusRequest', () => ({})),
  statusResponse: messageType('StatusResponse', (fields) => ({
    version: fields.text('version'),
    healthz: fields.text('healthz'),
    keyId: fields.text('keyId'),
  })),
  encryptRequest: messageType('EncryptRequest', (fields) => ({
    plaintext: fields.bytes('plaintext'),
    uid: fields.text('uid'),
  })),
  encryptResponse: messageType('EncryptResponse', readEncrypted),
  decryptRequest: messageType('DecryptRequest', (fields) => ({ ...readEncrypted(fields), uid: fields.text('uid') })),
  decryptResponse: messageType('DecryptResponse', (fields) => ({ plaintext: fields.bytes('plaintext') })),
  envelope: messageType(
    'EncryptedObject',
    (fields): Envelope => ({
      encryptedData: fields.bytes('encryptedData'),
      keyId: fields.text('keyId'),
      encryptedDekSource: fields.bytes('encryptedDekSource'),
      annotations: fields.map('annotations'),
      encryptedDekSourceType: fields.number('encryptedDekSourceType'),
    }),
  ),
} as const;
