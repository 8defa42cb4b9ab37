/** The user's own programs: an editor, a program that shows differences. */

import { spawn } from 'node:child_process';
import { errorText } from '../base/error-text.ts';
import { UserError } from '../base/user-error.ts';

/** Runs it at the user's terminal, with `files` behind its own words; resolves with its exit code. */
export function runAtTerminal(command: string, files: readonly string[]): Promise<number> {
  return new Promise((resolve, reject) => {
    // The words are the user's own, who may have written blanks and quotes for the shell.
    const child = spawn('sh', ['-c', `${command} "$@"`, 'sh', ...files], { stdio: 'inherit' });
    child.once('error', (cause) => reject(new UserError(`Cannot start "${command}": ${errorText(cause)}`, { cause })));
    child.once('close', (code) => resolve(code ?? 1));
  });
}
