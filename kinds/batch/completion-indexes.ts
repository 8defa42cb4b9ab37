/** Sets of completion indexes as text: `0,2-4`. */

/** First and last index of an interval. */
export type IndexInterval = readonly [number, number];

/** The intervals that the text names, all below `completions`; a text instead says what is wrong with it. */
export function readIndexes(text: string, completions: number): IndexInterval[] | string {
  if (text === '') return [];
  const intervals: IndexInterval[] = [];
  let last: number | undefined;
  for (const fragment of text.split(',')) {
    const parts = fragment.split('-');
    if (parts.length > 2) {
      return `the fragment ${JSON.stringify(fragment)} violates the requirement that an index interval can have at most two parts separated by '-'`;
    }
    const bounds: number[] = [];
    for (const part of parts) {
      if (!/^[+-]?\d+$/.test(part)) return `cannot convert string to integer for index: ${JSON.stringify(part)}`;
      const bound = Number(part);
      if (bound >= completions) return `too large index: ${JSON.stringify(part)}`;
      if (last !== undefined && bound <= last) return `non-increasing order, previous: ${last}, current: ${bound}`;
      bounds.push(bound);
      last = bound;
    }
    const [first = 0, end = first] = bounds;
    intervals.push([first, end]);
  }
  return intervals;
}

export function countIndexes(intervals: readonly IndexInterval[]): number {
  return intervals.reduce((sum, [first, last]) => sum + last - first + 1, 0);
}
