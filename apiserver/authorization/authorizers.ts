/** Who is asked whether a request may pass, in order: the first that allows or refuses decides. */

import type { Authorizer } from './authorizer.ts';
import { createBrowserSafeAuthorizer } from './browser-safe-authorizer.ts';
import { mastersAuthorizer } from './masters-authorizer.ts';
import type { Policies } from './rbac/policies.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';

export interface AuthorizersParts {
  /** About kubelets. */
  readonly node: Authorizer;
  /** Of roles. Kept up to date by its owner. */
  readonly policies: Policies;
}

export function createAuthorizers({ node, policies }: AuthorizersParts): readonly Authorizer[] {
  return [mastersAuthorizer, node, createBrowserSafeAuthorizer(new RbacAuthorizer(policies))];
}
