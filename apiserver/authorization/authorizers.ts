/** The authorizers that every server can ask. Which of them it does ask, and in which order, is configured. */

import type { Authorizer } from './authorizer.ts';
import { createBrowserSafeAuthorizer } from './browser-safe-authorizer.ts';
import { mastersAuthorizer } from './masters-authorizer.ts';
import type { Policies } from './rbac/policies.ts';
import { RbacAuthorizer } from './rbac/rbac-authorizer.ts';

export interface JudgesByObjects {
  /** About kubelets. */
  readonly node: Authorizer;
  /** Of roles. Kept up to date by its owner. */
  readonly policies: Policies;
}

export function createAuthorizers({ node, policies }: JudgesByObjects) {
  return { masters: mastersAuthorizer, node, rbac: createBrowserSafeAuthorizer(new RbacAuthorizer(policies)) };
}
