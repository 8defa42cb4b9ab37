/**
 * Logs as they are kept: each line after its time and output, `2024-05-06T07:08:09.123456789Z stdout F text`, which is how
 * other runtimes write theirs. Pure.
 */

import type { LogOptions } from '../runtime/runtime.ts';

const head = /^(\S+Z) (stdout|stderr) F /;
const newline = 0x0a;

/** The end of what a container wrote: so many bytes at most, from the beginning of a line on. */
export class LogTail {
  readonly #limit: number;
  #chunks: Buffer[] = [];
  #size = 0;

  constructor(limit: number) {
    this.#limit = limit;
  }

  add(chunk: Buffer): void {
    this.#chunks.push(chunk);
    this.#size += chunk.length;
    // What is certainly too old goes at once; the rest of it at the end.
    for (let first = this.#chunks[0]; first !== undefined; first = this.#chunks[0]) {
      if (this.#size - first.length < this.#limit) break;
      this.#chunks.shift();
      this.#size -= first.length;
    }
  }

  take(): Buffer {
    const all = Buffer.concat(this.#chunks);
    if (all.length <= this.#limit) return all;
    const end = all.subarray(all.length - this.#limit);
    return end.subarray(end.indexOf(newline) + 1);
  }
}

interface KeptLine {
  readonly time: string;
  readonly channel: 'stdout' | 'stderr';
  /** With its newline, if it had one. */
  readonly content: Buffer;
}

/** What of a kept log is asked for: as a runtime would say it of a container that has ended. */
export function selectLines(kept: Buffer, { since, tailLines, timestamps, ...options }: LogOptions): Buffer[] {
  const sinceText = since === undefined ? '' : new Date(since).toISOString().slice(0, -1);
  const wanted = readLines(kept).filter(({ time, channel }) => options[channel] && time >= sinceText);
  const shown = tailLines === undefined ? wanted : wanted.slice(Math.max(0, wanted.length - tailLines));
  return shown.map(({ time, content }) => (timestamps ? Buffer.concat([Buffer.from(`${time} `), content]) : content));
}

function readLines(kept: Buffer): KeptLine[] {
  const lines: KeptLine[] = [];
  for (let start = 0; start < kept.length; ) {
    const end = kept.indexOf(newline, start) + 1 || kept.length;
    const line = kept.subarray(start, end);
    start = end;
    const [whole, time = '', channel] = head.exec(line.toString('latin1', 0, 64)) ?? [];
    const last = lines.at(-1);
    if (whole !== undefined && (channel === 'stdout' || channel === 'stderr'))
      lines.push({ time, channel, content: line.subarray(whole.length) });
    // A line that was too long to be held together goes on.
    else if (last !== undefined) lines[lines.length - 1] = { ...last, content: Buffer.concat([last.content, line]) };
  }
  return lines;
}
