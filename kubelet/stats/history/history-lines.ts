/**
 * Rows of the history as lines of JSON, so that they can be appended to a file. `{"p":[1,"uid","ns","name"]}` says for
 * whom 1 stands from there on (0: the node), `{"t":time,"r":[[1,cpu,memory,received,sent,restarts]]}` has the rows of one
 * moment. A line that was cut by a crash, or is none of ours, is skipped. Pure.
 */

import type { PodIdentity } from '../../runtime/runtime.ts';
import type { Subject, SubjectRow } from './usage-history.ts';

const nodeNumber = 0;

export class HistoryLineWriter {
  readonly #numbers = new Map<string, number>();

  /** Nobody stands for a number yet. */
  get isNew(): boolean {
    return this.#numbers.size === 0;
  }

  /** Lines for one moment, the last of which ends too. */
  write(at: number, rows: readonly SubjectRow[]): string {
    const lines: unknown[] = [];
    const numberOf = (subject: Subject): number => {
      if (subject === undefined) return nodeNumber;
      const known = this.#numbers.get(subject.uid);
      if (known !== undefined) return known;
      const number = this.#numbers.size + 1;
      this.#numbers.set(subject.uid, number);
      lines.push({ p: [number, subject.uid, subject.namespace, subject.name] });
      return number;
    };
    const told = rows.map(({ subject, row }) => [
      numberOf(subject),
      Number(row.cpuCores.toFixed(5)),
      Math.round(row.memoryBytes),
      Math.round(row.receivedBytesPerSecond),
      Math.round(row.sentBytesPerSecond),
      row.restarts,
    ]);
    return [...lines, { t: at, r: told }].map((line) => `${JSON.stringify(line)}\n`).join('');
  }
}

export interface HistoryMoment {
  readonly at: number;
  readonly rows: readonly SubjectRow[];
}

export function* readHistoryLines(text: string): Generator<HistoryMoment> {
  const subjects = new Map<number, Subject>([[nodeNumber, undefined]]);
  for (const line of text.split('\n')) {
    const words = parse(line);
    const { p: pod, t: at, r: rows } = words;
    if (isPod(pod)) {
      const [number, uid, namespace, name] = pod;
      subjects.set(number, { uid, namespace, name } satisfies PodIdentity);
    }
    if (typeof at === 'number' && Array.isArray(rows))
      yield { at, rows: rows.flatMap((row: unknown) => rowOf(row, subjects)) };
  }
}

function parse(line: string): { readonly p?: unknown; readonly t?: unknown; readonly r?: unknown } {
  try {
    const value: unknown = JSON.parse(line);
    return typeof value === 'object' && value !== null ? value : {};
  } catch {
    return {};
  }
}

const isPod = (value: unknown): value is [number, string, string, string] =>
  Array.isArray(value) &&
  value.length === 4 &&
  Number.isInteger(value[0]) &&
  value.slice(1).every((one) => typeof one === 'string');

function rowOf(value: unknown, subjects: ReadonlyMap<number, Subject>): SubjectRow[] {
  if (!isNumbers(value) || value.length !== 6) return [];
  const [number = 0, cpuCores = 0, memoryBytes = 0, receivedBytesPerSecond = 0, sentBytesPerSecond = 0, restarts = 0] =
    value;
  if (!subjects.has(number)) return [];
  const row = { cpuCores, memoryBytes, receivedBytesPerSecond, sentBytesPerSecond, restarts };
  return [{ subject: subjects.get(number), row }];
}

const isNumbers = (value: unknown): value is number[] =>
  Array.isArray(value) && value.every((one) => typeof one === 'number');
