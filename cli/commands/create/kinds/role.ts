/** `create role NAME --verb get --resource pods`. */

import { roles } from '../../../../api/resources/rbac.ts';
import type { Role } from '../../../../api/types/rbac/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { policyRules } from '../policy-rules.ts';
import { listOf, nameIn } from '../words.ts';

export async function make({ words, args, context }: CreateInput): Promise<Wanted> {
  const name = nameIn(words);
  if (listOf(args, 'resource').length === 0) throw new UserError('error: at least one resource must be specified');
  const object: Role = { metadata: { name }, rules: await policyRules(context, args) };
  return { kind: roles, object };
}
