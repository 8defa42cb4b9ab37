/** `create clusterrole NAME`: with rules about resources, about paths, or joined of other roles. */

import { clusterRoles } from '../../../../api/resources/rbac.ts';
import type { ClusterRole } from '../../../../api/types/rbac/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { policyRules, verbsOf } from '../policy-rules.ts';
import { listOf, nameIn, splitPair } from '../words.ts';

export async function make(input: CreateInput): Promise<Wanted> {
  const name = nameIn(input.words);
  const labels = textOf(input.args, 'aggregation-rule');
  const object: ClusterRole = {
    metadata: { name },
    ...(labels === undefined
      ? { rules: await rulesOf(input) }
      : { aggregationRule: aggregationOf(input, labels), rules: [] }),
  };
  return { kind: clusterRoles, object };
}

async function rulesOf({ args, context }: CreateInput) {
  const paths = listOf(args, 'non-resource-url');
  if (listOf(args, 'resource').length === 0 && paths.length === 0)
    throw new UserError('error: one of resource or nonResourceURL must be specified');
  const rules = await policyRules(context, args);
  return paths.length === 0 ? rules : [...rules, { nonResourceURLs: paths, verbs: verbsOf(args) }];
}

function aggregationOf({ args }: CreateInput, labels: string) {
  const stray = ['verb', 'resource', 'non-resource-url', 'resource-name'].find((flag) => listOf(args, flag).length > 0);
  if (stray !== undefined)
    throw new UserError(
      'error: aggregation rule must be specified without nonResourceURLs, resources, resourceNames and verbs',
    );
  return {
    clusterRoleSelectors: [
      { matchLabels: Object.fromEntries(labels.split(',').map((one) => splitPair(one, 'label'))) },
    ],
  };
}
