/**
 * Rows of numbers in slots of equal length: the newest overwrite the oldest, so that its size is fixed. Four bytes a
 * number, with some seven digits.
 */

/** What several rows of one slot become. */
export type HistoryColumn = 'mean' | 'sum' | 'last';

export interface RingSize {
  readonly slots: number;
  readonly stepMs: number;
}

export interface HistoryRow {
  /** When its slot begins: wall time in milliseconds. */
  readonly at: number;
  /** One for each column. */
  readonly values: readonly number[];
}

export class HistoryRing {
  readonly #size: RingSize;
  readonly #columns: readonly HistoryColumn[];
  readonly #cells: Float32Array;
  /** How many rows the newest slot is made of. */
  #count = 0;
  /** Number of the newest slot that has something, counted from 1970; undefined: none has. */
  #newest: number | undefined;

  constructor(size: RingSize, columns: readonly HistoryColumn[]) {
    this.#size = size;
    this.#columns = columns;
    this.#cells = new Float32Array(size.slots * columns.length).fill(Number.NaN);
  }

  /** When the newest slot begins; undefined: it is empty. */
  get newestAt(): number | undefined {
    return this.#newest === undefined ? undefined : this.#newest * this.#size.stepMs;
  }

  /** One that is older than the ring reaches is dropped. */
  add(at: number, values: readonly number[]): void {
    const { slots, stepMs } = this.#size;
    const slot = Math.floor(at / stepMs);
    const newest = this.#newest ?? slot - 1;
    if (slot <= newest - slots) return;
    if (slot > newest) {
      for (let empty = Math.max(newest + 1, slot - slots + 1); empty <= slot; empty += 1) this.#clear(empty);
      this.#newest = slot;
      this.#count = 0;
    }
    const count = slot === this.#newest ? this.#count : 0;
    const start = this.#startOf(slot);
    for (const [index, column] of this.#columns.entries()) {
      const value = values[index] ?? 0;
      const before = count === 0 ? undefined : this.#cells[start + index];
      this.#cells[start + index] = before === undefined ? value : joined(column, { before, value, count });
    }
    if (slot === this.#newest) this.#count += 1;
  }

  /** Those whose slot begins then or later, the oldest first. */
  *rows(since: number): Generator<HistoryRow> {
    if (this.#newest === undefined) return;
    const { slots, stepMs } = this.#size;
    const first = Math.max(this.#newest - slots + 1, Math.ceil(since / stepMs));
    for (let slot = first; slot <= this.#newest; slot += 1) {
      const start = this.#startOf(slot);
      const values = [...this.#cells.subarray(start, start + this.#columns.length)];
      if (!Number.isNaN(values[0] ?? Number.NaN)) yield { at: slot * stepMs, values };
    }
  }

  #startOf(slot: number): number {
    return (slot % this.#size.slots) * this.#columns.length;
  }

  #clear(slot: number): void {
    const start = this.#startOf(slot);
    this.#cells.fill(Number.NaN, start, start + this.#columns.length);
  }
}

function joined(
  column: HistoryColumn,
  { before, value, count }: { readonly before: number; readonly value: number; readonly count: number },
): number {
  if (column === 'last') return value;
  return column === 'sum' ? before + value : before + (value - before) / (count + 1);
}
