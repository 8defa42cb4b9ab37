/** Base64 as Go's standard decoder takes it: padded, line breaks ignored, and an error that names the byte. */

/** The text without line breaks, and the byte at which it stops being base64, as Go counts it. */
export function canonicalBase64(text: string): { readonly text: string; readonly badByte: number | undefined } {
  const kept = text.replace(/[\r\n]/g, '');
  if (kept.length % 4 === 0 && /^[A-Za-z0-9+/]*={0,2}$/.test(kept)) return { text: kept, badByte: undefined };
  return { text: '', badByte: findBadByte(text) };
}

const alphabet = /[A-Za-z0-9+/]/;
const lineBreak = /[\r\n]/;

function findBadByte(text: string): number {
  const bytes = Buffer.from(text);
  const at = (index: number) => String.fromCharCode(bytes[index] ?? 0);
  const skipBreaks = (index: number) => {
    let next = index;
    while (next < bytes.length && lineBreak.test(at(next))) next += 1;
    return next;
  };
  // Characters of the group of four that is being read.
  let inGroup = 0;
  for (let index = skipBreaks(0); index < bytes.length; index = skipBreaks(index + 1)) {
    if (alphabet.test(at(index))) {
      inGroup = (inGroup + 1) % 4;
      continue;
    }
    if (at(index) !== '=' || inGroup < 2) return index;
    if (inGroup === 3) return skipBreaks(index + 1);
    const second = skipBreaks(index + 1);
    if (second === bytes.length) return bytes.length;
    return at(second) === '=' ? skipBreaks(second + 1) : second - 1;
  }
  return bytes.length - inGroup;
}
