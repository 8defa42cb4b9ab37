/** What a Secret of type `kubernetes.io/tls` holds, judged before it is served. */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import type { Secret } from '../../api/types/core/v1.ts';
import type { KeyPair } from '../../base/certificates.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

export type ReadCertificate =
  | { readonly pair: KeyPair; readonly leaf: X509Certificate; readonly problem?: undefined }
  | { readonly pair?: undefined; readonly problem: string };

/** `problem` follows the Secret's name in a sentence, and never says what is in it. */
export function readCertificate(secret: DeepReadonly<Secret> | undefined): ReadCertificate {
  if (secret === undefined) return { problem: 'does not exist, or is not of type kubernetes.io/tls' };
  const certificate = textOf(secret.data?.['tls.crt']);
  const key = textOf(secret.data?.['tls.key']);
  if (certificate === '' || key === '') return { problem: 'has no tls.crt or no tls.key' };
  let leaf: X509Certificate;
  try {
    leaf = new X509Certificate(certificate);
  } catch {
    return { problem: 'holds no certificate in its tls.crt' };
  }
  try {
    if (!leaf.checkPrivateKey(createPrivateKey(key)))
      return { problem: 'has a key that is not that of its certificate' };
  } catch {
    return { problem: 'holds no private key in its tls.key' };
  }
  return { pair: { certificate, key }, leaf };
}

const textOf = (base64: string | undefined): string => Buffer.from(base64 ?? '', 'base64').toString();

/** What is wrong with a certificate that is served all the same; undefined: nothing. */
export function flawOf(leaf: X509Certificate, host: string, now: number): string | undefined {
  if (now > Date.parse(leaf.validTo)) return `has expired on ${leaf.validTo}`;
  if (now < Date.parse(leaf.validFrom)) return `is not valid before ${leaf.validFrom}`;
  const asked = host.startsWith('*.') ? `any${host.slice(1)}` : host;
  return host !== '' && leaf.checkHost(asked) === undefined ? `is not for ${host}` : undefined;
}
