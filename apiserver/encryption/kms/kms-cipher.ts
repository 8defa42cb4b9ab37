/**
 * Envelope encryption, as upstream's KMS v2: each value has a key of its own, derived from a seed of this server, and the
 * seed is stored with each value, encrypted by the service. The service is asked once for each seed, not for each value.
 *
 *   status ─ new key id ─► new seed, encrypted by the service ─► values are sealed with it until the key id changes
 *   a value of another seed ─► the service decrypts that, once; then it is known
 *
 * Invariant: values are sealed only with a seed that the service has encrypted under the key id of its last status.
 */

import { createHash, createHmac, randomBytes } from 'node:crypto';
import type { Clock } from '../../../base/clock.ts';
import { errorText } from '../../../base/error-text.ts';
import { openGcm, sealGcm } from '../ciphers/aes-gcm.ts';
import { type Cipher, DecryptionError, KeyServiceError, type Opened } from '../ciphers/cipher.ts';
import type { KmsClient } from './kms-client.ts';
import { dekSource, type EncryptResponse, type Envelope, messages, type StatusResponse } from './kms-messages.ts';

export interface KmsCipherOptions {
  readonly name: string;
  readonly client: KmsClient;
  readonly clock: Clock;
}

interface Seed {
  readonly key: Buffer;
  readonly encrypted: EncryptResponse;
}

const seedBytes = 32;
const infoBytes = 32;
/** Every server that ever wrote here had one for each key; those of the last ones are kept. */
const maxKnownSeeds = 1_000;
/** After a failure nobody who reads waits for the service again for so long: a list must not wait a thousand times. */
const restMs = 5_000;
/** Without a word of the service for so long, nothing is sealed with its key any more: it may have been withdrawn. */
const seedLifeMs = 180_000;
/** The service is asked for its key again after so long. */
const statusLifeMs = 60_000;
const retryStatusMs = 10_000;

export class KmsCipher implements Cipher {
  readonly prefix: string;
  readonly name: string;
  readonly #client: KmsClient;
  readonly #clock: Clock;
  readonly #known = new Map<string, Buffer>();
  readonly #asked = new Map<string, Promise<Buffer>>();
  #seed: Seed | undefined;
  #renewing: Promise<Seed> | undefined;
  #restUntil = 0;
  #confirmedAt = 0;
  #failure: KeyServiceError | undefined;

  constructor({ name, client, clock }: KmsCipherOptions) {
    this.name = name;
    this.prefix = `k8s:enc:kms:v2:${name}:`;
    this.#client = client;
    this.#clock = clock;
  }

  async seal(plain: Buffer, place: string): Promise<Buffer> {
    const { key, encrypted } = this.#currentSeed() ?? (await this.#renewed());
    const info = randomBytes(infoBytes);
    return messages.envelope.encode({
      encryptedData: Buffer.concat([info, sealGcm(derivedKey(key, info), plain, place)]),
      keyId: encrypted.keyId,
      encryptedDekSource: encrypted.ciphertext,
      annotations: encrypted.annotations,
      encryptedDekSourceType: dekSource.seed,
    });
  }

  open(sealed: Buffer, place: string): Opened | Promise<Opened> {
    const envelope = readEnvelope(sealed);
    const known = this.#known.get(idOf(envelope));
    if (known !== undefined) return this.#opened(envelope, known, place);
    return this.#ask(envelope).then((source) => this.#opened(envelope, source, place));
  }

  /** What is wrong with the service, or undefined. Also notices that it has a new key, and takes that. */
  async check(): Promise<string | undefined> {
    try {
      await this.#renewed();
      return undefined;
    } catch (error) {
      return errorText(error);
    }
  }

