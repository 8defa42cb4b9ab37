/** `matchConstraints` and `matchResources`: what the admission policies and their bindings look at. */

import type { LabelSelector } from '../../api/types/meta/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkPathSegment } from '../validation/names.ts';
import { matchPolicies, type RuleWithOperations, validateRule } from './webhooks.ts';

interface NamedRule extends RuleWithOperations {
  resourceNames?: string[];
}

export interface MatchResources {
  matchPolicy?: string;
  namespaceSelector?: LabelSelector;
  objectSelector?: LabelSelector;
  resourceRules?: NamedRule[];
  excludeResourceRules?: NamedRule[];
}

export function setMatchDefaults(match: MatchResources | undefined): void {
  if (!match) return;
  match.matchPolicy ??= 'Equivalent';
  match.namespaceSelector ??= {};
  match.objectSelector ??= {};
  for (const rule of [...(match.resourceRules ?? []), ...(match.excludeResourceRules ?? [])]) rule.scope ??= '*';
}

export function validateMatchResources(match: MatchResources, path: FieldPath, errors: FieldErrors): void {
  const { matchPolicy = '' } = match;
  if (!matchPolicies.includes(matchPolicy)) errors.notSupported(path.child('matchPolicy'), matchPolicy, matchPolicies);
  for (const field of ['namespaceSelector', 'objectSelector'] as const) {
    validateLabelSelector(match[field], path.child(field), errors);
  }
  for (const field of ['resourceRules', 'excludeResourceRules'] as const) {
    for (const [i, rule] of (match[field] ?? []).entries()) validateNamedRule(rule, path.child(field).index(i), errors);
  }
}

function validateNamedRule(rule: NamedRule, path: FieldPath, errors: FieldErrors): void {
  const names = new Set<string>();
  for (const [i, name] of (rule.resourceNames ?? []).entries()) {
    const at = path.child('resourceNames').index(i);
    for (const message of checkPathSegment(name)) errors.invalid(at, name, message);
    if (names.has(name)) errors.duplicate(at, name);
    names.add(name);
  }
  validateRule(rule, path, errors);
}
