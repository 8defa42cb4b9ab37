/** What makes a generated name one of its own. */

import { randomInt } from 'node:crypto';

/** No vowels and no look-alikes: a generated name is never a word. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

export const randomSuffixLength = 5;

/** Five characters, as upstream's generated names end. */
export function randomSuffix(): string {
  return Array.from({ length: randomSuffixLength }, () => alphabet[randomInt(alphabet.length)]).join('');
}
