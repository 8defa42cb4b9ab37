/** How much of a disk a folder takes, also while somebody writes there. */

import { execFile } from 'node:child_process';
import { lstat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { ifFilePresent } from '../../base/if-file-present.ts';

const run = promisify(execFile);
const patienceMs = 60_000;

/** In bytes, of this file system alone; undefined: there is no such folder. */
export async function measureTree(folder: string): Promise<number | undefined> {
  if ((await ifFilePresent(lstat(folder))) === undefined) return undefined;
  // du(1) follows no link. A file that goes while it looks makes it complain, and the rest still counts.
  const args = ['--summarize', '--one-file-system', '--block-size=1', '--', folder];
  const { stdout } = await run('du', args, { timeout: patienceMs }).catch((error: unknown) => {
    if (error instanceof Error && 'stdout' in error && typeof error.stdout === 'string' && error.stdout !== '')
      return { stdout: error.stdout };
    throw error;
  });
  return Number.parseInt(stdout, 10);
}
