/**
 * A certificate with its key, as whoever uses them should have them now: files that are renewed in place are read again,
 * at most once a minute. What cannot be read or does not fit together, a renewal half done, leaves the pair before it in
 * use until the next look.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { KeyPair } from './certificates.ts';
import { type Clock, systemClock } from './clock.ts';
import { type Logger, silentLogger } from './logger.ts';

export interface KeyPairFiles {
  /** Paths of PEM files. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The texts themselves stay as they are. */
export type KeyPairSource = KeyPair | KeyPairFiles;

export interface RenewedKeyPairOptions {
  readonly clock?: Clock;
  readonly logger?: Logger;
  /** What was just read from the files. */
  readonly last?: KeyPair | undefined;
}

export const lookAgainMs = 60_000;

export class RenewedKeyPair {
  readonly #source: KeyPairSource;
  readonly #clock: Clock;
  readonly #logger: Logger;
  #last: KeyPair | undefined;
  #readAt = 0;

  constructor(source: KeyPairSource, options: RenewedKeyPairOptions = {}) {
    const { clock = systemClock, logger = silentLogger, last } = options;
    this.#source = source;
    this.#clock = clock;
    this.#logger = logger;
    this.#last = last;
    this.#readAt = clock.monotonic();
  }

  /** The same object until there is another pair. Throws only while there has never been one. */
  async current(): Promise<KeyPair> {
    if (!('certificateFile' in this.#source)) return this.#source;
    const now = this.#clock.monotonic();
    const last = this.#last;
    if (last !== undefined && now - this.#readAt < lookAgainMs) return last;
    this.#readAt = now;
    try {
      const pair = await readPair(this.#source);
      this.#last = last?.certificate === pair.certificate && last.key === pair.key ? last : pair;
      return this.#last;
    } catch (error) {
      if (last === undefined) throw error;
      this.#logger.warn('A certificate cannot be read again', { file: this.#source.certificateFile, error });
      return last;
    }
  }
}

/** Throws unless the key is the certificate's. */
async function readPair({ certificateFile, keyFile }: KeyPairFiles): Promise<KeyPair> {
  const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
  if (parseCertificate({ certificate, key }) === undefined)
    throw new Error(`${certificateFile} and ${keyFile} are not a certificate and its key`);
  return { certificate, key };
}

/** undefined when it is not a certificate with its own key: a file cut short by a full disk, for instance. */
export function parseCertificate(pair: KeyPair): X509Certificate | undefined {
  try {
    const certificate = new X509Certificate(pair.certificate);
    return certificate.checkPrivateKey(createPrivateKey(pair.key)) ? certificate : undefined;
  } catch {
    return undefined; // whatever it is, it cannot be used; the caller decides what that means
  }
}
