/** What one pod or node has used, in slots of equal length. 20 bytes a slot. */

import { HistoryRing, type RingSize } from '../../../base/history-ring.ts';

export type { RingSize } from '../../../base/history-ring.ts';

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

export class UsageRing {
  readonly #ring: HistoryRing;

  constructor(size: RingSize) {
    this.#ring = new HistoryRing(size, ['mean', 'mean', 'mean', 'mean', 'last']);
  }

  /** When the newest slot begins; undefined: it is empty. */
  get newestAt(): number | undefined {
    return this.#ring.newestAt;
  }

  /** Several rows of one slot become their mean. One that is older than the ring reaches is dropped. */
  add(at: number, row: UsageRow): void {
    const { cpuCores, memoryBytes, receivedBytesPerSecond, sentBytesPerSecond, restarts } = row;
    this.#ring.add(at, [cpuCores, memoryBytes, receivedBytesPerSecond, sentBytesPerSecond, restarts]);
  }

  /** Those whose slot begins then or later, the oldest first. */
  *rows(since: number): Generator<TimedRow> {
    for (const { at, values } of this.#ring.rows(since)) {
      const [cpuCores = 0, memoryBytes = 0, receivedBytesPerSecond = 0, sentBytesPerSecond = 0, restarts = 0] = values;
      yield { at, cpuCores, memoryBytes, receivedBytesPerSecond, sentBytesPerSecond, restarts };
    }
  }
}
