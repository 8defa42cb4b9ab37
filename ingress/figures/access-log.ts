/**
 * A line of JSON for each request, to a file or to standard output. Queries are left out: they hold what is nobody else's.
 * Lines wait in memory for a moment, so that they cost one write together; where the disk does not keep up, they are
 * counted and dropped.
 */

import { type FileHandle, open, rename } from 'node:fs/promises';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';

export interface AccessEntry {
  /** Wall time in milliseconds, of its end. */
  readonly at: number;
  readonly client: string;
  readonly method: string;
  readonly host: string;
  readonly path: string;
  readonly protocol: string;
  readonly status: number;
  readonly milliseconds: number;
  readonly receivedBytes: number;
  readonly sentBytes: number;
  readonly namespace: string;
  readonly ingress: string;
  readonly service: string;
  readonly upstream: string;
}

export interface AccessLogOptions {
  /** `-`: standard output. */
  readonly path: string;
  readonly clock: Clock;
  readonly logger: Logger;
  /** One that has grown so far becomes `<path>.1`. */
  readonly maxBytes?: number;
}

const flushMs = 200;
const mostWaiting = 4 * 2 ** 20;
const defaultMaxBytes = 100 * 2 ** 20;

export class AccessLog {
  readonly #options: AccessLogOptions;
  #waiting: string[] = [];
  #size = 0;
  #dropped = 0;
  #file: FileHandle | undefined;
  #written = 0;

  constructor(options: AccessLogOptions) {
    this.#options = options;
  }

  add({ at, path, ...rest }: AccessEntry): void {
    if (this.#size > mostWaiting) {
      this.#dropped += 1;
      return;
    }
    const line = `${JSON.stringify({ time: new Date(at).toISOString(), path: path.split('?', 1)[0], ...rest })}\n`;
    this.#waiting.push(line);
    this.#size += line.length;
  }

  /** Until `signal` aborts; what is left then is written. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    let isTold = false;
    while (!signal.aborted) {
      await this.#options.clock.sleep(flushMs, signal);
      try {
        await this.#flush();
        isTold = false;
      } catch (error) {
        if (!isTold) this.#options.logger.warn('The access log cannot be written', { error });
        isTold = true;
        await this.#close();
      }
    }
    await this.#close();
  }

  async #flush(): Promise<void> {
    if (this.#waiting.length === 0) return;
    if (this.#dropped > 0) this.#options.logger.warn('Lines of the access log were dropped', { lines: this.#dropped });
    const text = this.#waiting.join('');
    this.#waiting = [];
    this.#size = 0;
    this.#dropped = 0;
    const { path, maxBytes = defaultMaxBytes } = this.#options;
    if (path === '-') {
      process.stdout.write(text);
      return;
    }
    if (this.#file === undefined) {
      this.#file = await open(path, 'a', 0o600);
      this.#written = (await this.#file.stat()).size;
    }
    await this.#file.appendFile(text);
    this.#written += text.length;
    if (this.#written < maxBytes) return;
    await this.#close();
    await rename(path, `${path}.1`);
  }

  async #close(): Promise<void> {
    const file = this.#file;
    this.#file = undefined;
    await file?.close().catch(() => undefined);
  }
}
