/** Where a pod may run: node selection, affinity, tolerations, spreading, gates. */

import { own } from '../../../api/json-record.ts';
import type {
  Affinity,
  NodeSelector,
  NodeSelectorRequirement,
  NodeSelectorTerm,
  PodAffinity,
  PodAffinityTerm,
  Toleration,
  TopologySpreadConstraint,
} from '../../../api/types/core/v1.ts';
import type { LabelSelector } from '../../../api/types/meta/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { validateChoice } from '../../validation/choice.ts';
import { validateLabelSelector } from '../../validation/label-selector.ts';
import {
  checkDns1123Label,
  checkDns1123Subdomain,
  checkLabelValue,
  checkQualifiedName,
} from '../../validation/names.ts';

const required = 'requiredDuringSchedulingIgnoredDuringExecution';
const preferred = 'preferredDuringSchedulingIgnoredDuringExecution';
/** In one list. The scheduler asks every node, and every pod on it, about each. */
const maxTerms = 250;

/** Of a list that is too long nothing else is said. */
function boundedTerms<T>(terms: readonly T[] | undefined, path: FieldPath, errors: FieldErrors): readonly T[] {
  if (terms === undefined || terms.length <= maxTerms) return terms ?? [];
  errors.tooMany(path, terms.length, maxTerms);
  return [];
}

export function validateAffinity(affinity: Affinity, path: FieldPath, errors: FieldErrors): void {
  const { nodeAffinity, podAffinity, podAntiAffinity } = affinity;
  if (nodeAffinity) {
    const place = path.child('nodeAffinity');
    const terms = nodeAffinity[required]?.nodeSelectorTerms ?? [];
    if (terms.length > maxTerms) errors.tooMany(place.child(required, 'nodeSelectorTerms'), terms.length, maxTerms);
    else if (nodeAffinity[required]) validateNodeSelector(nodeAffinity[required], place.child(required), errors);
    const wishes = boundedTerms(nodeAffinity[preferred], place.child(preferred), errors);
    for (const [index, { weight, preference }] of wishes.entries()) {
      validateWeight(weight, place.child(preferred).index(index), errors);
      validateNodeSelectorTerm(preference, place.child(preferred).index(index).child('preference'), errors);
    }
  }
  if (podAffinity) validatePodAffinity(podAffinity, path.child('podAffinity'), errors);
  if (podAntiAffinity) validatePodAffinity(podAntiAffinity, path.child('podAntiAffinity'), errors);
}

function validateWeight(weight: number, path: FieldPath, errors: FieldErrors): void {
  if (weight <= 0 || weight > 100) errors.invalid(path.child('weight'), weight, 'must be in the range 1-100');
}

/** Terms of which one must hold. */
export function validateNodeSelector(selector: NodeSelector, path: FieldPath, errors: FieldErrors): void {
  const place = path.child('nodeSelectorTerms');
  const terms = selector.nodeSelectorTerms ?? [];
  if (terms.length === 0) errors.required(place, 'must have at least one node selector term');
  for (const [index, term] of terms.entries()) validateNodeSelectorTerm(term, place.index(index), errors);
}

function validateNodeSelectorTerm(term: NodeSelectorTerm, path: FieldPath, errors: FieldErrors): void {
  for (const [index, requirement] of (term.matchExpressions ?? []).entries())
    validateRequirement(requirement, path.child('matchExpressions').index(index), errors);
  for (const [index, requirement] of (term.matchFields ?? []).entries())
    validateFieldRequirement(requirement, path.child('matchFields').index(index), errors);
}

function validateRequirement(requirement: NodeSelectorRequirement, path: FieldPath, errors: FieldErrors): void {
  const { key, operator, values = [] } = requirement;
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.required(path.child('values'), "must be specified when `operator` is 'In' or 'NotIn'");
      break;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0)
        errors.forbidden(path.child('values'), "may not be specified when `operator` is 'Exists' or 'DoesNotExist'");
      break;
    case 'Gt':
    case 'Lt':
      if (values.length !== 1)
        errors.required(path.child('values'), "must be specified single value when `operator` is 'Lt' or 'Gt'");
      break;
    default:
      errors.invalid(path.child('operator'), operator, 'not a valid selector operator');
  }
  for (const message of checkQualifiedName(key)) errors.invalid(path.child('key'), key, message);
  for (const [index, value] of values.entries()) {
    for (const message of checkLabelValue(value)) errors.invalid(path.child('values').index(index), value, message);
  }
}

