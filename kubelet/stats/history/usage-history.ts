/**
 * What the node and its pods have used in the last 24 hours: the last two in steps of 30 seconds, the rest in steps of
 * five minutes. Pods that are gone stay until their last row is a day old. Some 11 kB for each pod, and never more than
 * `mostPods` of them: those that were not seen for longest go first.
 */

import type { PodIdentity } from '../../runtime/runtime.ts';
import { type RingSize, type TimedRow, UsageRing, type UsageRow } from './usage-ring.ts';

export const fineSize: RingSize = { slots: 240, stepMs: 30_000 };
export const coarseSize: RingSize = { slots: 288, stepMs: 300_000 };
export const historyMs = coarseSize.slots * coarseSize.stepMs;
const mostPods = 512;

/** Undefined: the node. */
export type Subject = PodIdentity | undefined;

export interface SubjectRow {
  readonly subject: Subject;
  readonly row: UsageRow;
}

export interface SubjectHistory {
  readonly subject: Subject;
  /** In steps of five minutes first, and then of 30 seconds. */
  readonly rows: readonly TimedRow[];
}

interface Series {
  readonly subject: Subject;
  readonly fine: UsageRing;
  readonly coarse: UsageRing;
}

const keyOf = (subject: Subject): string => subject?.uid ?? '';

export class UsageHistory {
  readonly #series = new Map<string, Series>();

  /** Of one moment. */
  add(at: number, rows: readonly SubjectRow[]): void {
    for (const { subject, row } of rows) {
      const { fine, coarse } = this.#seriesOf(subject);
      fine.add(at, row);
      coarse.add(at, row);
    }
    this.#dropOld(at);
  }

  /** Of the past, of which the coarse rows are there already. */
  addFine(at: number, rows: readonly SubjectRow[]): void {
    for (const { subject, row } of rows) this.#seriesOf(subject).fine.add(at, row);
  }

  /** Of the past, in steps of five minutes already. */
  addCoarse(at: number, rows: readonly SubjectRow[]): void {
    for (const { subject, row } of rows) this.#seriesOf(subject).coarse.add(at, row);
  }

  /** The coarse rows of the slot that begins then. */
  coarseRowsAt(at: number): SubjectRow[] {
    return [...this.#series.values()].flatMap(({ subject, coarse }) => {
      const [row] = coarse.rows(at);
      return row?.at === at ? [{ subject, row }] : [];
    });
  }

  read(since: number, isWanted: (subject: Subject) => boolean): SubjectHistory[] {
    return [...this.#series.values()]
      .filter(({ subject }) => isWanted(subject))
      .map(({ subject, fine, coarse }) => {
        const newer = [...fine.rows(since)];
        const until = newer[0]?.at ?? Number.POSITIVE_INFINITY;
        const older = [...coarse.rows(since)].filter(({ at }) => at + coarseSize.stepMs <= until);
        return { subject, rows: [...older, ...newer] };
      })
      .filter(({ rows }) => rows.length > 0);
  }

  get size(): number {
    return this.#series.size;
  }

  #seriesOf(subject: Subject): Series {
    const key = keyOf(subject);
    const found = this.#series.get(key);
    if (found !== undefined) return found;
    const made = { subject, fine: new UsageRing(fineSize), coarse: new UsageRing(coarseSize) };
    this.#series.set(key, made);
    return made;
  }

  #dropOld(now: number): void {
    const seenAt = ({ coarse }: Series) => coarse.newestAt ?? 0;
    for (const [key, series] of this.#series) if (now - seenAt(series) > historyMs) this.#series.delete(key);
    const tooMany = this.#series.size - mostPods - 1;
    if (tooMany <= 0) return;
    const oldest = [...this.#series].filter(([key]) => key !== '').sort(([, a], [, b]) => seenAt(a) - seenAt(b));
    for (const [key] of oldest.slice(0, tooMany)) this.#series.delete(key);
  }
}
