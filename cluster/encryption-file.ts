/**
 * The file that says how a cluster's Secrets lie in etcd, with their keys: an `EncryptionConfiguration` in upstream's
 * form. Unless another one is named, it lies in the data directory, is made once, and only its owner can read it.
 */

import { randomBytes } from 'node:crypto';
import { chmod, readFile } from 'node:fs/promises';
import { join } from 'node:path';
import yaml from 'js-yaml';
import { configurationKind } from '../apiserver/encryption/encryption-configuration.ts';
import { errorCode } from '../base/error-text.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import { UserError } from '../base/user-error.ts';
import { writeAtomically } from '../base/write-atomically.ts';

export const encryptionFile = 'encryption.yaml';
export const encryptionFileOf = (dataDir: string): string => join(dataDir, encryptionFile);

const privateMode = 0o600;
const keyBytes = 32;

export const newSecret = (): string => randomBytes(keyBytes).toString('base64');

/** Makes the file of a data directory if there is none. What it says is kept: without its keys, Secrets are lost. */
export async function ensureEncryptionFile(dataDir: string): Promise<string> {
  const file = encryptionFileOf(dataDir);
  if ((await ifFilePresent(chmod(file, privateMode).then(() => true))) === undefined) {
    await writeEncryptionFile(file, firstConfiguration());
  }
  return file;
}

/** What is stored plain stays readable. */
const firstConfiguration = () => ({
  ...configurationKind,
  resources: [
    {
      resources: ['secrets'],
      providers: [{ aesgcm: { keys: [{ name: 'key1', secret: newSecret() }] } }, { identity: {} }],
    },
  ],
});

/** Throws `UserError` where there is none, or for somebody else's eyes. */
export async function readEncryptionFile(file: string): Promise<string> {
  try {
    return await readFile(file, 'utf8');
  } catch (cause) {
    throw new UserError(
      `${file} cannot be read (${errorCode(cause)}). Run this as root on the machine of the API server, with its ` +
        '--data-dir, or with --file for a file of your own.',
      { cause },
    );
  }
}

/** Returns the text that the file has now. */
export async function writeEncryptionFile(file: string, configuration: object): Promise<string> {
  const text = `# Keys of what lies encrypted in etcd. Keep a copy: without them, it cannot be read.\n${yaml.dump(configuration)}`;
  await writeAtomically(file, text, privateMode);
  return text;
}