function validateFieldRequirement(requirement: NodeSelectorRequirement, path: FieldPath, errors: FieldErrors): void {
  const { key, operator, values = [] } = requirement;
  if (operator !== 'In' && operator !== 'NotIn')
    errors.invalid(path.child('operator'), operator, 'not a valid selector operator');
  else if (values.length !== 1) {
    errors.required(
      path.child('values'),
      "must be only one value when `operator` is 'In' or 'NotIn' for node field selector",
    );
  }
  if (key !== 'metadata.name') {
    errors.invalid(path.child('key'), key, 'not a valid field selector key');
    return;
  }
  for (const [index, value] of values.entries()) {
    for (const message of checkDns1123Subdomain(value))
      errors.invalid(path.child('values').index(index), value, message);
  }
}

function validatePodAffinity(affinity: PodAffinity, path: FieldPath, errors: FieldErrors): void {
  for (const [index, term] of boundedTerms(affinity[required], path.child(required), errors).entries())
    validateAffinityTerm(term, path.child(required).index(index), errors);
  const wishes = boundedTerms(affinity[preferred], path.child(preferred), errors);
  for (const [index, { weight, podAffinityTerm }] of wishes.entries()) {
    const place = path.child(preferred).index(index);
    validateWeight(weight, place, errors);
    validateAffinityTerm(podAffinityTerm, place.child('podAffinityTerm'), errors);
  }
}

function validateAffinityTerm(term: PodAffinityTerm, path: FieldPath, errors: FieldErrors): void {
  validateLabelSelector(term.labelSelector, path.child('labelSelector'), errors);
  validateLabelSelector(term.namespaceSelector, path.child('namespaceSelector'), errors);
  for (const name of term.namespaces ?? []) {
    for (const message of checkDns1123Label(name)) errors.invalid(path.child('namespace'), name, message);
  }
  validateMatchLabelKeys(term, path, errors);
  if (term.topologyKey === '') errors.required(path.child('topologyKey'), 'can not be empty');
  for (const message of checkQualifiedName(term.topologyKey))
    errors.invalid(path.child('topologyKey'), term.topologyKey, message);
}

function validateMatchLabelKeys(term: PodAffinityTerm, path: FieldPath, errors: FieldErrors): void {
  const { matchLabelKeys = [], mismatchLabelKeys = [], labelSelector } = term;
  for (const [field, keys] of [
    ['matchLabelKeys', matchLabelKeys],
    ['mismatchLabelKeys', mismatchLabelKeys],
  ] as const) {
    if (keys.length > 0 && !labelSelector)
      errors.forbidden(path.child(field), 'must not be specified when labelSelector is not set');
    for (const [index, key] of keys.entries()) {
      for (const message of checkQualifiedName(key)) errors.invalid(path.child(field).index(index), key, message);
    }
  }
  for (const [index, key] of matchLabelKeys.entries()) {
    if (mismatchLabelKeys.includes(key))
      errors.invalid(
        path.child('matchLabelKeys').index(index),
        key,
        'exists in both matchLabelKeys and mismatchLabelKeys',
      );
  }
  validateMergedKeys(matchLabelKeys, labelSelector, 'matchLabelKeys', path, errors);
  validateMergedKeys(mismatchLabelKeys, labelSelector, 'mismatchLabelKeys', path, errors);
}

/** A key was merged into the selector at creation; one that stood there before would be there twice. */
function validateMergedKeys(
  keys: readonly string[],
  selector: LabelSelector | undefined,
  field: string,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [index, key] of keys.entries()) {
    const isLabel = own(selector?.matchLabels ?? {}, key) !== undefined;
    const found = (selector?.matchExpressions ?? []).filter((requirement) => requirement.key === key).length;
    const merged = keys.filter((one) => one === key).length;
    if (isLabel || found > merged || (found > 0 && keys.indexOf(key) < index))
      errors.invalid(path.index(index), key, `exists in both ${field} and labelSelector`);
  }
}

const taintEffects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function validateTolerations(tolerations: readonly Toleration[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, toleration] of tolerations.entries()) validateToleration(toleration, path.index(index), errors);
}

