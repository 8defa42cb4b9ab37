/** "There is no such file" as a value, for those to whom it is an answer and no error. */

import { errorCode } from './error-text.ts';

/** What the call brings, or undefined when there is no such file. Every other failure is thrown as it is. */
export async function ifFilePresent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    // ESRCH: the process behind a file of /proc ended while it was read.
    if (['ENOENT', 'ESRCH'].includes(errorCode(error) ?? '')) return undefined;
    throw error;
  }
}
