/**
 * Events as lines of a file, which is put aside when it is full. Those put aside are named by the time, as upstream does
 * (`audit-2030-01-01T00-00-00.000.log`), and the oldest go.
 */

import { type FileHandle, mkdir, open, readdir, rename, unlink } from 'node:fs/promises';
import { basename, dirname, extname, join } from 'node:path';
import type { Writable } from 'node:stream';
import type { Clock } from '../../base/clock.ts';
import type { AuditSink } from './audit-queue.ts';

export interface AuditLogOptions {
  readonly path: string;
  /** 0: whatever its size. */
  readonly maxBytes: number;
  /** How many are kept that were put aside. 0: all. */
  readonly maxBackups: number;
  /** How long those are kept. 0: for ever. */
  readonly maxAgeDays: number;
  readonly clock: Pick<Clock, 'now'>;
}

const dayMs = 86_400_000;

export class AuditLog implements AuditSink {
  readonly name = 'log';
  readonly #options: AuditLogOptions;
  #file: FileHandle | undefined;
  #size = 0;

  constructor(options: AuditLogOptions) {
    this.#options = options;
  }

  async write(events: readonly string[]): Promise<void> {
    const lines = Buffer.from(`${events.join('\n')}\n`);
    try {
      const { maxBytes } = this.#options;
      let file = await this.#open();
      if (maxBytes > 0 && this.#size > 0 && this.#size + lines.length > maxBytes) file = await this.#rotate();
      await file.appendFile(lines);
      this.#size += lines.length;
    } catch (error) {
      // Whatever is wrong with the file: the next try begins with opening it.
      await this.close();
      throw error;
    }
  }

  async close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }

  async #open(): Promise<FileHandle> {
    if (this.#file !== undefined) return this.#file;
    const { path } = this.#options;
    await mkdir(dirname(path), { recursive: true, mode: 0o700 });
    const file = await open(path, 'a+', 0o600);
    this.#file = file;
    this.#size = (await file.stat()).size;
    if (!(await endsWithLine(file, this.#size))) await file.appendFile('\n');
    return file;
  }

  async #rotate(): Promise<FileHandle> {
    const { path, clock } = this.#options;
    await this.close();
    const time = new Date(clock.now()).toISOString().slice(0, -1).replaceAll(':', '-');
    const { stem, ending } = partsOf(path);
    await rename(path, join(dirname(path), `${stem}-${time}${ending}`));
    await this.#removeOld();
    return await this.#open();
  }

  async #removeOld(): Promise<void> {
    const { path, maxBackups, maxAgeDays, clock } = this.#options;
    const { stem, ending } = partsOf(path);
    const aside = (await readdir(dirname(path)))
      .map((name) => ({ name, at: timeIn(name, stem, ending) }))
      .filter(({ at }) => at !== undefined)
      .sort((a, b) => b.name.localeCompare(a.name));
    const oldest = maxAgeDays > 0 ? clock.now() - maxAgeDays * dayMs : Number.NEGATIVE_INFINITY;
    const tooMany = maxBackups > 0 ? maxBackups : aside.length;
    const old = aside.filter(({ at = 0 }, index) => index >= tooMany || at < oldest);
    for (const { name } of old) await unlink(join(dirname(path), name));
  }
}

/** A server that was killed, or a full disk, leaves half a line: what comes next is not to be part of it. */
async function endsWithLine(file: FileHandle, size: number): Promise<boolean> {
  if (size === 0) return true;
  const { bytesRead, buffer } = await file.read(Buffer.alloc(1), 0, 1, size - 1);
  return bytesRead === 0 || buffer[0] === 0x0a;
}

function partsOf(path: string): { readonly stem: string; readonly ending: string } {
  const ending = extname(path);
  return { stem: basename(path, ending), ending };
}

/** Milliseconds; undefined: it is no file of ours. */
function timeIn(name: string, stem: string, ending: string): number | undefined {
  if (!name.startsWith(`${stem}-`) || !name.endsWith(ending)) return undefined;
  const text = name.slice(stem.length + 1, name.length - ending.length);
  const [, day, hours, minutes, rest] = /^(\d{4}-\d\d-\d\d)T(\d\d)-(\d\d)-(\d\d\.\d{3})$/.exec(text) ?? [];
  return day === undefined ? undefined : Date.parse(`${day}T${hours}:${minutes}:${rest}Z`);
}

/** `--audit-log-path=-` */
export const streamSink = (stream: Writable): AuditSink => ({
  name: 'log',
  write: (events) =>
    new Promise((resolve, reject) => {
      stream.write(`${events.join('\n')}\n`, (error) => (error ? reject(error) : resolve()));
    }),
});
