/** Members of `system:masters` may do everything, whatever roles say: they can always mend them. */

import type { User } from '../request/user.ts';
import type { Authorizer } from './authorizer.ts';

export const isMaster = (user: User): boolean => user.groups.includes('system:masters');

export const mastersAuthorizer: Authorizer = {
  name: 'Masters',
  authorize: ({ user }) => ({ decision: isMaster(user) ? 'allow' : 'noOpinion' }),
  // Their rules are those of the role that is bound to them.
  rulesFor: () => ({ resourceRules: [], nonResourceRules: [], incomplete: false }),
};
