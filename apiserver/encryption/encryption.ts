/**
 * What is encrypted in the store, and how, as the file of `--encryption-provider-config` says now: a changed file is read
 * again, and one that is wrong leaves what was before in force. Without a file nothing is encrypted.
 */

import { readFile, stat } from 'node:fs/promises';
import { type Clock, systemClock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import { ifFilePresent } from '../../base/if-file-present.ts';
import { type Logger, silentLogger } from '../../base/logger.ts';
import { Metrics } from '../../base/metrics.ts';
import { UserError } from '../../base/user-error.ts';
import { RevisionConflictError, type Store } from '../store/store.ts';
import { UnreadableEntry } from '../store/unreadable-entry.ts';
import { DecryptionError } from './ciphers/cipher.ts';
import type { Transformer } from './ciphers/transformer.ts';
import { configurationHash } from './configuration-hash.ts';
import { EncryptedStore, type TransformerSource } from './encrypted-store.ts';
import { type KmsProvider, parseEncryptionConfiguration } from './encryption-configuration.ts';
import type { KmsCipher } from './kms/kms-cipher.ts';
import { findMissingKeys, storedPrefixes } from './start-check.ts';
import { kmsCiphersOf, ownKeysPrefix, Transformers } from './transformers.ts';

export interface EncryptionOptions {
  /** An `EncryptionConfiguration`. */
  readonly configFile: string;
  /** Default true: read again when it changes. */
  readonly automaticReload?: boolean | undefined;
  /** Start although nothing that some key has encrypted can be read. Default false. */
  readonly acceptUnreadable?: boolean | undefined;
}

export interface EncryptionParts {
  readonly clock?: Clock;
  readonly logger?: Logger;
  readonly metrics?: Metrics;
}

type KnownKms = ReadonlyMap<string, { readonly provider: KmsProvider; readonly cipher: KmsCipher }>;

/** A configuration that was read. */
interface Rules {
  readonly text: string;
  readonly kms: KnownKms;
  readonly transformers: Transformers;
}

const lookAgainMs = 500;
const refusedAgainMs = 10_000;

export class Encryption implements TransformerSource {
  readonly #options: EncryptionOptions;
  readonly #clock: Clock;
  readonly #logger: Logger;
  readonly #metrics: ReturnType<typeof createMetrics>;
  readonly #stopping = new AbortController();
  readonly #loops = new Set<Promise<void>>();
  readonly #followed = new Map<KmsCipher, AbortController>();
  #text = '';
  /** The same, once nothing is on its way to the store any more that was encrypted as the text before it says. */
  #settled = '';
  #kms: KnownKms = new Map();
  #transformers = new Transformers({ rules: [] }, new Map());
  #store: EncryptedStore | undefined;
  /** As it is, and below what in it something may be encrypted beside custom resources. */
  #stored: { readonly store: Store; readonly prefixes: readonly string[] } | undefined;
  /** The last file that would have left something unreadable: not to be tried again at once, as it is. */
  #refused: { readonly text: string; readonly why: string; readonly until: number } | undefined;

  private constructor(options: EncryptionOptions, { clock, logger, metrics }: EncryptionParts) {
    this.#options = options;
    this.#clock = clock ?? systemClock;
    this.#logger = logger ?? silentLogger;
    this.#metrics = createMetrics(metrics ?? new Metrics(), () => this.hash);
  }

  /** Reads the file. Throws `UserError` when it is missing or wrong. */
  static async open(options: EncryptionOptions, parts: EncryptionParts = {}): Promise<Encryption> {
    const encryption = new Encryption(options, parts);
    await encryption.#warnIfOpen();
    encryption.#use(encryption.#read(await readConfiguration(options.configFile)));
    return encryption;
  }

  /** Of the text that alone is in force: by it others see that a server writes no more with a key that goes. */
  get hash(): string {
    return configurationHash(this.#settled);
  }

  transformerOf(place: string): Transformer | undefined {
    return this.#transformers.of(place);
  }

  note(operation: 'to_storage' | 'from_storage', { prefix }: Transformer, error?: unknown): void {
    const status = error === undefined ? 'OK' : error instanceof DecryptionError ? 'DataLoss' : 'Unavailable';
    this.#metrics.operations.inc({ transformation_type: operation, transformer_prefix: prefix, status });
  }

  /** The store as everybody uses it. Throws `UserError` when it cannot be read; to be called until the store answers. */
  async over(store: Store, prefixes: readonly string[]): Promise<Store> {
    this.#stored = { store, prefixes: [...prefixes, ownKeysPrefix] };
    await this.#refuseMissingKeys(this.#transformers);
    const encrypted = new EncryptedStore(store, this);
    await this.#settleOwnKeys(encrypted);
    await rewriteStale(encrypted, ownKeysPrefix);
    this.#store = encrypted;
    this.#settled = this.#text;
    return encrypted;
  }

  /** Watches the file and the key services until `stop`. */
  start(): void {
    if (this.#options.automaticReload ?? true) this.#loops.add(this.#followFile(this.#stopping.signal));
    this.#followServices();
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    for (const stopping of this.#followed.values()) stopping.abort();
    await Promise.all(this.#loops);
    for (const { cipher } of this.#kms.values()) cipher.close();
  }

  /** What is wrong with the key services, or undefined. */
  async check(): Promise<string | undefined> {
    const wrong = await Promise.all(this.#transformers.kms.map((cipher) => cipher.check()));
    return wrong.find((one) => one !== undefined);
  }

  /** With these rules, what is stored now has to be readable. */
  async #refuseMissingKeys(transformers: Transformers): Promise<void> {
    if (this.#options.acceptUnreadable || this.#stored === undefined) return;
    const { store, prefixes } = this.#stored;
    const found = await Promise.all(transformers.roots.map((place) => storedPrefixes(store, place)));
    const encrypted = transformers.encryptedOf(new Set([...prefixes, ...found.flat()]));
    const missing = await findMissingKeys({
      ...{ store, prefixes: encrypted },
      transformerOf: (place) => transformers.of(place),
    });
    if (missing.size === 0) return;
    const keys = [...missing].map(([prefix, count]) => `${count} with "${prefix}"`).join(', ');
    throw new UserError(whyUnreadable(keys, this.#options));
  }

  async #warnIfOpen(): Promise<void> {
    const { configFile } = this.#options;
    const mode = (await ifFilePresent(stat(configFile)))?.mode ?? 0;
    if ((mode & 0o077) !== 0) {
      this.#logger.warn('The encryption configuration can be read by others than its owner', { file: configFile });
    }
  }

  /** Keys of the server itself that cannot be read are made anew, if it may start without them. */
  async #settleOwnKeys(store: Store): Promise<void> {
    const { entries } = await store.list({ prefix: ownKeysPrefix });
    for (const entry of entries) {
      if (!(entry instanceof UnreadableEntry) || entry.error.isTransient) continue;
      if (!this.#options.acceptUnreadable) throw new UserError(whyUnreadable(entry.error.message, this.#options));
      this.#logger.warn('A key of the API server cannot be read and is made anew', { key: entry.key });
      await store.delete(entry.key, entry.revision);
    }
  }

  async #followFile(signal: AbortSignal): Promise<void> {
    let refused = '';
    while (!signal.aborted) {
      await this.#clock.sleep(lookAgainMs, signal);
      if (signal.aborted) return;
      const said = await this.#reload();
      if (said !== undefined && said !== refused) {
        this.#logger.error('The encryption configuration cannot be used; the one before stays in force', { why: said });
      }
      refused = said ?? '';
    }
  }

  /** Why the file cannot be used. */
  async #reload(): Promise<string | undefined> {
    try {
      const text = await readConfiguration(this.#options.configFile);
      if (text === this.#settled) return undefined;
      const { text: before, why, until = 0 } = this.#refused ?? {};
      if (text === before && this.#clock.monotonic() < until) return why;
      if (text !== this.#text) await this.#takeOver(text);
      await this.#settle(text);
      this.#metrics.reloads.inc({ status: 'success' });
      this.#logger.info('The encryption configuration was read again', { hash: this.hash });
      return undefined;
    } catch (error) {
      this.#metrics.reloads.inc({ status: 'failure' });
      return errorText(error);
    }
  }

  /** Throws when keys that the file does not have any more are still needed. */
  async #takeOver(text: string): Promise<void> {
    const next = this.#read(text);
    try {
      await this.#refuseMissingKeys(next.transformers);
    } catch (error) {
      for (const [name, { cipher }] of next.kms) if (this.#kms.get(name)?.cipher !== cipher) cipher.close();
      if (error instanceof UserError)
        this.#refused = { text, why: error.message, until: this.#clock.monotonic() + refusedAgainMs };
      throw error;
    }
    this.#use(next);
    this.#followServices();
    this.#refused = undefined;
  }

  async #settle(text: string): Promise<void> {
    if (this.#store !== undefined) {
      await this.#store.writesUntilNow();
      await rewriteStale(this.#store, ownKeysPrefix);
    }
    this.#settled = text;
  }

  #read(text: string): Rules {
    const configuration = parseEncryptionConfiguration(text, this.#options.configFile);
    const kms = kmsCiphersOf(configuration, this.#kms, this.#clock);
    const ciphers = new Map([...kms].map(([name, { cipher }]) => [name, cipher]));
    return { text, kms, transformers: new Transformers(configuration, ciphers) };
  }

  #use({ text, kms, transformers }: Rules): void {
    this.#kms = kms;
    this.#transformers = transformers;
    this.#text = text;
  }

  /** Those that are named no more are left alone from now on. */
  #followServices(): void {
    const named = new Set([...this.#kms.values()].map(({ cipher }) => cipher));
    for (const [cipher, stopping] of this.#followed) {
      if (named.has(cipher)) continue;
      stopping.abort();
      this.#followed.delete(cipher);
      cipher.close();
    }
    for (const cipher of named) {
      if (this.#followed.has(cipher)) continue;
      const stopping = new AbortController();
      this.#followed.set(cipher, stopping);
      const loop = cipher.follow(stopping.signal).finally(() => this.#loops.delete(loop));
      this.#loops.add(loop);
    }
  }
}

const whyUnreadable = (what: string, { configFile }: EncryptionOptions): string =>
  `What the store keeps encrypted cannot be read: ${what}. ${configFile} does not have the key, or has another one under ` +
  'its name. Restore that file from a backup; nothing was changed. If the key is lost for good, start with ' +
  '--accept-unreadable-secrets: what it encrypted stays unreadable and can be deleted, and tokens are issued anew.';

async function readConfiguration(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(`The encryption configuration cannot be read: ${errorText(cause)}`, { cause });
  }
}

/** Of what only the server writes: whoever else does so at this moment does it as well. */
async function rewriteStale(store: Store, prefix: string): Promise<void> {
  const { entries } = await store.list({ prefix });
  for (const entry of entries) {
    if (!entry.isStale) continue;
    try {
      await store.update(entry.key, entry.value, entry.revision);
    } catch (error) {
      if (!(error instanceof RevisionConflictError)) throw error;
    }
  }
}

function createMetrics(metrics: Metrics, hash: () => string) {
  metrics.gauge(
    {
      name: 'apiserver_encryption_config_controller_last_config_info',
      help: 'The encryption configuration that is in force, by its hash.',
      labels: ['hash'],
    },
    (gauge) => {
      gauge.reset();
      gauge.set({ hash: hash() }, 1);
    },
  );
  return {
    reloads: metrics.counter({
      name: 'apiserver_encryption_config_controller_automatic_reloads_total',
      help: 'How often a changed encryption configuration was read, by whether it could be used.',
      labels: ['status'],
    }),
    operations: metrics.counter({
      name: 'apiserver_storage_transformation_operations_total',
      help: 'Values that were encrypted for the store or decrypted from it.',
      labels: ['transformation_type', 'transformer_prefix', 'status'],
    }),
  };
}
