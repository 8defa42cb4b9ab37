/** What validating and mutating admission policies have in common. */

import { parseApiVersion } from '../../api/resource.ts';
import type { MatchCondition, ParamKind, Variable } from '../../api/types/admissionregistration/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';
import { type MatchResources, setMatchDefaults, validateMatchResources } from './match-resources.ts';
import type { PolicyExpressions } from './policy-expressions.ts';
import { failurePolicies, validateMatchConditions } from './webhooks.ts';

export interface PolicySpec {
  failurePolicy?: string;
  paramKind?: ParamKind;
  matchConstraints?: MatchResources;
  matchConditions?: MatchCondition[];
  variables?: Variable[];
}

export function setPolicyDefaults(spec: PolicySpec | undefined): void {
  if (!spec) return;
  spec.failurePolicy ??= 'Fail';
  setMatchDefaults(spec.matchConstraints);
}

/** All that comes before the variables. */
export function validatePolicyMatch(
  spec: PolicySpec,
  path: FieldPath,
  errors: FieldErrors,
  { plain, before }: PolicyExpressions,
): void {
  const { failurePolicy, paramKind, matchConstraints } = spec;
  if (failurePolicy === undefined) errors.required(path.child('failurePolicy'));
  else if (!failurePolicies.includes(failurePolicy)) {
    errors.notSupported(path.child('failurePolicy'), failurePolicy, failurePolicies);
  }
  if (paramKind) validateParamKind(paramKind, path.child('paramKind'), errors);
  const at = path.child('matchConstraints');
  if (!matchConstraints) errors.required(at);
  else {
    validateMatchResources(matchConstraints, at, errors);
    if ((matchConstraints.resourceRules ?? []).length === 0) errors.required(at.child('resourceRules'));
  }
  validateMatchConditions(spec.matchConditions ?? [], path.child('matchConditions'), errors, before, plain);
}

function validateParamKind({ apiVersion = '', kind = '' }: ParamKind, path: FieldPath, errors: FieldErrors): void {
  const at = path.child('apiVersion');
  const parsed = parseApiVersion(apiVersion);
  if (apiVersion === '') errors.required(at);
  else if (parsed === undefined) errors.invalid(at, apiVersion, `unexpected GroupVersion string: ${apiVersion}`);
  else {
    const { group, version } = parsed;
    const wrongGroup = group === '' ? [] : checkDns1123Subdomain(group);
    if (wrongGroup.length > 0) errors.invalid(at, group, wrongGroup.join(','));
    const wrongVersion = checkDns1035Label(version);
    if (version === '') errors.invalid(at, apiVersion, 'version must be specified');
    else if (wrongVersion.length > 0) errors.invalid(at, version, wrongVersion.join(','));
  }
  const wrongKind = checkDns1035Label(kind.toLowerCase());
  if (kind === '') errors.required(path.child('kind'));
  else if (wrongKind.length > 0) {
    const detail = `may have mixed case, but should otherwise match: ${wrongKind.join(',')}`;
    errors.invalid(path.child('kind'), kind, detail);
  }
}
