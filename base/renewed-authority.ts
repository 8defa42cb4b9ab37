/** Whom one trusts: a bundle of authorities' certificates, given or in a file that is renewed in place. */

import { X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import { certificatesOf } from './pem.ts';
import { RenewedFiles, type RenewedFilesOptions } from './renewed-files.ts';

/** PEM, one certificate or more: a text that stays as it is, or a file. */
export type AuthoritySource = string | { readonly authorityFile: string };

export class RenewedAuthority {
  readonly #given: string | undefined;
  readonly #file: RenewedFiles<string> | undefined;

  constructor(source: AuthoritySource, options: RenewedFilesOptions<string> = {}) {
    if (typeof source === 'string') this.#given = source;
    else this.#file = new RenewedFiles(bundleIn(source.authorityFile), options);
  }

  /** PEM. Throws only while there has never been a bundle. */
  async current(): Promise<string> {
    if (this.#given !== undefined) return this.#given;
    if (this.#file === undefined) throw new Error('Neither a bundle nor a file');
    return await this.#file.current();
  }
}

const bundleIn = (file: string) => ({
  files: [file],
  read: () => readBundle(file),
  isSame: (one: string, other: string) => one === other,
});

/** Throws unless it is certificates all through: with a part of them, some who should be trusted would not be. */
export async function readBundle(file: string): Promise<string> {
  const bundle = await readFile(file, 'utf8');
  const certificates = certificatesOf(bundle);
  if (certificates.length === 0) throw new Error(`${file} holds no certificate`);
  for (const certificate of certificates) new X509Certificate(certificate); // throws
  return bundle;
}
