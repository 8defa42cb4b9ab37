/**
 * Looks, before a server starts, whether it can read what is stored: with the key lost, or another one in its file, it
 * would show a cluster without Secrets, and write new ones with a key that the others do not have.
 */

import type { Entry, Store } from '../store/store.ts';
import { DecryptionError } from './ciphers/cipher.ts';
import type { Transformer } from './ciphers/transformer.ts';

export interface StartCheck {
  readonly store: Pick<Store, 'list'>;
  /** Store prefixes of what may be encrypted. */
  readonly prefixes: readonly string[];
  transformerOf(place: string): Transformer | undefined;
}

interface Tally {
  readable: number;
  unreadable: number;
}

const pageEntries = 500;
/** `k8s:enc:aesgcm:v1:key1:` */
const prefixForm = /^k8s:enc:[^:]*:[^:]*:[^:]*:/;
const longestPrefix = 512;

/**
 * The prefixes of the keys with which values are encrypted and none can be read, each with how many those are. One value
 * among others of its key that is damaged is no reason not to start.
 */
export async function findMissingKeys(check: StartCheck): Promise<ReadonlyMap<string, number>> {
  const tallies = new Map<string, Tally>();
  for (const prefix of check.prefixes) {
    for await (const entry of entriesOf(check.store, prefix)) {
      const sealedBy = prefixForm.exec(entry.value.toString('latin1', 0, longestPrefix))?.[0];
      if (sealedBy === undefined) continue;
      const tally = tallies.get(sealedBy) ?? { readable: 0, unreadable: 0 };
      tallies.set(sealedBy, tally);
      tally[(await canRead(check, entry)) ? 'readable' : 'unreadable'] += 1;
    }
  }
  const missing = [...tallies].filter(([, { readable, unreadable }]) => readable === 0 && unreadable > 0);
  return new Map(missing.map(([prefix, { unreadable }]) => [prefix, unreadable]));
}

/** A key service that does not answer may answer later. */
async function canRead({ transformerOf }: StartCheck, { key, value }: Entry): Promise<boolean> {
  try {
    await transformerOf(key)?.open(value, key);
    return true;
  } catch (error) {
    return !(error instanceof DecryptionError);
  }
}

/**
 * The prefixes of all resources of which something is stored below `root`, whichever they are: of custom resources
 * nobody knows before their definitions can be read. Asks once for each.
 */
export async function storedPrefixes(store: Pick<Store, 'list'>, root: string): Promise<string[]> {
  const prefixes: string[] = [];
  for (let after = ''; ; ) {
    const { entries } = await store.list({ prefix: root, after, limit: 1 });
    const [first] = entries;
    if (first === undefined) return prefixes;
    const prefix = resourcePrefix.exec(first.key)?.[0];
    if (prefix !== undefined) prefixes.push(prefix);
    // Everything below a prefix is before what its last slash becomes when it is one more.
    after = prefix === undefined ? first.key : `${prefix.slice(0, -1)}${afterSlash}`;
  }
}

/** `/registry/example.com/widgets/` */
const resourcePrefix = /^\/[^/]+\/[^/]+\/[^/]+\//;
const afterSlash = String.fromCharCode('/'.charCodeAt(0) + 1);

async function* entriesOf(store: Pick<Store, 'list'>, prefix: string): AsyncGenerator<Entry> {
  let after = '';
  for (let remaining = 1; remaining > 0; ) {
    const page = await store.list({ prefix, after, limit: pageEntries });
    yield* page.entries;
    after = page.entries.at(-1)?.key ?? after;
    remaining = page.entries.length === 0 ? 0 : page.remaining;
  }
}
