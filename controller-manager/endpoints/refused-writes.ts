/** What the API server will not take, for instance because a quota is used up, is told to users: no retry mends it. */

import { isTerminatingNamespaceError } from '../../api/namespace-state.ts';
import { isAlreadyExists, isConflict, isNotFound, isRetryable } from '../../api/status-error.ts';
import { errorText } from '../../base/error-text.ts';

/** Races with others and outages are over soon, and so is a namespace that ends: nobody needs to know. */
const passesByItself = [isConflict, isAlreadyExists, isNotFound, isRetryable, isTerminatingNamespaceError];

/** What `write` gives. When it is refused, `tell` hears why before the error is thrown on. */
export async function orTell<T>(write: () => Promise<T>, tell: (why: string) => void): Promise<T> {
  try {
    return await write();
  } catch (error) {
    if (!passesByItself.some((isSuch) => isSuch(error))) tell(errorText(error));
    throw error;
  }
}
