/** How a namespace that is going away answers those who would still put something into it. */

import { isNotFound, StatusError } from './status-error.ts';

/** The namespace is being deleted, or gone: nothing can be made in it, and nothing needs to be. */
export function isTerminatingNamespaceError(error: unknown): boolean {
  if (!(error instanceof StatusError)) return false;
  const { causes = [], kind } = error.status.details ?? {};
  return causes.some(({ reason }) => reason === 'NamespaceTerminating') || (isNotFound(error) && kind === 'namespaces');
}
