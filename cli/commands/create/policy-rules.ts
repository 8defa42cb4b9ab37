/** `--verb`, `--resource` and `--resource-name` as rules of a role: one for each API group. */

import type { PolicyRule } from '../../../api/types/rbac/v1.ts';
import { compareKeys } from '../../../base/compare.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { findKind } from '../../resources.ts';
import { listOf } from './words.ts';

/** The group of each resource is asked of the server. Throws UserError. */
export async function policyRules(context: CommandContext, args: Arguments): Promise<PolicyRule[]> {
  const verbs = verbsOf(args);
  const names = [...new Set(listOf(args, 'resource-name'))];
  const groups = new Map<string, string[]>();
  for (const word of listOf(args, 'resource')) {
    const { group, resource } = await locate(context, word);
    const resources = groups.get(group) ?? [];
    groups.set(group, resources.includes(resource) ? resources : [...resources, resource]);
  }
  if (names.length > 0 && [...groups.values()].flat().length > 1)
    throw new UserError('error: resourceNames can not be used with multiple resources');
  return [...groups].sort(compareKeys).map(([group, resources]) => ({
    apiGroups: [group],
    resources,
    ...(names.length > 0 && { resourceNames: names }),
    verbs,
  }));
}

/** All verbs are one: `*`. */
export function verbsOf(args: Arguments): string[] {
  const verbs = [...new Set(listOf(args, 'verb'))];
  if (verbs.length === 0) throw new UserError('error: at least one verb must be specified');
  return verbs.includes('*') ? ['*'] : verbs;
}

/** `pods`, `deployments.apps/scale`, `*`. */
async function locate(context: CommandContext, word: string): Promise<{ group: string; resource: string }> {
  const [name = '', ...sub] = word.split('/');
  const suffix = sub.length === 0 ? '' : `/${sub.join('/')}`;
  if (name === '*') return { group: '*', resource: `*${suffix}` };
  if (name === '') throw new UserError('error: resource name should be provided: RESOURCE[.GROUP][/SUBRESOURCE]');
  const kind = await findKind(await context.client(), name);
  if (kind === undefined) throw new UserError(`error: the server doesn't have a resource type "${name}"`);
  return { group: kind.group, resource: kind.plural + suffix };
}
