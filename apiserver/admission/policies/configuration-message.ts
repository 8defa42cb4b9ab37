/** What is said of a policy or binding that cannot be used as it is. */

import { StatusError } from '../../../api/status-error.ts';
import { ConfigurationFailure } from './policy-params.ts';

/** Throws what is no fault of the configuration. */
export function configurationMessage(error: unknown, what: 'policy' | 'binding'): string {
  if (!(error instanceof ConfigurationFailure || error instanceof StatusError)) throw error;
  return `failed to configure ${what}: ${error.message}`;
}
