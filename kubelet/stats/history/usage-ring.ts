/**
 * What one pod or node has used, in slots of equal length: the newest overwrite the oldest, so that its size is fixed.
 * 20 bytes a slot; figures have some seven digits.
 */

export interface UsageRow {
  readonly cpuCores: number;
  readonly memoryBytes: number;
  readonly receivedBytesPerSecond: number;
  readonly sentBytesPerSecond: number;
  /** Of all containers since the pod was made. */
  readonly restarts: number;
}

export interface TimedRow extends UsageRow {
  /** When its slot begins: wall time in milliseconds. */
  readonly at: number;
}

export interface RingSize {
  readonly slots: number;
  readonly stepMs: number;
}

const width = 5;

export class UsageRing {
  readonly #size: RingSize;
  readonly #cells: Float32Array;
  /** How many rows the newest slot is the mean of. */
  #count = 0;
  /** Number of the newest slot that has something, counted from 1970; undefined: none has. */
  #newest: number | undefined;

  constructor(size: RingSize) {
    this.#size = size;
    this.#cells = new Float32Array(size.slots * width).fill(Number.NaN);
  }

  /** When the newest slot begins; undefined: it is empty. */
  get newestAt(): number | undefined {
    return this.#newest === undefined ? undefined : this.#newest * this.#size.stepMs;
  }

  /** Several rows of one slot become their mean. One that is older than the ring reaches is dropped. */
  add(at: number, row: UsageRow): void {
    const { slots, stepMs } = this.#size;
    const slot = Math.floor(at / stepMs);
    const newest = this.#newest ?? slot - 1;
    if (slot <= newest - slots) return;
    if (slot > newest) {
      for (let empty = Math.max(newest + 1, slot - slots + 1); empty <= slot; empty += 1) this.#clear(empty);
      this.#newest = slot;
      this.#count = 0;
    }
    const start = (slot % slots) * width;
    const count = slot === this.#newest ? this.#count : 0;
    const mean = (index: number, value: number) => {
      const before = count === 0 ? value : (this.#cells[start + index] ?? value);
      this.#cells[start + index] = before + (value - before) / (count + 1);
    };
    mean(0, row.cpuCores);
    mean(1, row.memoryBytes);
    mean(2, row.receivedBytesPerSecond);
    mean(3, row.sentBytesPerSecond);
    this.#cells[start + 4] = row.restarts;
    if (slot === this.#newest) this.#count += 1;
  }

  /** Those whose slot begins then or later, the oldest first. */
  *rows(since: number): Generator<TimedRow> {
    if (this.#newest === undefined) return;
    const { slots, stepMs } = this.#size;
    const first = Math.max(this.#newest - slots + 1, Math.ceil(since / stepMs));
    for (let slot = first; slot <= this.#newest; slot += 1) {
      const start = (slot % slots) * width;
      const [cpuCores = Number.NaN, memoryBytes = 0, receivedBytesPerSecond = 0, sentBytesPerSecond = 0, restarts = 0] =
        this.#cells.subarray(start, start + width);
      if (Number.isNaN(cpuCores)) continue;
      yield { at: slot * stepMs, cpuCores, memoryBytes, receivedBytesPerSecond, sentBytesPerSecond, restarts };
    }
  }

  #clear(slot: number): void {
    const start = (slot % this.#size.slots) * width;
    this.#cells.fill(Number.NaN, start, start + width);
  }
}
