/**
 * Requests that two servers might read as two different ones. Node's parser refuses most before they get here (conflicting
 * lengths, folded lines, bare CRs); these are those that it lets through. Pure.
 */

export interface RawRequest {
  readonly httpVersion: string;
  readonly url?: string | undefined;
  /** Names and values in turn. */
  readonly rawHeaders: readonly string[];
}

const transferEncoding = 'transfer-encoding';

/** Why it is answered with 400; undefined: it may pass. */
export function whyRefused({ httpVersion, url = '', rawHeaders }: RawRequest): string | undefined {
  if (!url.startsWith('/')) return 'the request target is no path';
  let hosts = 0;
  let encodings = 0;
  for (let i = 0; i < rawHeaders.length; i += 2) {
    const name = rawHeaders[i] ?? '';
    const { length } = name;
    if (length === 4 && name.toLowerCase() === 'host') hosts += 1;
    else if (length === transferEncoding.length && name.toLowerCase() === transferEncoding) {
      encodings += 1;
      if ((rawHeaders[i + 1] ?? '').toLowerCase() !== 'chunked') return 'the transfer encoding is not chunked alone';
    }
  }
  if (hosts > 1) return 'there is more than one Host';
  if (encodings > 1) return 'there is more than one transfer encoding';
  if (encodings > 0 && httpVersion !== '1.1') return 'HTTP/1.0 has no transfer encoding';
  return undefined;
}
