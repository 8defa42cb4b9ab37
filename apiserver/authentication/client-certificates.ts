/** Users by client certificate: CN is the name, each O a group. TLS has checked the signature, this looks at the verdict. */

import { TLSSocket } from 'node:tls';
import { unauthorized } from '../../api/status-error.ts';
import type { ApiRequest } from '../server/api-request.ts';
import type { Authenticator } from './authenticator.ts';
import type { User } from './user.ts';

/** A connection keeps its user: reading a certificate for each request would cost more than answering it. */
const known = new WeakMap<TLSSocket, User>();

export const clientCertificates: Authenticator = {
  authenticate(request: ApiRequest): User | undefined {
    const { socket } = request.incoming;
    if (!(socket instanceof TLSSocket)) return undefined;
    const before = known.get(socket);
    if (before !== undefined) return before;
    const certificate = socket.getPeerCertificate();
    if (certificate.subject === undefined) return undefined;
    if (!socket.authorized) throw unauthorized();
    const user = userOf(certificate.subject);
    known.set(socket, user);
    return user;
  },
};

/** Node gives a list where a certificate has several values of one name. */
function userOf(subject: { readonly CN?: unknown; readonly O?: unknown }): User {
  const [name] = [subject.CN].flat();
  if (typeof name !== 'string' || name === '') throw unauthorized();
  const groups = [subject.O].flat().filter((group): group is string => typeof group === 'string');
  return { name, groups: [...groups, 'system:authenticated'] };
}
