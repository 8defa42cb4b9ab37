/** "It is not there" as an answer instead of an error, for those to whom it is one. */

import { isNotFound } from '../api/status-error.ts';

/** What the request brings, or undefined when there is no such object. Every other failure is thrown as it is. */
export async function ifPresent<T>(request: Promise<T>): Promise<T | undefined> {
  try {
    return await request;
  } catch (error) {
    if (isNotFound(error)) return undefined;
    throw error;
  }
}
