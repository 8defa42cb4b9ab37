/**
 * The history on disk: what was measured is appended at once, so that a kubelet that is killed loses no more than what
 * it had not measured yet. For each step there are two files, of now and of before; when the present one is as old as
 * its ring reaches, it takes the place of the other. Nothing here is called twice at the same time.
 */

import { appendFile, readFile, rename, stat } from 'node:fs/promises';
import { join } from 'node:path';
import { setImmediate } from 'node:timers/promises';
import { ensurePrivateFolder } from '../../../base/private-folder.ts';
import { HistoryLineWriter, readHistoryLines } from './history-lines.ts';
import { coarseSize, fineSize, type SubjectRow, type UsageHistory } from './usage-history.ts';

const mostBytes = 16 * 2 ** 20;
/** Reading a day of many pods takes a moment, in which a kubelet that starts has other things to do as well. */
const momentsAtOnce = 20;

export class HistoryFiles {
  readonly #folder: string;
  readonly #fine: HistoryFile;
  readonly #coarse: HistoryFile;
  /** When the coarse slot begins that goes on. */
  #slotAt: number | undefined;

  constructor(folder: string) {
    this.#folder = folder;
    this.#fine = new HistoryFile(join(folder, 'fine'), fineSize.slots * fineSize.stepMs);
    this.#coarse = new HistoryFile(join(folder, 'coarse'), coarseSize.slots * coarseSize.stepMs);
  }

  /** Once, before all others. What cannot be read is left out. */
  async load(history: UsageHistory, now: number): Promise<void> {
    await ensurePrivateFolder(this.#folder);
    let coarseUntil = 0;
    let moments = 0;
    for (const text of await this.#coarse.read()) {
      for (const { at, rows } of readHistoryLines(text)) {
        moments += 1;
        if (moments % momentsAtOnce === 0) await setImmediate();
        if (at > now) continue; // of a clock that was wrong
        history.addCoarse(at, rows);
        coarseUntil = Math.max(coarseUntil, at + coarseSize.stepMs);
      }
    }
    for (const text of await this.#fine.read()) {
      for (const { at, rows } of readHistoryLines(text)) {
        moments += 1;
        if (moments % momentsAtOnce === 0) await setImmediate();
        if (at > now) continue;
        if (at >= coarseUntil) history.add(at, rows);
        else history.addFine(at, rows);
        this.#slotAt = Math.max(coarseUntil, slotOf(at));
      }
    }
  }

  async append(at: number, rows: readonly SubjectRow[], history: UsageHistory): Promise<void> {
    const slotAt = slotOf(at);
    const endedAt = this.#slotAt;
    this.#slotAt = slotAt;
    await this.#fine.append(at, rows);
    if (endedAt !== undefined && endedAt < slotAt) await this.#coarse.append(endedAt, history.coarseRowsAt(endedAt));
  }
}

const slotOf = (at: number): number => Math.floor(at / coarseSize.stepMs) * coarseSize.stepMs;

class HistoryFile {
  readonly #path: string;
  readonly #spanMs: number;
  #writer = new HistoryLineWriter();
  /** Of its first moment. */
  #beganAt: number | undefined;

  constructor(path: string, spanMs: number) {
    this.#path = path;
    this.#spanMs = spanMs;
  }

  get #current(): string {
    return `${this.#path}.jsonl`;
  }

  get #before(): string {
    return `${this.#path}.before.jsonl`;
  }

  /** The older one first. */
  async read(): Promise<string[]> {
    const texts = await Promise.all([this.#before, this.#current].map(readIfSmall));
    const [first] = readHistoryLines(texts[1] ?? '');
    this.#beganAt = first?.at;
    return texts;
  }

  async append(at: number, rows: readonly SubjectRow[]): Promise<void> {
    if (
      this.#beganAt !== undefined &&
      (at - this.#beganAt >= this.#spanMs || (await sizeOf(this.#current)) > mostBytes)
    ) {
      await rename(this.#current, this.#before);
      this.#beganAt = undefined;
      this.#writer = new HistoryLineWriter();
    }
    // A line that a crash has cut is ended first.
    const start = this.#beganAt === undefined || !this.#writer.isNew ? '' : '\n';
    this.#beganAt ??= at;
    await appendFile(this.#current, start + this.#writer.write(at, rows), { mode: 0o600 });
  }
}

const sizeOf = (path: string): Promise<number> =>
  stat(path).then(
    ({ size }) => size,
    () => 0,
  );

/** Empty: it is not there, or no file that we would have written. */
async function readIfSmall(path: string): Promise<string> {
  return (await sizeOf(path)) > 2 * mostBytes ? '' : await readFile(path, 'utf8').catch(() => '');
}
