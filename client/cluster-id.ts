/**
 * Who a cluster is, for whatever it makes outside of itself (containers, networks, rules): the uid of the namespace
 * kube-system. It is made once, in the store, and cannot be deleted; so a store that begins anew is another cluster,
 * which touches nothing of the one before, and a restored backup is still the same one.
 */

import { namespaces } from '../api/resources/core.ts';
import type { Reader } from './client.ts';

export async function readClusterId(client: Pick<Reader, 'get'>): Promise<string> {
  const { metadata } = await client.get(namespaces, { name: 'kube-system' });
  return metadata.uid;
}
