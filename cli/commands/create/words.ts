/** What creators read of a command line. */

import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textsOf } from '../../arguments.ts';

/** The one word that is the object's name. */
export function nameIn(words: readonly string[]): string {
  const [name, ...others] = words;
  if (name !== undefined && name !== '' && others.length === 0) return name;
  throw new UserError(`error: exactly one NAME is required, got ${words.length}`);
}

/** `a`, `b,c` → all three. */
export const listOf = (args: Arguments, flag: string): string[] =>
  textsOf(args, flag)
    .flatMap((text) => text.split(','))
    .filter((text) => text !== '');

/** `key=value`. */
export function splitPair(text: string, what: string): readonly [string, string] {
  const equals = text.indexOf('=');
  if (equals > 0) return [text.slice(0, equals), text.slice(equals + 1)];
  throw new UserError(`error: invalid ${what} ${text}, expected key=value`);
}
