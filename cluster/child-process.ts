/**
 * A program that belongs to the cluster: started again when it dies, ended with us whatever happens to us.
 *
 * Invariants:
 * - The kernel kills the child when this process dies (`setpriv --pdeathsig`), so none is left behind by `kill -9`, and
 *   none that still takes its leave meets the child of the next start.
 * - The child is in a session of its own: Ctrl-C in a terminal reaches only us, and we stop it in its turn.
 */

import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { open, readFile, stat } from 'node:fs/promises';
import { computeBackoffMs } from '../base/backoff.ts';
import { type Clock, systemClock } from '../base/clock.ts';
import { errorText } from '../base/error-text.ts';
import { ifFilePresent } from '../base/if-file-present.ts';
import type { Running } from '../base/lifecycle.ts';
import type { Logger } from '../base/logger.ts';
import { Patience } from '../base/patience.ts';
import { UserError } from '../base/user-error.ts';

export interface ChildOptions {
  readonly name: string;
  readonly command: string;
  readonly arguments: readonly string[];
  readonly cwd: string;
  readonly environment?: NodeJS.ProcessEnv;
  /** What it writes is appended here. */
  readonly logFile: string;
  readonly logger: Logger;
  /** What the user can do when it does not start, given what it wrote. */
  advice?(endOfOutput: string): string;
  /** Called before every start: clears away what a child that was killed leaves behind. */
  prepare?(): Promise<void>;
  /** Asked until it is true, after the first start. */
  isReady(): Promise<boolean>;
  /** How long the child may do nothing at all before it is ready: one that works is waited for. Default 60 s. */
  readonly idleLimitMs?: number;
  readonly clock?: Clock;
}

const stopTimeoutMs = 5_000;

/** Resolves once it is ready. Throws when it ends before, with the last lines that it wrote. */
export async function startChild(options: ChildOptions): Promise<Running> {
  const child = new SupervisedChild(options);
  await child.start();
  return child;
}

class SupervisedChild implements Running {
  readonly name: string;
  readonly done: Promise<void>;
  readonly #options: ChildOptions;
  readonly #clock: Clock;
  readonly #stopping = new AbortController();
  #process: ChildProcess | undefined;
  /** Where in the log file the words of this process begin. */
  #logStart = 0;
  #finish: () => void = () => {};

  constructor(options: ChildOptions) {
    this.name = options.name;
    this.#options = options;
    this.#clock = options.clock ?? systemClock;
    this.done = new Promise((resolve) => {
      this.#finish = resolve;
    });
  }

  async start(): Promise<void> {
    const { ended } = await this.#spawn();
    try {
      await Promise.race([this.#untilReady(), ended.then((how) => this.#failedStart(how))]);
    } catch (error) {
      await this.stop();
      throw error;
    }
    void this.#supervise(ended);
  }

  async stop(): Promise<void> {
    this.#stopping.abort();
    const child = this.#process;
    if (child !== undefined && isAlive(child)) {
      const exited = once(child, 'exit');
      child.kill('SIGTERM');
      const late = setTimeout(() => child.kill('SIGKILL'), stopTimeoutMs);
      await exited;
      clearTimeout(late);
    }
    this.#finish();
  }

  /** Starts it; `ended` resolves with how it ended. */
  async #spawn(): Promise<{ readonly ended: Promise<string> }> {
    const { command, arguments: given, cwd, environment, logFile } = this.#options;
    await this.#options.prepare?.();
    const log = await open(logFile, 'a', 0o600);
    this.#logStart = (await log.stat()).size;
    const child = spawn('setpriv', ['--pdeathsig', 'KILL', '--', command, ...given], {
      cwd,
      env: { ...process.env, ...environment },
      detached: true,
      stdio: ['ignore', log.fd, log.fd],
    });
    this.#process = child;
    const ended = new Promise<string>((resolve) => {
      child.once('exit', (code, signal) => resolve(signal ?? `exit code ${code}`));
      child.once('error', (error) => resolve(error.message));
    });
    await log.close();
    return { ended };
  }

  async #supervise(firstEnd: Promise<string>): Promise<void> {
    let ended = firstEnd;
    for (let failures = 1; ; failures += 1) {
      const startedAt = this.#clock.monotonic();
      const how = await ended;
      if (this.#stopping.signal.aborted) return;
      if (this.#clock.monotonic() - startedAt > 60_000) failures = 1;
      this.#options.logger.warn('A child process ended and is started again', { child: this.name, how });
      await this.#clock.sleep(computeBackoffMs(failures, { baseMs: 100, maxMs: 10_000 }), this.#stopping.signal);
      if (this.#stopping.signal.aborted) return;
      ended = this.#spawnAgain();
    }
  }

  /** What cannot even be started has ended at once: it is tried again like any other. */
  async #spawnAgain(): Promise<string> {
    try {
      const { ended } = await this.#spawn();
      return await ended;
    } catch (error) {
      return errorText(error);
    }
  }

  async #untilReady(): Promise<void> {
    const patience = new Patience({ clock: this.#clock, limitMs: this.#options.idleLimitMs ?? 60_000 });
    while (!(await this.#options.isReady()) && !this.#stopping.signal.aborted) {
      if (patience.isOver(await this.#workDone())) {
        throw new UserError(`${this.name} does not answer. ${await this.#endOfOutput()}`);
      }
      await this.#clock.sleep(15, this.#stopping.signal);
    }
  }

  /** Changes while the child does something: it writes, or has used another second of CPU. */
  async #workDone(): Promise<string> {
    const [log, process] = await Promise.all([
      stat(this.#options.logFile),
      ifFilePresent(readFile(`/proc/${this.#process?.pid}/stat`, 'utf8')),
    ]);
    return `${log.size} ${cpuSeconds(process)}`;
  }

  async #failedStart(how: string): Promise<never> {
    throw new UserError(`${this.name} does not start (${how}). ${await this.#endOfOutput()}`);
  }

  async #endOfOutput(): Promise<string> {
    const { logFile, advice } = this.#options;
    const written = (await readFile(logFile)).subarray(this.#logStart).toString().trimEnd().split('\n');
    // A stack trace says less than the line above it.
    const telling = written.filter((line) => /panic:|fatal|error/i.test(line));
    const words = (telling.length > 0 ? telling : written).slice(-3).map((line) => line.slice(0, 400));
    const last = `The end of its output, in ${logFile}:\n${words.join('\n')}`;
    return advice === undefined ? last : `${last}\n${advice(written.join('\n'))}`;
  }
}

const isAlive = (child: ChildProcess): boolean =>
  child.pid !== undefined && child.exitCode === null && child.signalCode === null;

/** Of a line of /proc/PID/stat, whose second field is a name in parentheses: fields 14 and 15, in hundredths. */
function cpuSeconds(stat: string | undefined): number {
  const [user, system] = (stat?.slice(stat.lastIndexOf(')') + 2) ?? '').split(' ').slice(11, 13).map(Number);
  return Math.floor(((user ?? 0) + (system ?? 0)) / 100);
}
