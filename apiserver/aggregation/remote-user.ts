/** The headers by which a server behind this one is told who asks; it believes them of who has the front proxy's certificate. */

import type { OutgoingHttpHeaders } from 'node:http';
import type { User } from '../request/user.ts';

/** As whom this server asks for itself. */
export const aggregator: User = { name: 'system:kube-aggregator', groups: ['system:masters'] };

export function remoteUserHeaders({ name, uid, groups, extra = {} }: User): OutgoingHttpHeaders {
  const headers: OutgoingHttpHeaders = { 'x-remote-user': asHeader(name), 'x-remote-group': groups.map(asHeader) };
  if (uid !== undefined && uid !== '') headers['x-remote-uid'] = asHeader(uid);
  for (const [key, values] of Object.entries(extra))
    headers[`x-remote-extra-${encodeKey(key)}`] = values.map((value) => asHeader(value));
  return headers;
}

/** Headers are bytes: what is beyond ASCII goes as UTF-8, as Go's servers read it. */
const asHeader = (text: string): string => Buffer.from(text, 'utf8').toString('latin1');

/** Names of headers have no slash and no capitals: all but letters, digits and some marks is percent-encoded. */
const encodeKey = (key: string): string =>
  [...Buffer.from(key.toLowerCase(), 'utf8')]
    .map((byte) => {
      const character = String.fromCharCode(byte);
      return /[a-z0-9!#$&'*+.^_`|~-]/.test(character)
        ? character
        : `%${byte.toString(16).toUpperCase().padStart(2, '0')}`;
    })
    .join('');
