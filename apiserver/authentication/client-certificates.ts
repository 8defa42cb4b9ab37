/** Users by client certificate: CN is the name, each O a group; audit logs and reviews tell certificates apart by digest. */

import type { Socket } from 'node:net';
import { isStillGood, readCallerCertificate } from '../../base/caller-certificate.ts';
import type { ApiRequest } from '../request/api-request.ts';
import type { User } from '../request/user.ts';
import { asAuthenticated } from './authentication.ts';
import { type Authenticator, RefusedCredentialError } from './authenticator.ts';

/**
 * A connection keeps its user, until the certificate runs out: reading a certificate for each request would cost more than
 * answering it.
 */
const known = new WeakMap<Socket, { readonly user: User; readonly until: number }>();

/** `mayBeClient`: whether what TLS believes of this connection is a user's. */
export const clientCertificates = (mayBeClient: (socket: Socket) => boolean = () => true): Authenticator => ({
  authenticate(request: ApiRequest): User | undefined {
    const { socket } = request.incoming;
    const before = known.get(socket);
    if (before !== undefined && isStillGood(before)) return before.user;
    const caller = readCallerCertificate(socket);
    if (caller === 'none') return undefined;
    if (caller === 'refused') throw new RefusedCredentialError('the client certificate is not to be believed');
    if (!mayBeClient(socket)) throw new RefusedCredentialError('the client certificate is not one of a user');
    const user = asAuthenticated({
      name: caller.name,
      groups: caller.groups,
      extra: { 'authentication.kubernetes.io/credential-id': [`X509SHA256=${caller.fingerprint}`] },
    });
    known.set(socket, { user, until: caller.until });
    return user;
  },
});
