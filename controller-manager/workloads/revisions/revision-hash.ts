/**
 * The hash in the name of a ControllerRevision, and on the pods that are made of it: 32 bits (FNV-1) over what the
 * revision holds and the number of collisions so far, in characters that make no words. Pure.
 */

const alphabet = 'bcdfghjklmnpqrstvwxz2456789';
const offsetBasis = 0x811c9dc5;
const prime = 0x01000193;

export function computeRevisionHash(data: unknown, collisionCount: number): string {
  let hash = offsetBasis;
  for (const byte of Buffer.from(`${sortedJson(data)}${collisionCount}`)) {
    hash = Math.imul(hash, prime) ^ byte;
  }
  return [...String(hash >>> 0)].map((digit) => alphabet[digit.charCodeAt(0) % alphabet.length]).join('');
}

/** JSON in which the order of keys says nothing. */
function sortedJson(value: unknown): string {
  return JSON.stringify(value, (_, part: unknown) =>
    typeof part === 'object' && part !== null && !Array.isArray(part)
      ? Object.fromEntries(Object.entries(part).sort(([a], [b]) => (a < b ? -1 : 1)))
      : part,
  );
}
