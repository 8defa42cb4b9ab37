/** `KEY=VALUE` words of a command line. Pure. */

import { UserError } from '../base/user-error.ts';

/** Throws UserError. */
export function keysAndValues(pairs: readonly string[]): Record<string, string> {
  return Object.fromEntries(
    pairs.map((pair) => {
      const equals = pair.indexOf('=');
      if (equals <= 0) throw new UserError(`error: ${pair} is not of the form KEY=VALUE`);
      return [pair.slice(0, equals), pair.slice(equals + 1)];
    }),
  );
}
