/** How many values an object may have: each costs time in whatever reads it, however few bytes it is. */

import { isRecord } from './json-record.ts';

/** No object that the store takes has more: each value is some bytes in it, and its owner is some more. */
const maxValues = 100_000;
/** Maps of very many keys cost more than anything else. */
const maxKeys = 25_000;

/** Why the object is too large to be worked on; undefined: it is not. */
export function whyTooManyValues(object: unknown): string | undefined {
  const count = countValues(object, maxValues);
  if (count === tooManyKeys) return `a map may have ${maxKeys} keys at most`;
  return count > maxValues ? `an object may have ${maxValues} values at most` : undefined;
}

const tooManyKeys = Number.POSITIVE_INFINITY;

/** All scalars, lists and maps in `value`; stops counting beyond `limit`. */
function countValues(value: unknown, limit: number): number {
  let count = 1;
  if (typeof value !== 'object' || value === null) return count;
  const members = Object.values(value);
  if (members.length > maxKeys && isRecord(value)) return tooManyKeys;
  for (const member of members) {
    count += countValues(member, limit - count);
    if (count > limit) break;
  }
  return count;
}
