/**
 * A container's log as the engine's `local` driver gives it: entries, each a line or, of a line over 16 KiB, a piece of
 * it. They are asked for with their times, which all pieces of a line share. The driver forgets the newline behind the
 * last piece of such a line: it is known by its size. Pure.
 */

import { type Frame, FrameReader } from './frames.ts';

export interface LogEntry {
  readonly channel: Frame['channel'];
  /** `2024-05-06T07:08:09.123456789Z`: texts of one length, which sort like times. */
  readonly time: string;
  /** With the newline, in an entry that ends its line. */
  readonly content: Buffer;
  readonly endsLine: boolean;
}

/** The engine's own measure of a piece. */
export const pieceBytes = 16 * 1024;
const newline = 0x0a;
/** Behind the time. */
const space = 0x20;
const timePattern = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d\.\d{9}(?:Z|[+-]\d\d:\d\d) /;
const longestTime = '2024-05-06T07:08:09.123456789+02:00 '.length;

export interface EntryReaderOptions {
  readonly tty: boolean;
  /** The first entry may be a piece of a line that has begun before. */
  readonly startsInside: boolean;
}

export interface EntryReader {
  read(chunk: Buffer): LogEntry[];
  /** What is left when the log is over. */
  finish(): LogEntry[];
}

export const createEntryReader = ({ tty, startsInside }: EntryReaderOptions): EntryReader =>
  tty ? new TerminalEntryReader(startsInside) : new FramedEntryReader(startsInside);

/** One output, entry by entry: whether the next one goes on with a line. */
class Output {
  readonly #channel: Frame['channel'];
  isInside: boolean;

  constructor(channel: Frame['channel'], isInside: boolean) {
    this.#channel = channel;
    this.isInside = isInside;
  }

  take(bytes: Buffer): LogEntry {
    const timeEnd = bytes.indexOf(space);
    const content = bytes.subarray(timeEnd + 1);
    const hasNewline = content.at(-1) === newline;
    const lacksNewline = !hasNewline && this.isInside && content.length < pieceBytes;
    this.isInside = !hasNewline && !lacksNewline;
    return {
      channel: this.#channel,
      time: inUtc(bytes.toString('latin1', 0, timeEnd)),
      content: lacksNewline ? Buffer.concat([content, Buffer.of(newline)]) : content,
      endsLine: hasNewline || lacksNewline,
    };
  }
}

/** The engine says times in its own zone: `2024-05-06T07:08:09.123456789+02:00`. */
function inUtc(time: string): string {
  if (time.endsWith('Z')) return time;
  const seconds = new Date(`${time.slice(0, 19)}${time.slice(29)}`).toISOString().slice(0, 19);
  return `${seconds}${time.slice(19, 29)}Z`;
}

class FramedEntryReader implements EntryReader {
  readonly #frames = new FrameReader();
  readonly #outputs: Readonly<Record<Frame['channel'], Output>>;

  constructor(startsInside: boolean) {
    this.#outputs = { stdout: new Output('stdout', startsInside), stderr: new Output('stderr', startsInside) };
  }

  read(chunk: Buffer): LogEntry[] {
    return this.#frames.read(chunk).map(({ channel, content }) => this.#outputs[channel].take(content));
  }

  finish(): LogEntry[] {
    return [];
  }
}

/**
 * The log of a terminal has no frames: an entry is over at its newline, or when it is as large as they get, or, inside a
 * line, where the next one begins.
 */
class TerminalEntryReader implements EntryReader {
  readonly #output: Output;
  #rest: Buffer = Buffer.alloc(0);

  constructor(startsInside: boolean) {
    this.#output = new Output('stdout', startsInside);
  }

  read(chunk: Buffer): LogEntry[] {
    this.#rest = Buffer.concat([this.#rest, chunk]);
    const entries: LogEntry[] = [];
    for (let end = this.#endOfEntry(); end !== undefined; end = this.#endOfEntry()) {
      entries.push(this.#output.take(this.#rest.subarray(0, end)));
      this.#rest = this.#rest.subarray(end);
    }
    return entries;
  }

  finish(): LogEntry[] {
    return this.#rest.includes(space) ? [this.#output.take(this.#rest)] : [];
  }

  #endOfEntry(): number | undefined {
    const start = this.#rest.indexOf(space) + 1;
    if (start === 0) return undefined;
    const largest = start + pieceBytes;
    const lineEnd = this.#rest.indexOf(newline, start) + 1 || Number.POSITIVE_INFINITY;
    const next = this.#output.isInside ? this.#findTime(start, largest) : Number.POSITIVE_INFINITY;
    const end = Math.min(lineEnd, next);
    if (end <= largest) return end;
    const isSeen = this.#rest.length >= largest + (this.#output.isInside ? longestTime : 0);
    return isSeen ? largest : undefined;
  }

  #findTime(start: number, largest: number): number {
    const found = timePattern.exec(this.#rest.toString('latin1', start, largest + longestTime));
    return found === null ? Number.POSITIVE_INFINITY : start + found.index;
  }
}
