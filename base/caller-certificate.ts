/**
 * Who is at the other end of a TLS connection: what the certificate says that was shown, and proved, in the handshake
 * of this very connection. Node's own verdict (`authorized`) is not enough: it calls a resumed session of TLS 1.3
 * verified that never had a certificate, and takes over an old verdict where there was one.
 */

import { TLSSocket } from 'node:tls';

export interface CertifiedCaller {
  /** CN. */
  readonly name: string;
  /** Each O. */
  readonly groups: readonly string[];
  /** SHA-256 of the whole certificate, in lower-case hexadecimal digits. */
  readonly fingerprint: string;
  /** Until when the certificate is good, by this machine's clock, as TLS has it: a connection may last longer. */
  readonly until: number;
}

/** `refused`: there is a certificate, but not one of the authority's for clients, valid now, with a name. */
export type CallerCertificate = CertifiedCaller | 'none' | 'refused';

export function readCallerCertificate(socket: unknown): CallerCertificate {
  if (!(socket instanceof TLSSocket)) return 'none';
  // Undefined once the connection is over; without a certificate there are no fields.
  const certificate: Partial<ReturnType<TLSSocket['getPeerCertificate']>> | undefined = socket.getPeerCertificate();
  if (certificate?.subject === undefined) return 'none';
  if (!socket.authorized || socket.isSessionReused()) return 'refused';
  const until = Date.parse(certificate.valid_to ?? '');
  if (!isStillGood({ until })) return 'refused';
  const fingerprint = (certificate.fingerprint256 ?? '').replaceAll(':', '').toLowerCase();
  const names = namesOf(certificate.subject);
  return names === undefined ? 'refused' : { ...names, fingerprint, until };
}

/** False once the certificate has run out, although the connection goes on. */
export const isStillGood = ({ until }: Pick<CertifiedCaller, 'until'>): boolean => Date.now() < until;

/** Node gives a list where a certificate has several values of one name. */
function namesOf(subject: {
  readonly CN?: unknown;
  readonly O?: unknown;
}): Pick<CertifiedCaller, 'name' | 'groups'> | undefined {
  const [name] = [subject.CN].flat();
  if (typeof name !== 'string' || name === '') return undefined;
  const groups = [subject.O].flat().filter((group): group is string => typeof group === 'string');
  return { name, groups };
}
