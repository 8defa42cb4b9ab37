/** Text that is cut where it is longer than anybody reads. Pure. */

/** No more than `limit` bytes, and no part of a character at the end. */
export function cutText(text: Buffer, limit: number): Buffer {
  if (text.length <= limit) return text;
  let end = limit;
  const isInside = (at: number) => ((text[at] ?? 0) & 0xc0) === 0x80;
  while (end > 0 && limit - end < 4 && isInside(end)) end -= 1;
  return text.subarray(0, isInside(end) ? limit : end);
}

/** Of what others have sent, so much of a text goes into a message. In characters. */
const maxTold = 10_000;

/** As it is told in messages and logs. */
export const toldText = (text: string): string => (text.length > maxTold ? `${text.slice(0, maxTold)}…` : text);
