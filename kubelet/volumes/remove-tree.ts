/** Removes a folder with all in it, also while somebody writes there: nothing outside of it is ever touched. */

import { execFile } from 'node:child_process';
import { promisify } from 'node:util';
import { unmountBelow } from './mounts.ts';

const run = promisify(execFile);

/** What is mounted in it is unmounted first. Idempotent. */
export async function removeTree(folder: string): Promise<void> {
  await unmountBelow(folder);
  // rm(1) follows no link, not even one that appears while it works, and leaves other file systems alone.
  await run('rm', ['-rf', '--one-file-system', '--', folder]);
}
