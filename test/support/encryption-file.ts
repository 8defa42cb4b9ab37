/** Files of `--encryption-provider-config` for tests. */

import { rename, writeFile } from 'node:fs/promises';

/** The key of a name: the same each time. */
const secretOf = (name: string): string => Buffer.alloc(32, name).toString('base64');

export const localKeys = (...names: readonly string[]) => ({
  aesgcm: { keys: names.map((name) => ({ name, secret: secretOf(name) })) },
});

/** Whole or not at all, as whoever changes such a file should write it. */
export async function writeEncryptionFile(
  file: string,
  providers: readonly object[],
  resources: readonly string[] = ['secrets'],
): Promise<void> {
  const configuration = {
    apiVersion: 'apiserver.config.k8s.io/v1',
    kind: 'EncryptionConfiguration',
    resources: [{ resources, providers }],
  };
  await writeFile(`${file}.new`, JSON.stringify(configuration), { mode: 0o600 });
  await rename(`${file}.new`, file);
}
