/** Lines of several logs in the order of their times. Pure but for what it reads. */

import { createInterface } from 'node:readline';
import type { Readable } from 'node:stream';

export interface TimedLine {
  /** As the kubelet writes it: texts that sort like times. Empty: it has none. */
  readonly time: string;
  /** Without its time. */
  readonly text: string;
}

const timed = /^(\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d+)?Z) (.*)$/s;

/** Lines of a log that was asked for with timestamps. One without, which goes on with the one before, has its time. */
export async function* readTimedLines(stream: Readable, signal: AbortSignal): AsyncGenerator<TimedLine> {
  const lines = createInterface({ input: stream, crlfDelay: Number.POSITIVE_INFINITY });
  const stop = () => lines.close();
  signal.addEventListener('abort', stop, { once: true });
  stream.once('close', stop);
  let last = '';
  try {
    for await (const line of lines) {
      const [, time, text] = timed.exec(line) ?? [];
      last = time ?? last;
      yield { time: last, text: text ?? line };
    }
  } finally {
    signal.removeEventListener('abort', stop);
    stream.destroy();
  }
}

/** One line after the other, the earliest of all next; of equal times in the order of the sources. */
export async function* mergeByTime<T>(
  sources: readonly { readonly of: T; readonly lines: AsyncIterator<TimedLine> }[],
): AsyncGenerator<TimedLine & { readonly of: T }> {
  const heads = await Promise.all(sources.map(async (source) => ({ source, next: await source.lines.next() })));
  for (;;) {
    let earliest: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done) continue;
      if (earliest === undefined || earliest.next.done || head.next.value.time < earliest.next.value.time)
        earliest = head;
    }
    if (earliest === undefined || earliest.next.done) return;
    yield { ...earliest.next.value, of: earliest.source.of };
    earliest.next = await earliest.source.lines.next();
  }
}

/** How far a log was read, so that it can be read on from there without a line that is lost or comes twice. */
export class ReadMark {
  #time = '';
  /** How many lines of that very time were read. */
  #count = 0;

  /** The time of the last line; empty: none was read. */
  get time(): string {
    return this.#time;
  }

  note({ time }: TimedLine): void {
    this.#count = time === this.#time ? this.#count + 1 : 1;
    this.#time = time;
  }

  /** For lines that are read from that time on: whether each one is new. */
  createFilter(): (line: TimedLine) => boolean {
    const [time, count] = [this.#time, this.#count];
    let seen = 0;
    return (line) => {
      if (line.time > time) return true;
      if (line.time < time) return false;
      seen += 1;
      return seen > count;
    };
  }
}
