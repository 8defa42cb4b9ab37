/** Which controllers run, as upstream's `--controllers` has it. */

import { UserError } from '../base/user-error.ts';

/**
 * Of `names` those that are wanted: `foo` is, `-foo` is not, and `*` is all that no other word names. Throws a UserError
 * when a word means no controller.
 */
export function chooseControllers(names: readonly string[], words: readonly string[]): string[] {
  const wanted = words.map((word) => word.trim()).filter((word) => word !== '');
  const unknown = wanted.filter((word) => word !== '*' && !names.includes(word.replace(/^-/, '')));
  if (unknown.length > 0)
    throw new UserError(`--controllers: there is no ${unknown.join(', ')}; there are ${names.join(', ')}`);
  return names.filter((name) => wanted.find((word) => word === name || word === `-${name}`) === name || isInAll(name));

  function isInAll(name: string): boolean {
    return wanted.includes('*') && !wanted.includes(`-${name}`);
  }
}
