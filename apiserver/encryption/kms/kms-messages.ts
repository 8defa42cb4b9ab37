/** The messages of upstream's KMS API, version 2, and of the envelope that is stored, by their numbers on the wire. */

import protobuf from 'protobufjs';

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

/** `Message` is what the type of this name holds, every field with its default. */
export interface MessageType<Message extends object> {
  encode(message: Message): Buffer;
  /** Throws for what is no such message. */
  decode(bytes: Buffer): Message;
}

function messageType<Message extends object>(name: string): MessageType<Message> {
  const type = root.lookupType(name);
  return {
    encode: (message) => Buffer.from(type.encode(type.fromObject(message)).finish()),
    // The fields above are those of `Message`, and each is given its default.
    decode: (encoded) => type.toObject(type.decode(encoded), { defaults: true }) as Message,
  };
}

export const messages = {
  statusRequest: messageType<object>('StatusRequest'),
  statusResponse: messageType<StatusResponse>('StatusResponse'),
  encryptRequest: messageType<{ readonly plaintext: Uint8Array; readonly uid: string }>('EncryptRequest'),
  encryptResponse: messageType<EncryptResponse>('EncryptResponse'),
  decryptRequest: messageType<EncryptResponse & { readonly uid: string }>('DecryptRequest'),
  decryptResponse: messageType<{ readonly plaintext: Uint8Array }>('DecryptResponse'),
  envelope: messageType<Envelope>('EncryptedObject'),
} as const;
