/** Whose certificate a CertificateSigningRequest asks for. */

import 'reflect-metadata';
import * as x509 from '@peculiar/x509';

/** The common name of the PEM that `spec.request` holds in base 64; empty: there is none. Throws for what is no request. */
export function requestedCommonName(request: string): string {
  const pem = Buffer.from(request, 'base64').toString();
  const [name = ''] = new x509.Pkcs10CertificateRequest(pem).subjectName.getField('CN');
  return name;
}
