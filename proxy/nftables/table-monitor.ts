/**
 * Hears of every change to one nftables table, by `nft monitor`, and tells those that this process made from those of
 * others by counting: each transaction of ours is announced once.
 *
 * Invariants:
 * - The monitor is started again whenever it ends. What happened meanwhile is unknown, and so is what it lost: then a
 *   change by others is assumed.
 * - Without nft's monitor nothing is heard, and nothing else is worse: the proxy also looks from time to time.
 */

import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';

export interface TableMonitorOptions {
  readonly table: string;
  /** Called when others seem to have changed the table. It may be a change of ours whose end is not noted yet. */
  readonly onDisturbance: () => void;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Before the command itself, so that tests run it in a network namespace. */
  readonly prefix?: readonly string[];
}

/** The kernel ends it with this process, however that ends. */
const monitorCommand = ['setpriv', '--pdeathsig', 'KILL', '--', 'nft', 'monitor'];
const restartMs = 2_000;
/** After so long without a transaction of ours none of their announcements is still on its way. */
const announcedWithinMs = 2_000;

export class TableMonitor {
  readonly #options: TableMonitorOptions;
  readonly #touches: RegExp;
  #ownCount = 0;
  #heardCount = 0;
  #ownAt = Number.NEGATIVE_INFINITY;
  #unsure = false;
  #touched = false;
  #isListening = false;

  constructor(options: TableMonitorOptions) {
    this.#options = options;
    this.#touches = new RegExp(`\\btable ip ${options.table}$|\\bip ${options.table} `);
  }

  /** A transaction of ours changed the table. Called when it is done, which may be after it was announced. */
  noteOwn(): void {
    this.#ownCount += 1;
    this.#ownAt = this.#options.clock.monotonic();
  }

  get isListening(): boolean {
    return this.#isListening;
  }

  /** Whether others changed the table, as far as is known. Means nothing while we change it ourselves. */
  get isDisturbed(): boolean {
    return this.#unsure || this.#heardCount > this.#ownCount;
  }

  /** The same, and forgets it: the caller takes the table over. */
  takeDisturbance(): boolean {
    const disturbed = this.isDisturbed;
    const isQuiet = this.#options.clock.monotonic() - this.#ownAt > announcedWithinMs;
    if (disturbed || isQuiet) this.#heardCount = this.#ownCount;
    this.#unsure = false;
    return disturbed;
  }

  /** Listens until `signal` aborts. Never rejects. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, logger } = this.#options;
    while (!signal.aborted) {
      const how = await this.#listen(signal);
      if (signal.aborted) return;
      logger.debug('nft monitor ended and is started again', { how });
      await clock.sleep(restartMs, signal);
      this.#assumeChange();
    }
  }

  /** Resolves with how it ended. */
  async #listen(signal: AbortSignal): Promise<string> {
    const [command = '', ...args] = [...(this.#options.prefix ?? []), ...monitorCommand];
    const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'ignore'], signal });
    child.once('spawn', () => {
      this.#isListening = true;
    });
    child.once('close', () => {
      this.#isListening = false;
    });
    const ended = once(child, 'close').then(([code, killedBy]) => String(killedBy ?? code), errorText);
    for await (const line of createInterface(child.stdout)) this.hear(line);
    return await ended;
  }

  /** One line of the monitor: changes come first, then the generation that they made. */
  hear(line: string): void {
    if (line.startsWith('# ERROR')) this.#assumeChange();
    else if (line.startsWith('# new generation')) this.#endTransaction();
    else this.#touched ||= this.#touches.test(line);
  }

  #endTransaction(): void {
    if (this.#touched) this.#heardCount += 1;
    if (this.#touched && this.isDisturbed) this.#options.onDisturbance();
    this.#touched = false;
  }

  #assumeChange(): void {
    this.#unsure = true;
    this.#options.onDisturbance();
  }
}
