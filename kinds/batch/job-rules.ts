/** What the spec of a Job must look like, and what of it may change. */

import type { JobSpec, PodFailurePolicyRule, SuccessPolicyRule } from '../../api/types/batch/v1.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { isDomainPrefixedPath } from '../validation/domain-prefixed-path.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkQualifiedName } from '../validation/names.ts';
import { validatePodTemplate } from '../workloads/pod-spec/pod-template.ts';
import { validateNonNegative, validateTemplateLabels } from '../workloads/workload-rules.ts';
import { countIndexes, readIndexes } from './completion-indexes.ts';

const completionModes = ['NonIndexed', 'Indexed'];
const restartPolicies = ['OnFailure', 'Never'];
const failureActions = ['Count', 'FailIndex', 'FailJob', 'Ignore'];
const operators = ['In', 'NotIn'];
const conditionStates = ['False', 'True', 'Unknown'];
const maxManagedByBytes = 63;
const maxIndexedPods = 100_000;
const maxFailedIndexesOfMany = 10_000;
const maxExitCodes = 255;
const maxRules = 20;

/** `isTemplate`: the spec stands in a CronJob, where the server has not chosen the selector. */
export function validateJobSpec(spec: JobSpec, path: FieldPath, errors: FieldErrors, isTemplate = false): void {
  validateCounts(spec, path, errors);
  const before = errors.list.length;
  if (spec.selector) validateLabelSelector(spec.selector, path.child('selector'), errors);
  const isUsable = errors.list.length === before;
  if (!spec.selector && !isTemplate) errors.required(path.child('selector'));
  if (!isTemplate && isUsable) validateTemplateLabels(spec.selector, spec.template, path.child('template'), errors);
  if (spec.selector && isTemplate)
    errors.invalid(path.child('selector'), spec.selector, '`selector` will be auto-generated');
  if (spec.manualSelector && isTemplate) errors.notSupported(path.child('manualSelector'), true, ['nil', 'false']);
  validatePodTemplate(spec.template, path.child('template'), errors);
  validateRestartPolicy(spec, path.child('template', 'spec', 'restartPolicy'), errors);
}

function validateCounts(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  for (const name of [
    'parallelism',
    'completions',
    'activeDeadlineSeconds',
    'backoffLimit',
    'ttlSecondsAfterFinished',
    'backoffLimitPerIndex',
    'maxFailedIndexes',
  ] as const) {
    validateNonNegative(spec[name], path.child(name), errors);
  }
  validateManagedBy(spec.managedBy, path.child('managedBy'), errors);
  validateIndexing(spec, path, errors);
  if (spec.podFailurePolicy) validateFailurePolicy(spec, path.child('podFailurePolicy'), errors);
  if (spec.successPolicy) validateSuccessPolicy(spec, path.child('successPolicy'), errors);
  validateReplacement(spec, path.child('podReplacementPolicy'), errors);
}

function validateManagedBy(managedBy: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (managedBy === undefined) return;
  if (managedBy === '') errors.required(path);
  else if (!isDomainPrefixedPath(managedBy))
    errors.invalid(path, managedBy, 'must be a domain-prefixed path (such as "acme.io/foo")');
  if (Buffer.byteLength(managedBy) > maxManagedByBytes) errors.tooLong(path, maxManagedByBytes);
}

function validateIndexing(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { completionMode, completions, parallelism = 0, backoffLimitPerIndex: perIndex, maxFailedIndexes } = spec;
  if (maxFailedIndexes !== undefined && perIndex === undefined) {
    errors.required(path.child('backoffLimitPerIndex'), 'when maxFailedIndexes is specified');
  }
  if (completionMode === undefined) return;
  if (!completionModes.includes(completionMode))
    errors.notSupported(path.child('completionMode'), completionMode, completionModes);
  if (completionMode === 'NonIndexed') {
    for (const name of ['backoffLimitPerIndex', 'maxFailedIndexes'] as const) {
      if (spec[name] !== undefined) errors.invalid(path.child(name), spec[name], 'requires indexed completion mode');
    }
    return;
  }
  if (completionMode !== 'Indexed') return;
  if (completions === undefined) errors.required(path.child('completions'), 'when completion mode is Indexed');
  if (parallelism > maxIndexedPods)
    errors.invalid(
      path.child('parallelism'),
      parallelism,
      `must be less than or equal to ${maxIndexedPods} when completion mode is Indexed`,
    );
  validateFailedIndexes(spec, path, errors);
}

