/** PEM texts (RFC 7468) as blocks. Reads in one pass, whatever it is given: what is no block is passed over, as Go does. */

export interface PemBlock {
  /** `CERTIFICATE` */
  readonly type: string;
  readonly der: Buffer;
  /** The block's own text, with a line end. */
  readonly text: string;
}

const begin = '-----BEGIN ';
const dashes = '-----';
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The blocks without headers, in their order. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let at = 0;
  for (;;) {
    const start = text.indexOf(begin, at);
    if (start < 0) return blocks;
    const typeEnd = text.indexOf(dashes, start + begin.length);
    if (typeEnd < 0) return blocks;
    const type = text.slice(start + begin.length, typeEnd);
    at = start + begin.length;
    if (type.includes('\n')) continue;
    const footer = `${dashes}END ${type}${dashes}`;
    const end = text.indexOf(footer, typeEnd);
    if (end < 0) continue;
    const body = text.slice(typeEnd + dashes.length, end).replace(/\s+/g, '');
    if (body.length % 4 !== 0 || !base64.test(body)) continue;
    at = end + footer.length;
    blocks.push({ type, der: Buffer.from(body, 'base64'), text: `${text.slice(start, at)}\n` });
  }
}

/** The certificates of a bundle, each as a PEM text of its own. */
export function certificatesOf(bundle: string): string[] {
  return parsePem(bundle)
    .filter(({ type }) => type === 'CERTIFICATE')
    .map(({ text }) => text);
}

export function encodePem(der: Uint8Array, type: string): string {
  const lines =
    Buffer.from(der)
      .toString('base64')
      .match(/.{1,64}/g) ?? [];
  return [`${begin}${type}${dashes}`, ...lines, `${dashes}END ${type}${dashes}`, ''].join('\n');
}