  /** Until the signal aborts, the service's key is looked at. */
  async follow(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      const wrong = await this.check();
      await this.#clock.sleep(wrong === undefined ? statusLifeMs : retryStatusMs, signal);
    }
  }

  close(): void {
    this.#client.close();
  }

  #currentSeed(): Seed | undefined {
    return this.#clock.monotonic() - this.#confirmedAt < seedLifeMs ? this.#seed : undefined;
  }

  #opened({ encryptedData, encryptedDekSourceType, keyId }: Envelope, source: Buffer, place: string): Opened {
    const data = Buffer.from(encryptedData);
    const isStale = this.#seed !== undefined && keyId !== this.#seed.encrypted.keyId;
    if (encryptedDekSourceType === dekSource.key) return { plain: openGcm(source, data, place), isStale: true };
    if (data.length < infoBytes) throw new DecryptionError('the value is too short');
    const key = derivedKey(source, data.subarray(0, infoBytes));
    return { plain: openGcm(key, data.subarray(infoBytes), place), isStale };
  }

  /** One call for each seed, however many values wait for it. */
  #ask(envelope: Envelope): Promise<Buffer> {
    const id = idOf(envelope);
    let asked = this.#asked.get(id);
    if (asked === undefined) {
      asked = this.#decryptSource(id, envelope).finally(() => this.#asked.delete(id));
      this.#asked.set(id, asked);
    }
    return asked;
  }

  async #decryptSource(id: string, { encryptedDekSource, keyId, annotations }: Envelope): Promise<Buffer> {
    if (this.#failure !== undefined && this.#clock.monotonic() < this.#restUntil) throw this.#failure;
    const call = { ciphertext: encryptedDekSource, keyId, annotations };
    const source = await this.#noted(() => this.#client.decrypt(call));
    if (![16, 24, seedBytes].includes(source.length)) throw new DecryptionError('the service returned no key');
    this.#remember(id, source);
    return source;
  }

  #remember(id: string, source: Buffer): void {
    this.#known.set(id, source);
    const [oldest] = this.#known.keys();
    if (this.#known.size > maxKnownSeeds && oldest !== undefined) this.#known.delete(oldest);
  }

  /** The seed to write with, after a look at the service's present key. */
  #renewed(): Promise<Seed> {
    this.#renewing ??= this.#renew().finally(() => {
      this.#renewing = undefined;
    });
    return this.#renewing;
  }

  async #renew(): Promise<Seed> {
    const { keyId } = await this.#noted(async () => checkedStatus(this.name, await this.#client.status()));
    this.#confirmedAt = this.#clock.monotonic();
    if (this.#seed?.encrypted.keyId === keyId) return this.#seed;
    const key = randomBytes(seedBytes);
    const encrypted = await this.#noted(() => this.#client.encrypt(key));
    if (encrypted.keyId !== keyId) {
      throw new KeyServiceError(`KMS provider ${this.name} has another key in Encrypt than in Status: it is changing`);
    }
    const seed = { key, encrypted };
    this.#remember(sourceId(encrypted.ciphertext, encrypted.keyId, dekSource.seed), key);
    this.#seed = seed;
    return seed;
  }

  async #noted<T>(call: () => Promise<T>): Promise<T> {
    try {
      const result = await call();
      this.#failure = undefined;
      return result;
    } catch (error) {
      if (error instanceof KeyServiceError) {
        this.#failure = error;
        this.#restUntil = this.#clock.monotonic() + restMs;
      }
      throw error;
    }
  }
}

function checkedStatus(name: string, status: StatusResponse): StatusResponse {
  const { version, healthz, keyId } = status;
  if (version !== 'v2' && version !== 'v2beta1') {
    throw new KeyServiceError(`KMS provider ${name} speaks version ${JSON.stringify(version)}, not v2`);
  }
  if (healthz !== 'ok') throw new KeyServiceError(`KMS provider ${name} says that it is not healthy`);
  if (keyId === '') throw new KeyServiceError(`KMS provider ${name} names no key`);
  return status;
}

function readEnvelope(sealed: Buffer): Envelope {
  let envelope: Envelope;
  try {
    envelope = messages.envelope.decode(sealed);
  } catch (cause) {
    throw new DecryptionError('the value is no envelope', { cause });
  }
  if (envelope.encryptedDekSource.length === 0) throw new DecryptionError('the value is no envelope');
  return envelope;
}

const idOf = ({ encryptedDekSource, keyId, encryptedDekSourceType }: Envelope): string =>
  sourceId(encryptedDekSource, keyId, encryptedDekSourceType);

const sourceId = (encrypted: Uint8Array, keyId: string, type: number): string =>
  createHash('sha256').update(encrypted).update(`\0${keyId}\0${type}`).digest('base64');

/** HKDF's second step (RFC 5869, one block): the seed is as good as the first step's result. */
function derivedKey(seed: Buffer, info: Buffer): Buffer {
  return createHmac('sha256', seed)
    .update(info)
    .update(Buffer.from([1]))
    .digest();
}
