/**
 * The authority that signs: a key, and the certificate of a bundle that is the key's. The others of the bundle are trusted
 * only, because they signed before or will sign soon. So an authority is replaced by putting another key in the place
 * of the one before, in one step, once both are trusted.
 */

import { createPrivateKey, X509Certificate } from 'node:crypto';
import { readFile } from 'node:fs/promises';
import type { KeyPair } from './certificates.ts';
import { certificatesOf } from './pem.ts';
import { RenewedFiles, type RenewedFilesOptions } from './renewed-files.ts';
import type { KeyPairFiles } from './renewed-key-pair.ts';

/** undefined when no certificate of the bundle is the key's, or one of the two cannot be read. */
export function findAuthority(bundle: string, key: string): KeyPair | undefined {
  try {
    const privateKey = createPrivateKey(key);
    const certificate = certificatesOf(bundle).find((one) => new X509Certificate(one).checkPrivateKey(privateKey));
    return certificate === undefined ? undefined : { certificate, key };
  } catch {
    return undefined; // whatever it is, it cannot sign; the caller decides what that means
  }
}

/** The authority in two files, as it is now. */
export function signingAuthority(
  { certificateFile, keyFile }: KeyPairFiles,
  options: RenewedFilesOptions<KeyPair>,
): Pick<RenewedFiles<KeyPair>, 'current'> {
  return new RenewedFiles<KeyPair>(
    {
      files: [certificateFile, keyFile],
      async read() {
        const [bundle, key] = await Promise.all([readFile(certificateFile, 'utf8'), readFile(keyFile, 'utf8')]);
        const found = findAuthority(bundle, key);
        if (found === undefined) throw new Error(`${keyFile} is not the key of a certificate in ${certificateFile}`);
        return found;
      },
      isSame: (one, other) => one.certificate === other.certificate && one.key === other.key,
    },
    options,
  );
}
