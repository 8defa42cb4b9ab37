/** The pieces that requests to etcd and its answers are made of. Pure. */

import type { ICompare, IKeyValue, IRequestOp } from 'etcd3';
import type { Entry } from './store.ts';

export const entryOf = ({ key, value, mod_revision }: IKeyValue): Entry => ({
  key: key.toString(),
  value,
  revision: Number(mod_revision),
});

/** All keys that start with `prefix`, from the one after `after` on. */
export function prefixRange(prefix: string, after = ''): { key: Buffer; range_end: Buffer } {
  const start = Buffer.from(prefix);
  // The least key greater than `after` is `after` with a NUL behind it.
  const next = after === '' ? start : Buffer.from(`${after}\0`);
  return { key: Buffer.compare(next, start) > 0 ? next : start, range_end: prefixRangeEnd(start) };
}

/** The least key that is greater than all with this prefix; etcd's "to the end" when there is none. */
function prefixRangeEnd(prefix: Buffer): Buffer {
  const end = Buffer.from(prefix);
  for (let last = end.length - 1; last >= 0; last -= 1) {
    const byte = end[last] ?? 0xff;
    if (byte === 0xff) continue;
    end[last] = byte + 1;
    return end.subarray(0, last + 1);
  }
  return Buffer.from([0]);
}

/** True while the key is at this revision; 0: while it does not exist. */
export const isAtRevision = (key: Buffer, revision: number): ICompare => ({
  key,
  target: 'Mod',
  result: 'Equal',
  mod_revision: String(revision),
});

export const getKey = (key: Buffer): IRequestOp => ({ request_range: { key } });
