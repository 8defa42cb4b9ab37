/** Keys for service account tokens in files, as upstream's flags name them. They may be replaced while the server runs. */

import { readFile } from 'node:fs/promises';
import { errorText } from '../../../base/error-text.ts';
import { readVerificationKeys, signingKey, type VerificationKey } from './public-key.ts';
import type { KeySet } from './rotating-keys.ts';

export interface AccountKeyFiles {
  /** PEM of the private key that signs. */
  readonly signingKeyFile: string;
  /** PEM of keys, public or private, that are believed. None: the one that signs. */
  readonly keyFiles: readonly string[];
}

/** Throws an Error that names the file. */
export async function readKeyFiles({ signingKeyFile, keyFiles }: AccountKeyFiles): Promise<KeySet> {
  const signing = await parse(signingKeyFile, signingKey);
  const files = keyFiles.length > 0 ? keyFiles : [signingKeyFile];
  const believed = (await Promise.all(files.map((file) => parse(file, readVerificationKeys)))).flat();
  return { signing, believed: unique(believed) };
}

async function parse<T>(file: string, parsed: (pem: string) => T): Promise<T> {
  try {
    return parsed(await readFile(file, 'utf8'));
  } catch (error) {
    throw new Error(`the key file ${file} cannot be used: ${errorText(error)}`);
  }
}

const unique = (keys: readonly VerificationKey[]): VerificationKey[] => [
  ...new Map(keys.map((key) => [key.keyId, key])).values(),
];