function validateToleration(toleration: Toleration, path: FieldPath, errors: FieldErrors): void {
  const { key = '', operator = '', value = '', effect = '', tolerationSeconds } = toleration;
  if (key !== '') for (const message of checkQualifiedName(key)) errors.invalid(path.child('key'), key, message);
  if (key === '' && operator !== 'Exists') {
    errors.invalid(
      path.child('operator'),
      operator,
      'operator must be Exists when `key` is empty, which means "match all values and all keys"',
    );
  }
  if (tolerationSeconds !== undefined && effect !== 'NoExecute')
    errors.invalid(path.child('effect'), effect, "effect must be 'NoExecute' when `tolerationSeconds` is set");
  if (operator === 'Equal' || operator === '') {
    for (const message of checkLabelValue(value)) errors.invalid(path.child('operator'), value, message);
  } else if (operator === 'Exists') {
    if (value !== '') errors.invalid(path.child('operator'), value, "value must be empty when `operator` is 'Exists'");
  } else errors.notSupported(path.child('operator'), operator, ['Equal', 'Exists', 'Lt', 'Gt']);
  if (effect !== '' && !taintEffects.includes(effect)) errors.notSupported(path.child('effect'), effect, taintEffects);
}

export function validateSpread(
  constraints: readonly TopologySpreadConstraint[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const keys = constraints.map(({ topologyKey, whenUnsatisfiable }) => `{${topologyKey}, ${whenUnsatisfiable}}`);
  const last = new Map(keys.map((key, index) => [key, index]));
  for (const [index, constraint] of constraints.entries()) {
    const place = path.index(index);
    const { maxSkew, topologyKey, whenUnsatisfiable, minDomains } = constraint;
    if (maxSkew <= 0) errors.invalid(place.child('maxSkew'), maxSkew, 'must be greater than zero');
    if (topologyKey === '') errors.required(place.child('topologyKey'), 'can not be empty');
    else
      for (const message of checkQualifiedName(topologyKey))
        errors.invalid(place.child('topologyKey'), topologyKey, message);
    validateChoice(whenUnsatisfiable, ['DoNotSchedule', 'ScheduleAnyway'], place.child('whenUnsatisfiable'), errors);
    const key = keys[index] ?? '';
    // The first of two is the one that is named.
    if (last.get(key) !== index) errors.duplicate(place.child('{topologyKey, whenUnsatisfiable}'), key);
    if (minDomains !== undefined) validateMinDomains(minDomains, whenUnsatisfiable, place.child('minDomains'), errors);
    validateChoice(constraint.nodeAffinityPolicy, ['Honor', 'Ignore'], place.child('nodeAffinityPolicy'), errors);
    validateChoice(constraint.nodeTaintsPolicy, ['Honor', 'Ignore'], place.child('nodeTaintsPolicy'), errors);
    validateSpreadKeys(constraint, place, errors);
    validateLabelSelector(constraint.labelSelector, place.child('labelSelector'), errors);
  }
}

function validateMinDomains(count: number, whenUnsatisfiable: string, path: FieldPath, errors: FieldErrors): void {
  if (count <= 0) errors.invalid(path, count, 'must be greater than zero');
  if (whenUnsatisfiable !== 'DoNotSchedule') {
    errors.invalid(path, count, `can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ${whenUnsatisfiable}`);
  }
}

function validateSpreadKeys(constraint: TopologySpreadConstraint, path: FieldPath, errors: FieldErrors): void {
  const { matchLabelKeys = [], labelSelector } = constraint;
  if (matchLabelKeys.length > 0 && !labelSelector)
    errors.forbidden(path.child('matchLabelKeys'), 'must not be specified when labelSelector is not set');
  for (const [index, key] of matchLabelKeys.entries()) {
    for (const message of checkQualifiedName(key))
      errors.invalid(path.child('matchLabelKeys').index(index), key, message);
  }
  validateMergedKeys(matchLabelKeys, labelSelector, 'matchLabelKeys', path, errors);
}

export function validateGates(gates: readonly { readonly name: string }[], path: FieldPath, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { name }] of gates.entries()) {
    for (const message of checkQualifiedName(name)) errors.invalid(path.index(index), name, message);
    if (seen.has(name)) errors.duplicate(path.index(index), name);
    seen.add(name);
  }
}
