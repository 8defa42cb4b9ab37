/** A set of completion indexes, kept as intervals, as the status of a Job shows them: `0,2-4`. Immutable. */

export interface IndexInterval {
  readonly first: number;
  readonly last: number;
}

export class IndexSet {
  static readonly empty = new IndexSet([]);
  readonly #intervals: readonly IndexInterval[];
  readonly size: number;

  private constructor(intervals: readonly IndexInterval[]) {
    this.#intervals = intervals;
    this.size = intervals.reduce((sum, { first, last }) => sum + last - first + 1, 0);
  }

  /** Those below `limit`; what cannot be read is left out. */
  static parse(text: string | undefined, limit: number): IndexSet {
    if (!text) return IndexSet.empty;
    return IndexSet.#of(text.split(',').flatMap((part) => readInterval(part, limit)));
  }

  static from(indexes: Iterable<number>): IndexSet {
    return IndexSet.#of([...indexes].map((index) => ({ first: index, last: index })));
  }

  static #of(intervals: readonly IndexInterval[]): IndexSet {
    const merged: { first: number; last: number }[] = [];
    for (const { first, last } of [...intervals].sort((a, b) => a.first - b.first)) {
      const before = merged.at(-1);
      if (before !== undefined && first <= before.last + 1) before.last = Math.max(before.last, last);
      else merged.push({ first, last });
    }
    return new IndexSet(merged);
  }

  has(index: number): boolean {
    let [low, high] = [0, this.#intervals.length];
    while (low < high) {
      const middle = (low + high) >> 1;
      if ((this.#intervals[middle]?.last ?? 0) >= index) high = middle;
      else low = middle + 1;
    }
    const interval = this.#intervals[low];
    return interval !== undefined && interval.first <= index;
  }

  union(other: IndexSet): IndexSet {
    return other.size === 0 ? this : IndexSet.#of([...this.#intervals, ...other.#intervals]);
  }

  /** How many indexes are in both. */
  countCommon(other: IndexSet): number {
    let [common, i, j] = [0, 0, 0];
    for (;;) {
      const [a, b] = [this.#intervals[i], other.#intervals[j]];
      if (a === undefined || b === undefined) return common;
      common += Math.max(0, Math.min(a.last, b.last) - Math.max(a.first, b.first) + 1);
      if (a.last < b.last) i += 1;
      else j += 1;
    }
  }

  /** The `count` lowest indexes below `limit` that are not in the set. */
  firstMissing(count: number, limit: number): number[] {
    const missing: number[] = [];
    let candidate = 0;
    for (const { first, last } of [...this.#intervals, { first: limit, last: limit }]) {
      for (; candidate < Math.min(first, limit) && missing.length < count; candidate += 1) missing.push(candidate);
      candidate = Math.max(candidate, last + 1);
    }
    return missing;
  }

  /** Two neighbours are written one by one, more as an interval. */
  toString(): string {
    return this.#intervals
      .map(({ first, last }) => {
        if (first === last) return String(first);
        return last === first + 1 ? `${first},${last}` : `${first}-${last}`;
      })
      .join(',');
  }
}

function readInterval(text: string, limit: number): IndexInterval[] {
  const [, low, high = low] = /^(\d+)(?:-(\d+))?$/.exec(text) ?? [];
  if (low === undefined || Number(low) >= limit) return [];
  return Number(high) < Number(low) ? [] : [{ first: Number(low), last: Math.min(Number(high), limit - 1) }];
}
