/** Users by tokens of a file: `token,user,uid,"group1,group2"` a line, the groups if there are any. Read once, at the start. */

import { createHash } from 'node:crypto';
import type { User } from '../request/user.ts';
import { audiencesOfServer, type TokenAuthenticator, type TokenBearer } from './authenticator.ts';

export class StaticTokens implements TokenAuthenticator {
  readonly #users: ReadonlyMap<string, User>;
  readonly #serverAudiences: readonly string[];

  constructor(users: ReadonlyMap<string, User>, serverAudiences: readonly string[]) {
    this.#users = users;
    this.#serverAudiences = serverAudiences;
  }

  authenticateToken(token: string, asked: readonly string[]): TokenBearer | undefined {
    const user = this.#users.get(digest(token));
    const audiences = audiencesOfServer(asked, this.#serverAudiences);
    return user && audiences && { user, audiences };
  }
}

/** How long a comparison takes says nothing of a token that is looked up by its digest. */
const digest = (token: string): string => createHash('sha256').update(token).digest('base64');

/** By the token's digest. Throws an Error that names the line, and nothing that stands in it. */
export function parseTokenFile(text: string): ReadonlyMap<string, User> {
  const users = new Map<string, User>();
  for (const [index, line] of text.split(/\r?\n/).entries()) {
    if (line.trim() === '') continue;
    const fields = parseCsvLine(line);
    if (fields === undefined) throw new Error(`line ${index + 1} of the token file has a quote that does not end`);
    const [token, name, uid = '', groups = ''] = fields.map((field) => field.trim());
    if (fields.length < 3 || !token || !name) {
      throw new Error(`line ${index + 1} of the token file must have a token, a user name and a uid`);
    }
    // As upstream: the last of several lines with the same token counts.
    users.set(digest(token), {
      name,
      ...(uid !== '' && { uid }),
      groups: groups === '' ? [] : groups.split(',').map((group) => group.trim()),
    });
  }
  return users;
}

const field = /\s*(?:"((?:[^"]|"")*)"|([^,"]*))\s*(,|$)/y;

/** The fields of one line (RFC 4180); undefined when a quote does not end. */
function parseCsvLine(line: string): string[] | undefined {
  const fields: string[] = [];
  field.lastIndex = 0;
  for (;;) {
    const [all, quoted, plain = '', end] = field.exec(line) ?? [];
    if (all === undefined) return undefined;
    fields.push(quoted === undefined ? plain : quoted.replaceAll('""', '"'));
    if (end !== ',') return fields;
  }
}
