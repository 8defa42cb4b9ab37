/**
 * The one word that a host joins with: `LS1.<id>.<secret>.<hash of the CA>`. The first two are a bootstrap token as
 * upstream has it; the last says whose server may be shown them. Pure.
 */

import { createHash, randomInt, X509Certificate } from 'node:crypto';
import { parseBootstrapToken } from '../../api/bootstrap-token.ts';
import { UserError } from '../../base/user-error.ts';

export interface JoinToken {
  readonly id: string;
  readonly secret: string;
  /** SHA-256 of the authority's certificate (DER), in hex. */
  readonly authorityHash: string;
}

const version = 'LS1';
const hashPattern = /^[0-9a-f]{64}$/;
const letters = 'abcdefghijklmnopqrstuvwxyz0123456789';

export const formatJoinToken = ({ id, secret, authorityHash }: JoinToken): string =>
  [version, id, secret, authorityHash].join('.');

/** What the API server takes for the two parts that it knows. */
export const bearerOf = ({ id, secret }: JoinToken): string => `${id}.${secret}`;

/** Throws a sentence that says which part is wrong, and shows nothing of the secret. */
export function parseJoinToken(text: string): JoinToken {
  const [start, id = '', secret = '', authorityHash = '', ...rest] = text.trim().split('.');
  const why =
    start !== version
      ? `it begins with ${version}.`
      : rest.length > 0 || !hashPattern.test(authorityHash)
        ? 'its last part is 64 hexadecimal digits: was it cut off?'
        : parseBootstrapToken(`${id}.${secret}`) === undefined
          ? 'its second part is 6 small letters or digits, its third 16'
          : undefined;
  if (why === undefined) return { id, secret, authorityHash };
  throw new UserError(`This is no token for joining: ${why} Take the whole word that "kubecfg token create" printed.`);
}

export function authorityHashOf(certificatePem: string): string {
  return createHash('sha256').update(new X509Certificate(certificatePem).raw).digest('hex');
}

/** A new pair of id and secret; the secret has 82 bits. */
export function randomTokenParts(): { readonly id: string; readonly secret: string } {
  return { id: randomText(6), secret: randomText(16) };
}

function randomText(length: number): string {
  return Array.from({ length }, () => letters[randomInt(letters.length)]).join('');
}
