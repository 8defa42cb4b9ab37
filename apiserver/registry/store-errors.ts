/** The border to the store: its errors become Status errors; those the registry handles itself pass through. */

import { serviceUnavailable, tooLarge } from '../../api/status-error.ts';
import { StoreUnavailableError, ValueTooLargeError } from '../store/store.ts';

export async function storeErrors<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StoreUnavailableError) {
      throw serviceUnavailable(
        error.outcomeUnknown
          ? 'the store did not answer: the write may or may not have happened'
          : 'the store is out of reach: nothing was written, try again',
        error,
      );
    }
    if (error instanceof ValueTooLargeError) throw tooLarge(`etcdserver: request is too large: ${error.message}`);
    throw error;
  }
}
