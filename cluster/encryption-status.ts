/** Tells people how Secrets lie in etcd: by which keys, and whether every API server knows them. */

import { configurationHash } from '../apiserver/encryption/configuration-hash.ts';
import { type Provider, parseEncryptionConfiguration } from '../apiserver/encryption/encryption-configuration.ts';
import { errorText } from '../base/error-text.ts';
import { readEncryptionFile } from './encryption-file.ts';
import { readEncryptionState } from './encryption-state.ts';
import type { RotationServer } from './key-rotation.ts';

/** Lines. Names of keys, never keys. */
export async function describeEncryption(file: string, servers: readonly RotationServer[]): Promise<string[]> {
  const text = await readEncryptionFile(file);
  const { rules } = parseEncryptionConfiguration(text, file);
  const lines = rules.flatMap(({ resources, providers }) => [
    `${resources.join(', ')}:`,
    ...providers.flatMap(keysOf).map((key, index) => `  ${key}${index === 0 ? ' (writes)' : ''}`),
  ]);
  const states = await Promise.all(servers.map((server) => describeServer(server, configurationHash(text))));
  return [`${file}`, ...lines, ...states];
}

const keysOf = (provider: Provider): readonly string[] =>
  provider.type === 'identity'
    ? ['identity: not encrypted']
    : provider.type === 'kms'
      ? [`kms ${provider.name} at ${provider.endpoint}`]
      : provider.keys.map(({ name }) => `${provider.type} ${name}`);

async function describeServer({ url, client }: RotationServer, hash: string): Promise<string> {
  try {
    const state = await readEncryptionState(client);
    const use =
      state.hash === hash ? 'uses this file' : state.hash === undefined ? 'encrypts nothing' : 'uses another file';
    const unreadable = [...state.unreadable].map(([resource, count]) => `, cannot read ${count} of ${resource}`);
    return `${url} ${use}${unreadable.join('')}`;
  } catch (error) {
    return `${url} does not say: ${errorText(error)}`;
  }
}
