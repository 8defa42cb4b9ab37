/** What roles and bindings have in common: their rules, subjects and references. */

import type { PolicyRule, RoleRef, Subject } from '../../api/types/rbac/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { checkDns1123Subdomain, checkPathSegment } from '../validation/names.ts';

const rbacGroup = 'rbac.authorization.k8s.io';

export function validateRules(rules: PolicyRule[] | undefined, namespaced: boolean, errors: FieldErrors): void {
  for (const [i, rule] of (rules ?? []).entries()) {
    const at = FieldPath.of('rules').index(i);
    const { verbs = [], apiGroups = [], resources = [], resourceNames = [], nonResourceURLs = [] } = rule;
    if (verbs.length === 0) errors.required(at.child('verbs'), 'verbs must contain at least one value');
    if (nonResourceURLs.length > 0) {
      const urls = at.child('nonResourceURLs');
      if (namespaced) errors.invalid(urls, nonResourceURLs, 'namespaced rules cannot apply to non-resource URLs');
      if (apiGroups.length > 0 || resources.length > 0 || resourceNames.length > 0) {
        errors.invalid(urls, nonResourceURLs, 'rules cannot apply to both regular resources and non-resource URLs');
      }
      continue;
    }
    if (apiGroups.length === 0)
      errors.required(at.child('apiGroups'), 'resource rules must supply at least one api group');
    if (resources.length === 0)
      errors.required(at.child('resources'), 'resource rules must supply at least one resource');
  }
}

interface Binding {
  roleRef?: RoleRef;
  subjects?: Subject[];
}

/** Fills in the API groups that people leave out. */
export function setBindingDefaults(binding: Binding): void {
  if (binding.roleRef && !binding.roleRef.apiGroup) binding.roleRef.apiGroup = rbacGroup;
  for (const subject of binding.subjects ?? []) {
    if (!subject.apiGroup && (subject.kind === 'User' || subject.kind === 'Group')) subject.apiGroup = rbacGroup;
  }
}

export function validateBinding(
  binding: Binding,
  roleKinds: readonly string[],
  namespaced: boolean,
  errors: FieldErrors,
): void {
  const { apiGroup = rbacGroup, kind = '', name = '' } = binding.roleRef ?? {};
  const path = FieldPath.of('roleRef');
  if (apiGroup !== rbacGroup) errors.notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]);
  if (!roleKinds.includes(kind)) errors.notSupported(path.child('kind'), kind, roleKinds);
  if (name === '') errors.required(path.child('name'));
  else for (const message of checkPathSegment(name)) errors.invalid(path.child('name'), name, message);
  for (const [i, subject] of (binding.subjects ?? []).entries()) {
    validateSubject(subject, namespaced, FieldPath.of('subjects').index(i), errors);
  }
}

function validateSubject(subject: Subject, namespaced: boolean, path: FieldPath, errors: FieldErrors): void {
  const { kind = '', name = '', apiGroup = '', namespace = '' } = subject;
  if (name === '') errors.required(path.child('name'));
  switch (kind) {
    case 'ServiceAccount':
      if (name !== '')
        for (const message of checkDns1123Subdomain(name)) errors.invalid(path.child('name'), name, message);
      if (apiGroup !== '') errors.notSupported(path.child('apiGroup'), apiGroup, ['']);
      if (!namespaced && namespace === '') errors.required(path.child('namespace'));
      break;
    case 'User':
    case 'Group':
      if (apiGroup !== rbacGroup) errors.notSupported(path.child('apiGroup'), apiGroup, [rbacGroup]);
      break;
    default:
      errors.notSupported(path.child('kind'), kind, ['ServiceAccount', 'User', 'Group']);
  }
}

export function validateRoleRefUpdate(next: Binding, previous: Binding, errors: FieldErrors): void {
  const { apiGroup, kind, name } = next.roleRef ?? {};
  const before = previous.roleRef;
  if (apiGroup === before?.apiGroup && kind === before?.kind && name === before?.name) return;
  errors.invalid(
    FieldPath.of('roleRef'),
    { APIGroup: apiGroup ?? '', Kind: kind ?? '', Name: name ?? '' },
    'cannot change roleRef',
  );
}