function validateFailedIndexes(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { completions, parallelism = 0, backoffLimitPerIndex: perIndex, maxFailedIndexes: max } = spec;
  const at = path.child('maxFailedIndexes');
  if (completions !== undefined && max !== undefined && max > completions)
    errors.invalid(at, max, 'must be less than or equal to completions');
  if (max !== undefined && max > maxIndexedPods)
    errors.invalid(at, max, `must be less than or equal to ${maxIndexedPods}`);
  if (completions === undefined || completions <= maxIndexedPods || perIndex === undefined) return;
  if (max === undefined) errors.required(at, `must be specified when completions is above ${maxIndexedPods}`);
  else if (max > maxFailedIndexesOfMany) {
    errors.invalid(
      at,
      max,
      `must be less than or equal to ${maxFailedIndexesOfMany} when completions are above ${maxIndexedPods} and used with backoff limit per index`,
    );
  }
  if (parallelism > maxFailedIndexesOfMany) {
    errors.invalid(
      path.child('parallelism'),
      parallelism,
      `must be less than or equal to ${maxFailedIndexesOfMany} when completions are above ${maxIndexedPods} and used with backoff limit per index`,
    );
  }
}

function validateFailurePolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { rules = [] } = spec.podFailurePolicy ?? {};
  if (spec.template?.spec?.restartPolicy !== 'Never') {
    // Containers that restart in place would never be seen by the policy.
    errors.invalid(path, undefined, "only 'Never' is supported for restartPolicy when podFailurePolicy is specified");
  }
  if ((rules ?? []).length > maxRules) errors.tooMany(path.child('rules'), rules.length, maxRules);
  const { initContainers = [], containers = [] } = spec.template?.spec ?? {};
  const names = new Set([...(initContainers ?? []), ...(containers ?? [])].map(({ name }) => name));
  for (const [i, rule] of (rules ?? []).entries())
    validateFailureRule(rule, spec, names, path.child('rules').index(i), errors);
}

function validateFailureRule(
  rule: PodFailurePolicyRule,
  spec: JobSpec,
  names: ReadonlySet<string>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { action = '', onExitCodes, onPodConditions } = rule;
  if (action === '')
    errors.required(path.child('action'), `valid values: [${failureActions.map((one) => `"${one}"`).join(' ')}]`);
  else if (action === 'FailIndex' && spec.backoffLimitPerIndex === undefined) {
    errors.invalid(path.child('action'), action, 'requires the backoffLimitPerIndex to be set');
  } else if (!failureActions.includes(action)) errors.notSupported(path.child('action'), action, failureActions);
  if (onExitCodes) validateExitCodes(onExitCodes, names, path.child('onExitCodes'), errors);
  validatePodConditions(onPodConditions ?? [], path.child('onPodConditions'), errors);
  const hasConditions = (onPodConditions ?? []).length > 0;
  if (onExitCodes && hasConditions)
    errors.add(
      'FieldValueInvalid',
      path,
      'Invalid value: specifying both OnExitCodes and OnPodConditions is not supported',
    );
  if (!onExitCodes && !hasConditions)
    errors.add(
      'FieldValueInvalid',
      path,
      'Invalid value: specifying one of OnExitCodes and OnPodConditions is required',
    );
}

