/** The token that names the next page of a list: the list's revision and the last key seen, opaque to clients. */

import { badRequest } from '../../api/status-error.ts';

/** In place of a revision: go on with whatever is true by then. */
export const newestRevision = -1;

export interface ContinueToken {
  readonly revision: number;
  /** `namespace/name` or `name`, the last one already sent. */
  readonly after: string;
}

const tokenVersion = 'meta.k8s.io/v1';

export const encodeContinueToken = ({ revision, after }: ContinueToken): string =>
  Buffer.from(JSON.stringify({ v: tokenVersion, rv: revision, start: `${after}\u0000` })).toString('base64url');

const refuse = (why: string) => badRequest(`invalid continue token: continue key is not valid: ${why}`);

export function decodeContinueToken(token: string): ContinueToken {
  const wrong = /[^A-Za-z0-9_-]/.exec(token);
  if (wrong) throw refuse(`illegal base64 data at input byte ${wrong.index}`);
  if (token.length % 4 === 1) throw refuse(`illegal base64 data at input byte ${token.length - 1}`);
  const value = parse(Buffer.from(token, 'base64url'));
  const { v, rv, start } = value;
  if (v !== tokenVersion)
    throw refuse(`server does not recognize this encoded version ${typeof v === 'string' ? v : ''}`);
  if (typeof rv !== 'number' || rv === 0 || !Number.isSafeInteger(rv))
    throw refuse('incorrect encoded start resourceVersion (version meta.k8s.io/v1)');
  if (typeof start !== 'string' || start === '') throw refuse('encoded start key empty (version meta.k8s.io/v1)');
  if (start.split('/').includes('..')) throw refuse(`invalid continue token ${start}`);
  return { revision: rv, after: start.endsWith('\0') ? start.slice(0, -1) : start };
}

function parse(bytes: Buffer): { readonly v?: unknown; readonly rv?: unknown; readonly start?: unknown } {
  try {
    const value: unknown = JSON.parse(bytes.toString('utf8'));
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    // Upstream's words; the parser's own are of no use to anybody.
    throw refuse(
      bytes[0] === undefined
        ? 'unexpected end of JSON input'
        : `invalid character ${quoteByte(bytes[0])} looking for beginning of value`,
    );
  }
}

/** Go reads bytes here, and shows each as the character of that number. */
function quoteByte(byte: number): string {
  if (byte < 0x20 || byte === 0x7f) return `'\\x${byte.toString(16).padStart(2, '0')}'`;
  const isShown = byte < 0x80 || (byte > 0xa0 && byte !== 0xad);
  return isShown ? `'${String.fromCharCode(byte)}'` : `'\\u${byte.toString(16).padStart(4, '0')}'`;
}
