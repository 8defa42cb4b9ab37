import { errorCode } from '../../base/error-text.ts';

/** "There is no such file" as a value. Every other error of the file system is thrown. */

export async function ifPresent<T>(call: Promise<T>): Promise<T | undefined> {
  try {
    return await call;
  } catch (error) {
    if (errorCode(error) === 'ENOENT') return undefined;
    throw error;
  }
}
