/** Who is asked whether a request may pass, in order: the first that allows or refuses decides. */

import type { Authorizer } from './authorizer.ts';
import { knownUsersAuthorizer, mastersAuthorizer, publicPathsAuthorizer } from './built-in-authorizers.ts';

export interface AuthorizersParts {
  /** About kubelets. */
  readonly node: Authorizer;
}

export function createAuthorizers({ node }: AuthorizersParts): readonly Authorizer[] {
  return [mastersAuthorizer, node, publicPathsAuthorizer, knownUsersAuthorizer];
}
