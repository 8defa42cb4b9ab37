/** What API servers say about how they encrypt: which file is in force, and what they cannot read. */

import type { Client } from '../client/client.ts';

export interface EncryptionState {
  /** `sha256:…` of the file whose rules alone are in force; undefined: the server encrypts nothing. */
  readonly hash: string | undefined;
  /** Objects that cannot be read, by `group/resource`. */
  readonly unreadable: ReadonlyMap<string, number>;
}

export async function readEncryptionState(client: Pick<Client, 'raw'>): Promise<EncryptionState> {
  const { text } = await client.raw('GET', '/metrics');
  return parseEncryptionState(text);
}

/** Of the server's metrics. Pure. */
export function parseEncryptionState(metrics: string): EncryptionState {
  const hash = /^apiserver_encryption_config_controller_last_config_info\{hash="([^"]+)"\} 1$/m.exec(metrics)?.[1];
  const unreadable = new Map<string, number>();
  for (const [, resource = '', count] of metrics.matchAll(
    /^apiserver_storage_unreadable_objects\{resource="([^"]+)"\} (\d+)$/gm,
  )) {
    if (Number(count) > 0) unreadable.set(resource, Number(count));
  }
  return { hash, unreadable };
}
