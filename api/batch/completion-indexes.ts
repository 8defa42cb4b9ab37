/** Sets of completion indexes as text: `0,2-4`. */

/** How many indexes below `completions` the text names; a text instead says what is wrong with it. */
export function countIndexes(text: string, completions: number): number | string {
  if (text === '') return 0;
  let total = 0;
  let last: number | undefined;
  for (const fragment of text.split(',')) {
    const parts = fragment.split('-');
    if (parts.length > 2) {
      return `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const bounds = parts.map(readIndex);
    for (const [i, bound] of bounds.entries()) {
      if (bound === undefined) return `cannot convert string to integer for index: ${JSON.stringify(parts[i])}`;
      if (bound >= completions) return `too large index: ${JSON.stringify(parts[i])}`;
      if (last !== undefined && bound <= last) return `non-increasing order, previous: ${last}, current: ${bound}`;
      if (i === 1) total += bound - (last ?? 0) - 1;
      last = bound;
      total += 1;
    }
  }
  return total;
}

function readIndex(text: string): number | undefined {
  return /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}
