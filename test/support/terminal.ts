/** A program in a terminal of its own, as a person has one: with a size that changes, and both outputs in one. */

import { type ChildProcessWithoutNullStreams, execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { eventually } from './eventually.ts';

export interface TerminalSize {
  readonly columns: number;
  readonly rows: number;
}

export interface TerminalOptions {
  readonly size: TerminalSize;
  readonly env: Readonly<Record<string, string | undefined>>;
}

export class Terminal {
  readonly #child: ChildProcessWithoutNullStreams;
  readonly #exited: Promise<[number | null]>;
  #output = '';

  private constructor(child: ChildProcessWithoutNullStreams) {
    this.#child = child;
    this.#exited = once(child, 'close') as Promise<[number | null]>;
    child.stdout.on('data', (chunk: Buffer) => {
      this.#output += chunk.toString();
    });
    child.stdin.on('error', () => {}); // it ended without reading its input
  }

  static start(words: readonly string[], { size, env }: TerminalOptions): Terminal {
    const command = words.map((word) => `'${word.replaceAll("'", `'\\''`)}'`).join(' ');
    const line = `stty rows ${size.rows} cols ${size.columns}; tty; exec ${command}`;
    return new Terminal(spawn('script', ['-qefc', line, '/dev/null'], { stdio: 'pipe', env: { ...env } }));
  }

  get output(): string {
    return this.#output;
  }

  type(text: string): void {
    this.#child.stdin.write(text);
  }

  async shows(wanted: RegExp): Promise<void> {
    await eventually(`the terminal shows ${wanted}`, () => {
      if (this.#child.exitCode !== null) throw new Error(`It ended: ${this.#output}`);
      return wanted.test(this.#output);
    });
  }

  async resize({ columns, rows }: TerminalSize): Promise<void> {
    const path = await eventually('the terminal has a name', () => /\/dev\/pts\/\d+/.exec(this.#output)?.[0]);
    await promisify(execFile)('stty', ['-F', path, 'rows', String(rows), 'cols', String(columns)]);
  }

  /** Its exit code. */
  async ended(): Promise<number | null> {
    return (await this.#exited)[0];
  }

  async kill(): Promise<void> {
    this.#child.kill();
    await this.#exited;
  }
}
