/** Whether a policy means a request, and one of its bindings too. */

import type { MatchResources } from '../../../api/types/admissionregistration/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { AdmissionRequest } from '../../registry/admission.ts';
import type { Match } from '../matching/admitted-object.ts';
import type { Rule } from '../matching/match-rules.ts';
import type { MatchCriteria, RequestMatcher } from '../matching/request-matcher.ts';

type Constraints = DeepReadonly<MatchResources> | undefined;

/** Where a binding has no rules of its own, all that the policy means is meant. */
const everything: readonly Rule[] = [
  { operations: ['*'], apiGroups: ['*'], apiVersions: ['*'], resources: ['*/*'], scope: '*' },
];

function criteriaOf(constraints: Constraints, whenEmpty: readonly Rule[]): MatchCriteria {
  const {
    resourceRules = [],
    excludeResourceRules,
    matchPolicy,
    namespaceSelector,
    objectSelector,
  } = constraints ?? {};
  const rules = resourceRules.length > 0 ? resourceRules : whenEmpty;
  return { rules, excludedRules: excludeResourceRules, matchPolicy, namespaceSelector, objectSelector };
}

/** Undefined: it is not meant. */
export const matchOfPolicy = (
  matcher: RequestMatcher,
  request: AdmissionRequest,
  constraints: Constraints,
): Promise<Match | undefined> => matcher.match(request, criteriaOf(constraints, []));

export async function isBound(
  matcher: RequestMatcher,
  request: AdmissionRequest,
  constraints: Constraints,
): Promise<boolean> {
  if (constraints === undefined) return true;
  return (await matcher.match(request, criteriaOf(constraints, everything))) !== undefined;
}
