/** Runs a command of the system and gives what it printed. */

import { spawn } from 'node:child_process';

/** Resolves with standard output; rejects with `ProgramError` when the command cannot be run or fails. */
export type RunProgram = (argv: readonly string[], input?: string) => Promise<string>;

export class ProgramError extends Error {
  /** The exit code; undefined when the command could not be started. */
  readonly code: number | undefined;

  constructor(argv: readonly string[], code: number | undefined, why: string) {
    super(`${argv.slice(0, 4).join(' ')}: ${why}`);
    this.name = 'ProgramError';
    this.code = code;
  }
}

export const isMissingProgram = (error: unknown): boolean => error instanceof ProgramError && error.code === undefined;

/** Longest text of a failure that is told: nft repeats the whole transaction. */
const toldLength = 400;

export const runProgram: RunProgram = (argv, input = '') =>
  new Promise((resolve, reject) => {
    const [file = '', ...args] = argv;
    const child = spawn(file, args, { stdio: ['pipe', 'pipe', 'pipe'] });
    const output: Buffer[] = [];
    const errors: Buffer[] = [];
    child.stdout.on('data', (chunk: Buffer) => output.push(chunk));
    child.stderr.on('data', (chunk: Buffer) => errors.push(chunk));
    child.on('error', (error) => reject(new ProgramError(argv, undefined, error.message)));
    child.on('close', (code, signal) => {
      if (code === 0) return resolve(Buffer.concat(output).toString());
      const why = Buffer.concat(errors).toString().trim().slice(0, toldLength);
      reject(new ProgramError(argv, code ?? -1, why === '' ? `ended with ${signal ?? code}` : why));
    });
    // A command that ends without reading its input is told by its exit code.
    child.stdin.on('error', () => undefined);
    child.stdin.end(input);
  });
