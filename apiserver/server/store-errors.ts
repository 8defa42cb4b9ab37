/** What clients are told when the store fails: said once, at the end of the pipeline. Inside, its errors stay its own. */

import { internalError, StatusError, serviceUnavailable, timeout, tooLarge } from '../../api/status-error.ts';
import { CacheBehindError, CacheClosedError } from '../store/resource-cache.ts';
import { StoreUnavailableError, ValueTooLargeError } from '../store/store.ts';
import { UnreadableEntryError } from '../store/unreadable-entry.ts';

/**
 * Undefined: not an error of the store, or one that those who write handle themselves. `hasWritten`: an earlier step of
 * the same request has changed something.
 */
export function statusOfStoreError(error: unknown, hasWritten: boolean): StatusError | undefined {
  if (error instanceof StoreUnavailableError) return unavailable(error, hasWritten);
  if (error instanceof ValueTooLargeError) return tooLarge(`etcdserver: request is too large: ${error.message}`);
  if (error instanceof CacheClosedError) {
    return new StatusError(404, 'NotFound', 'the server could not find the requested resource', {}, { cause: error });
  }
  if (error instanceof UnreadableEntryError) return unreadable(error);
  if (error instanceof CacheBehindError) return behind(error);
  return undefined;
}

/** In upstream's words, by which its clients know an object that can only be deleted. */
function unreadable(error: UnreadableEntryError): StatusError {
  if (error.isTransient)
    return serviceUnavailable(`the object cannot be decrypted now, try again: ${error.message}`, error);
  return internalError(`StorageError: corrupt object, Code: 7, ${error.message}`, error);
}

/** Nothing but reads wait for a cache. */
const behind = (cause: CacheBehindError): StatusError =>
  new StatusError(504, 'Timeout', `Timeout: ${cause.message}`, { retryAfterSeconds: 1 }, { cause });

/** Whoever repeats a write that may have happened meets its own work, so only the other kind asks to be repeated. */
function unavailable(error: StoreUnavailableError, hasWritten: boolean): StatusError {
  return error.outcomeUnknown || hasWritten
    ? timeout('the store did not answer: the write may or may not have happened', error)
    : serviceUnavailable('the store is out of reach: nothing was written, try again', error);
}
