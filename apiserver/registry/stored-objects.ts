/** All objects of a kind as they lie in the store, whoever serves them and in whichever version each is. */

import type { ObjectKey } from '../../api/object.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Store } from '../store/store.ts';
import { storePrefix } from './storage-format.ts';

type Place = Pick<Kind, 'group' | 'plural' | 'namespaced'>;

/** Their values come along, which may be large. */
const keysAtOnce = 50;

/** Some at a time: of what comes while it goes on, whatever lies behind. */
export async function* storedKeys(store: Pick<Store, 'list'>, kind: Place): AsyncGenerator<ObjectKey> {
  const prefix = storePrefix(kind);
  let after = '';
  for (let remaining = 1; remaining > 0; ) {
    const page = await store.list({ prefix, after, limit: keysAtOnce });
    for (const { key } of page.entries) yield keyOf(key.slice(prefix.length), kind);
    after = page.entries.at(-1)?.key ?? after;
    remaining = page.entries.length === 0 ? 0 : page.remaining;
  }
}

function keyOf(path: string, { namespaced }: Place): ObjectKey {
  const slash = namespaced ? path.indexOf('/') : -1;
  return slash < 0 ? { name: path } : { namespace: path.slice(0, slash), name: path.slice(slash + 1) };
}

export async function isNothingStored(store: Pick<Store, 'list'>, kind: Place): Promise<boolean> {
  return (await store.list({ prefix: storePrefix(kind), limit: 1 })).entries.length === 0;
}
