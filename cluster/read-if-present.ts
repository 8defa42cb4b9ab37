/** Reads a file that need not be there: a cluster's own, or one of a process that may have ended. */

import { readFile } from 'node:fs/promises';
import { errorCode } from '../base/error-text.ts';

export async function readIfPresent(path: string): Promise<string | undefined> {
  try {
    return await readFile(path, 'utf8');
  } catch (error) {
    // ESRCH: the process behind a file of /proc ended while it was read.
    if (['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
