/** Text that is cut to a number of bytes. Pure. */

/** No more than `limit` bytes, and no part of a character at the end. */
export function cutText(text: Buffer, limit: number): Buffer {
  if (text.length <= limit) return text;
  let end = limit;
  const isInside = (at: number) => ((text[at] ?? 0) & 0xc0) === 0x80;
  while (end > 0 && limit - end < 4 && isInside(end)) end -= 1;
  return text.subarray(0, isInside(end) ? limit : end);
}
