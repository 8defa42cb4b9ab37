/** PEM texts (RFC 7468) as blocks. Reads in one pass, whatever it is given: what is no block is passed over, as Go does. */

export interface PemBlock {
  /** `CERTIFICATE` */
  readonly type: string;
  readonly der: Buffer;
  /** The block as it is usually written, with a line end. */
  readonly text: string;
}

const begin = '-----BEGIN ';
const end = '-----END ';
const dashes = '-----';
const base64 = /^[A-Za-z0-9+/]*={0,2}$/;

/** The blocks without headers, in their order. Each line is looked at once, however many begin what never ends. */
export function parsePem(text: string): PemBlock[] {
  const blocks: PemBlock[] = [];
  let type: string | undefined;
  let body: string[] = [];
  for (const line of text.split('\n')) {
    const trimmed = line.trimEnd();
    if (trimmed.startsWith(begin) && trimmed.endsWith(dashes)) {
      type = trimmed.slice(begin.length, -dashes.length);
      body = [];
    } else if (type !== undefined && trimmed === `${end}${type}${dashes}`) {
      const block = blockOf(type, body.join(''));
      if (block !== undefined) blocks.push(block);
      type = undefined;
    } else if (type !== undefined) body.push(trimmed.trimStart());
  }
  return blocks;
}

/** undefined: it has headers, or is no base64. */
function blockOf(type: string, body: string): PemBlock | undefined {
  if (body.length % 4 !== 0 || !base64.test(body)) return undefined;
  const der = Buffer.from(body, 'base64');
  return { type, der, text: encodePem(der, type) };
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