function validatePodConditions(
  conditions: readonly { type: string; status?: string }[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (conditions.length > maxRules) errors.tooMany(path, conditions.length, maxRules);
  for (const [i, { type, status = '' }] of conditions.entries()) {
    for (const message of checkQualifiedName(type ?? ''))
      errors.invalid(path.index(i).child('type'), type ?? '', message);
    if (status === '')
      errors.required(
        path.index(i).child('status'),
        `valid values: [${conditionStates.map((one) => `"${one}"`).join(' ')}]`,
      );
    else if (!conditionStates.includes(status))
      errors.notSupported(path.index(i).child('status'), status, conditionStates);
  }
}

interface ExitCodes {
  containerName?: string;
  operator: string;
  values: number[];
}

function validateExitCodes(rule: ExitCodes, names: ReadonlySet<string>, path: FieldPath, errors: FieldErrors): void {
  const { operator = '', containerName } = rule;
  if (operator === '') errors.required(path.child('operator'), 'valid values: ["In" "NotIn"]');
  else if (!operators.includes(operator)) errors.notSupported(path.child('operator'), operator, operators);
  if (typeof containerName === 'string' && !names.has(containerName)) {
    errors.invalid(
      path.child('containerName'),
      containerName,
      'must be one of the container or initContainer names in the pod template',
    );
  }
  const values = rule.values ?? [];
  const at = path.child('values');
  if (values.length === 0) errors.invalid(at, rule.values, 'at least one value is required');
  else if (values.length > maxExitCodes) errors.tooMany(at, values.length, maxExitCodes);
  const seen = new Set<number>();
  for (const [i, value] of values.entries()) {
    if (operator === 'In' && value === 0) errors.invalid(at.index(i), value, 'must not be 0 for the In operator');
    if (seen.has(value)) errors.duplicate(at.index(i), value);
    seen.add(value);
  }
  if (values.some((value, i) => value < (values[i - 1] ?? value))) errors.invalid(at, values, 'must be ordered');
}

function validateSuccessPolicy(spec: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const { successPolicy, completionMode, completions } = spec;
  const rules = successPolicy?.rules ?? [];
  if (completionMode !== 'Indexed') {
    errors.invalid(path, shownSuccessPolicy(spec), 'requires indexed completion mode');
    return;
  }
  if (rules.length === 0)
    errors.required(path.child('rules'), 'at least one rules must be specified when the successPolicy is specified');
  if (rules.length > maxRules) errors.tooMany(path.child('rules'), rules.length, maxRules);
  for (const [i, rule] of rules.entries())
    validateSuccessRule(rule, completions ?? 0, path.child('rules').index(i), errors);
}

/** The policy as upstream prints it: its internal form. */
export function shownFailurePolicy({ podFailurePolicy }: JobSpec): object | null {
  if (!podFailurePolicy) return null;
  const rules = podFailurePolicy.rules?.map(({ action, onExitCodes, onPodConditions }) => ({
    Action: action ?? '',
    OnExitCodes: onExitCodes
      ? {
          ContainerName: onExitCodes.containerName ?? null,
          Operator: onExitCodes.operator ?? '',
          Values: onExitCodes.values?.length ? onExitCodes.values : null,
        }
      : null,
    OnPodConditions: onPodConditions?.length
      ? onPodConditions.map(({ type, status }) => ({ Type: type ?? '', Status: status ?? '' }))
      : null,
  }));
  return { Rules: rules?.length ? rules : null };
}

export function shownSuccessPolicy({ successPolicy }: JobSpec): object | null {
  if (!successPolicy) return null;
  const rules = successPolicy.rules?.map(({ succeededIndexes, succeededCount }) => ({
    SucceededIndexes: succeededIndexes ?? null,
    SucceededCount: succeededCount ?? null,
  }));
  return { Rules: rules?.length ? rules : null };
}

function validateSuccessRule(rule: SuccessPolicyRule, completions: number, path: FieldPath, errors: FieldErrors): void {
  const { succeededIndexes, succeededCount } = rule;
  if (typeof succeededIndexes !== 'string' && typeof succeededCount !== 'number') {
    errors.required(path, 'at least one of succeededCount or succeededIndexes must be specified');
  }
  let total = 0;
  if (typeof succeededIndexes === 'string') {
    const indexes = readIndexes(succeededIndexes, completions);
    if (typeof indexes !== 'string') total = countIndexes(indexes);
    else errors.invalid(path.child('succeededIndexes'), succeededIndexes, `error parsing succeededIndexes: ${indexes}`);
  }
  if (typeof succeededCount !== 'number') return;
  const at = path.child('succeededCount');
  validateNonNegative(succeededCount, at, errors);
  if (succeededCount > completions)
    errors.invalid(
      at,
      succeededCount,
      `must be less than or equal to ${completions} (the number of specified completions)`,
    );
  if (typeof succeededIndexes === 'string' && succeededCount > total) {
    errors.invalid(
      at,
      succeededCount,
      `must be less than or equal to ${total} (the number of indexes in the specified succeededIndexes field)`,
    );
  }
}

function validateReplacement(
  { podReplacementPolicy: policy, podFailurePolicy }: JobSpec,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (policy === undefined) return;
  const supported = podFailurePolicy ? ['Failed'] : ['Failed', 'TerminatingOrFailed'];
  if (!supported.includes(policy)) errors.notSupported(path, policy, supported);
}

function validateRestartPolicy({ template, podFailurePolicy }: JobSpec, path: FieldPath, errors: FieldErrors): void {
  const policy = template?.spec?.restartPolicy ?? '';
  if (policy === '' || policy === 'Always') {
    errors.required(path, `valid values: ${restartPolicies.map((one) => JSON.stringify(one)).join(', ')}`);
  } else if (!restartPolicies.includes(policy)) errors.notSupported(path, policy, restartPolicies);
  else if (podFailurePolicy && policy !== 'Never')
    errors.invalid(path, policy, 'only "Never" is supported when podFailurePolicy is specified');
}
