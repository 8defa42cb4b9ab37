/** The border to etcd: what gRPC and etcd say, in the words of the store contract. Pure. */

import { errorText } from '../../base/error-text.ts';
import { CompactedError, FutureRevisionError, StoreUnavailableError, ValueTooLargeError } from './store.ts';

/**
 * Refusals after which a write has certainly not happened: it never left this process, or etcd turned it away before
 * it was proposed. Whatever is not listed leaves a write's outcome unknown, which is always safe to say.
 */
const notApplied: readonly RegExp[] = [
  /No connection established/,
  /Name resolution failed/,
  /ECONNREFUSED|ENOTFOUND|EHOSTUNREACH|ENETUNREACH/,
  /Channel closed before call started/,
  /client was already closed/,
  // The deadline passed before the call was given to a connection.
  /DEADLINE_EXCEEDED.*(?:LB pick|name resolution)(?!.*remote_addr)/s,
  /^3 INVALID_ARGUMENT|^7 PERMISSION_DENIED|^8 RESOURCE_EXHAUSTED|^9 FAILED_PRECONDITION|^16 UNAUTHENTICATED/,
  /etcdserver: no leader/,
  /requested lease not found/,
];

/** What the contract makes of an error of a call to etcd. Errors that are no gRPC errors come back as they are. */
export function translateEtcdError(error: unknown, call: { readonly isWrite: boolean }): Error {
  const message = errorText(error);
  const options = { cause: error };
  if (/required revision has been compacted/.test(message)) return new CompactedError(message, options);
  if (/required revision is a future revision/.test(message)) return new FutureRevisionError(message, options);
  if (/request is too large|message larger than max/.test(message)) return new ValueTooLargeError(message, options);
  if (error instanceof TypeError || error instanceof RangeError) return error;
  const outcomeUnknown = call.isWrite && !notApplied.some((pattern) => pattern.test(message));
  return new StoreUnavailableError(`etcd: ${message}`, { outcomeUnknown, cause: error });
}

/** The lease is gone (it ran out, or etcd was restored from a backup): to be asked for again. */
export const isLeaseGone = (error: unknown): boolean =>
  error instanceof Error && /requested lease not found/.test(`${error.message} ${String(error.cause)}`);
