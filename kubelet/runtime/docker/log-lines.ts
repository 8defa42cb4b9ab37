/** Lines of a log, put together from the engine's entries; where the last so many of them begin. Pure. */

import type { LogEntry } from './log-entries.ts';

/** A longer line is passed on in parts; then a line of the other output may come between two of them. */
const largestHeld = 1 << 20;

interface OpenLine {
  readonly channel: LogEntry['channel'];
  readonly time: string;
  /** Put together at once: a character may lie across their border. */
  pieces: Buffer[];
  size: number;
  /** Its beginning is out already, or is nobody's to see. */
  state: 'held' | 'passing' | 'dropped';
}

export interface LineJoinerOptions {
  readonly timestamps: boolean;
  readonly labelled?: boolean;
  /** So many lines that end first are not wanted; of some the beginning may be missing. */
  readonly dropLines?: number;
}

/** Gives lines in the order in which they end, each with its time before it, if times are wanted. */
export class LineJoiner {
  readonly #timestamps: boolean;
  readonly #labelled: boolean;
  #toDrop: number;
  readonly #open = new Map<LogEntry['channel'], OpenLine>();

  constructor({ timestamps, labelled = false, dropLines = 0 }: LineJoinerOptions) {
    this.#timestamps = timestamps;
    this.#labelled = labelled;
    this.#toDrop = dropLines;
  }

  add({ channel, time, content, endsLine }: LogEntry): Buffer[] {
    const line = this.#open.get(channel) ?? { channel, time, pieces: [], size: 0, state: 'held' };
    this.#open.set(channel, line);
    line.pieces.push(content);
    line.size += content.length;
    if (endsLine) this.#open.delete(channel);
    return endsLine || line.size > largestHeld ? this.#pass(line) : [];
  }

  /** What was written of lines that have no end. */
  finish(): Buffer[] {
    const rest = [...this.#open.values()].flatMap((line) => this.#pass(line));
    this.#open.clear();
    return rest;
  }

  #pass(line: OpenLine): Buffer[] {
    const { channel, pieces, time, state } = line;
    [line.pieces, line.size] = [[], 0];
    if (state === 'held' && this.#toDrop > 0) {
      this.#toDrop -= 1;
      line.state = 'dropped';
    }
    if (line.state === 'dropped') return [];
    line.state = 'passing';
    const label = this.#labelled ? `${channel} F ` : '';
    const head = state === 'held' && this.#timestamps ? [Buffer.from(`${time} ${label}`)] : [];
    return [Buffer.concat([...head, ...pieces])];
  }
}

/** An entry without what it says. */
export type EntryMark = Pick<LogEntry, 'channel' | 'time' | 'endsLine'> & { readonly isWanted: boolean };

export interface TailStart {
  /** The log is to be read from this time on; undefined: all of it. */
  readonly since: string | undefined;
  /** So many entries of that are older than the tail … */
  readonly skip: number;
  /** … and so many lines that end in the rest. */
  readonly dropLines: number;
}

interface Line {
  readonly start: number;
  /** Infinite: it has no end yet. */
  readonly end: number;
  /** What is seen of it may be no more than its end. */
  readonly mayLackStart: boolean;
}

/**
 * Where the last `count` lines begin. `isWhole`: the entries are all that there are, and not only the newest.
 * Undefined: more entries are needed to tell.
 */
export function findTailStart(
  entries: readonly EntryMark[],
  { count, isWhole }: { readonly count: number; readonly isWhole: boolean },
): TailStart | undefined {
  const lines = findLines(entries, isWhole);
  const kept = count === 0 ? [] : lines.slice(-count);
  if (!isWhole && (kept.length < count || kept.some(({ mayLackStart }) => mayLackStart))) return undefined;
  const start = Math.min(entries.length, ...kept.map((line) => line.start));
  const since = earliestTime(start < entries.length ? entries.slice(start) : entries.slice(-1));
  if (!isWhole && since !== undefined && (entries[0]?.time ?? '') >= since) return undefined;
  const dropped = lines.slice(0, lines.length - kept.length);
  return {
    since,
    skip: entries.slice(0, start).filter(({ time }) => since !== undefined && time >= since).length,
    dropLines: dropped.filter(({ end }) => end >= start).length,
  };
}

/** In the order of their ends. */
function findLines(entries: readonly EntryMark[], isWhole: boolean): Line[] {
  const lines: Line[] = [];
  const open = new Map<LogEntry['channel'], Omit<Line, 'end'>>();
  const seen = new Set<LogEntry['channel']>();
  entries.forEach(({ channel, endsLine, isWanted }, index) => {
    if (!isWanted) return;
    const line = open.get(channel) ?? { start: index, mayLackStart: !isWhole && !seen.has(channel) };
    seen.add(channel);
    open.set(channel, line);
    if (!endsLine) return;
    open.delete(channel);
    lines.push({ ...line, end: index });
  });
  return [...lines, ...[...open.values()].map((line) => ({ ...line, end: Number.POSITIVE_INFINITY }))];
}

const earliestTime = (entries: readonly EntryMark[]): string | undefined =>
  entries.map(({ time }) => time).reduce<string | undefined>((a, b) => (a !== undefined && a < b ? a : b), undefined);
