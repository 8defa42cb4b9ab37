/** Names become parts of the server's paths: one that would lead elsewhere is refused before anything is asked. Pure. */

import { UserError } from '../base/user-error.ts';

/** Returns `text`; `what` is what it names: `resource name`, `namespace`. Throws UserError. */
export function pathSegment(what: string, text: string): string {
  if (text === '.' || text === '..') throw refused(what, text, `may not be '${text}'`);
  for (const sign of ['/', '%']) if (text.includes(sign)) throw refused(what, text, `may not contain '${sign}'`);
  return text;
}

const refused = (what: string, text: string, why: string): UserError =>
  new UserError(`error: invalid ${what} ${JSON.stringify(text)}: [${why}]`);
