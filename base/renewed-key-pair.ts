/** A certificate with its key, given or in files that are renewed in place (`renewed-files.ts`). */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { setTimeout as delay } from 'node:timers/promises';
import type { KeyPair } from './certificates.ts';
import { RenewedFiles, type RenewedFilesOptions } from './renewed-files.ts';

export interface KeyPairFiles {
  /** Paths of PEM files; one file may hold both. */
  readonly certificateFile: string;
  readonly keyFile: string;
}

/** The texts themselves stay as they are. */
export type KeyPairSource = KeyPair | KeyPairFiles;

export type RenewedKeyPairOptions = RenewedFilesOptions<KeyPair>;

export class RenewedKeyPair {
  readonly #given: KeyPair | undefined;
  readonly #files: RenewedFiles<KeyPair> | undefined;

  constructor(source: KeyPairSource, options: RenewedKeyPairOptions = {}) {
    if ('certificateFile' in source) this.#files = new RenewedFiles(pairIn(source), options);
    else this.#given = source;
  }

  /** The same object until there is another pair. Throws only while there has never been one. */
  async current(): Promise<KeyPair> {
    if (this.#given !== undefined) return this.#given;
    if (this.#files === undefined) throw new Error('Neither a pair nor files');
    return await this.#files.current();
  }
}

function pairIn({ certificateFile, keyFile }: KeyPairFiles) {
  return {
    files: [certificateFile, keyFile],
    read: () => readPair({ certificateFile, keyFile }),
    isSame: (one: KeyPair, other: KeyPair) => one.certificate === other.certificate && one.key === other.key,
  };
}

/** Throws unless the key is the certificate's. */
async function readPair(files: KeyPairFiles): Promise<KeyPair> {
  const pair = await readSettledPair(files);
  if (parseCertificate(pair) !== undefined) return pair;
  throw new Error(`${files.certificateFile} and ${files.keyFile} are not a certificate and its key`);
}

/** Two files are replaced one after the other: who reads in between reads again. */
const settling = { reads: 10, waitMs: 20 };

/** What the two files hold: a certificate and its key, unless they hold something else for long. */
export async function readSettledPair({ certificateFile, keyFile }: KeyPairFiles): Promise<KeyPair> {
  for (let read = 1; ; read += 1) {
    const [certificate, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
    if (read === settling.reads || parseCertificate({ certificate, key }) !== undefined) return { certificate, key };
    await delay(settling.waitMs);
  }
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
