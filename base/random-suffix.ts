/** What makes a generated name one of its own. */

import { randomInt } from 'node:crypto';

/** No vowels and no look-alikes: a generated name is never a word. */
const alphabet = 'bcdfghjklmnpqrstvwxz2456789';

export const randomSuffixLength = 5;

/** Five characters, as upstream's generated names end. */
export function randomSuffix(): string {
  let suffix = '';
  for (let rest = randomInt(alphabet.length ** randomSuffixLength); suffix.length < randomSuffixLength; ) {
    suffix += alphabet.charAt(rest % alphabet.length);
    rest = Math.floor(rest / alphabet.length);
  }
  return suffix;
}
