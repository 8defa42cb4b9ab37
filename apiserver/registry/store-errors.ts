/** The border to the store: its errors become Status errors; those the registry handles itself pass through. */

import { type StatusError, serviceUnavailable, timeout, tooLarge } from '../../api/status-error.ts';
import { StoreUnavailableError, ValueTooLargeError } from '../store/store.ts';

export async function storeErrors<T>(call: Promise<T>): Promise<T> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof StoreUnavailableError) throw storeUnavailable(error);
    if (error instanceof ValueTooLargeError) throw tooLarge(`etcdserver: request is too large: ${error.message}`);
    throw error;
  }
}

/** Whoever repeats a write that may have happened meets its own work, so only the other kind asks to be repeated. */
export function storeUnavailable(error: StoreUnavailableError): StatusError {
  return error.outcomeUnknown
    ? timeout('the store did not answer: the write may or may not have happened', error)
    : serviceUnavailable('the store is out of reach: nothing was written, try again', error);
}
