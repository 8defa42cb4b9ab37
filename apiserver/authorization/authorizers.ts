/** Who is asked whether a request may pass, in order: the first that allows or refuses decides. */

import type { Authorizer } from './authorizer.ts';
import { knownUsersAuthorizer, mastersAuthorizer, publicPathsAuthorizer } from './built-in-authorizers.ts';

export function createAuthorizers(): readonly Authorizer[] {
  return [mastersAuthorizer, publicPathsAuthorizer, knownUsersAuthorizer];
}
