/** The files of `<data-dir>/pki`: `<name>.crt` and `<name>.key`, written by one process at a time. */

import { open, readFile, rename, rm, stat } from 'node:fs/promises';
import { join } from 'node:path';
import type { KeyPair } from '../base/certificates.ts';
import { systemClock } from '../base/clock.ts';
import { errorCode } from '../base/error-text.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import type { KeyPairFiles } from '../base/renewed-key-pair.ts';
import { writeTemporary } from '../base/write-atomically.ts';

/** Whoever holds the lock for longer was killed with it. */
const longestHoldMs = 30_000;

export function filesOf(folder: string, name: string): KeyPairFiles {
  return { certificateFile: join(folder, `${name}.crt`), keyFile: join(folder, `${name}.key`) };
}

export async function readPair(folder: string, name: string): Promise<KeyPair | undefined> {
  const { certificateFile, keyFile } = filesOf(folder, name);
  const [certificate, key] = await Promise.all([
    ifFilePresent(readFile(certificateFile, 'utf8')),
    ifFilePresent(readFile(keyFile, 'utf8')),
  ]);
  return certificate === undefined || key === undefined ? undefined : { certificate, key };
}

export async function writePair(folder: string, name: string, pair: KeyPair): Promise<KeyPair> {
  const { certificateFile, keyFile } = filesOf(folder, name);
  const key = await writeTemporary(keyFile, pair.key, 0o600);
  const certificate = await writeTemporary(certificateFile, pair.certificate, 0o644);
  // One right after the other: an authority of which only one is there is refused.
  await rename(key, keyFile);
  await rename(certificate, certificateFile);
  return pair;
}

/** While `change` runs, no other process that asks here changes the files: a key would meet another's certificate. */
export async function withPkiLock<T>(folder: string, change: () => Promise<T>): Promise<T> {
  const file = join(folder, '.lock');
  while (!(await tryCreate(file))) {
    const held = await ifFilePresent(stat(file));
    if (held !== undefined && Math.abs(Date.now() - held.mtimeMs) > longestHoldMs) await rm(file, { force: true });
    else await systemClock.sleep(50);
  }
  try {
    return await change();
  } finally {
    await rm(file, { force: true });
  }
}

async function tryCreate(file: string): Promise<boolean> {
  try {
    await (await open(file, 'wx', 0o600)).close();
    return true;
  } catch (error) {
    if (errorCode(error) === 'EEXIST') return false;
    throw error;
  }
}
