/** ResourceQuotas: how much a namespace may hold. Its scopes say which objects count. */

import { equalJson, own } from '../../../api/json-record.ts';
import { resourceQuotas } from '../../../api/resources/core.ts';
import type {
  ResourceQuota,
  ResourceQuotaSpec,
  ScopedResourceSelectorRequirement,
} from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { defineKind, statusSubresource } from '../../define-kind.ts';
import { specAndStatus } from '../../spec-and-status.ts';
import {
  isHugePages,
  isStandardResource,
  validateAmount,
  validateResourceName,
} from '../../workloads/pod-spec/resources.ts';

type Amounts = Readonly<Record<string, string>>;

const podScopes = [
  'Terminating',
  'NotTerminating',
  'BestEffort',
  'NotBestEffort',
  'PriorityClass',
  'CrossNamespacePodAffinity',
];
const allScopes = [...podScopes, 'VolumeAttributesClass'];
const existsOnly = ['BestEffort', 'NotBestEffort', 'Terminating', 'NotTerminating', 'CrossNamespacePodAffinity'];
const computeResources = ['cpu', 'memory', 'limits.cpu', 'limits.memory', 'requests.cpu', 'requests.memory'];

function validateQuotaName(name: string, path: FieldPath, errors: FieldErrors): void {
  validateResourceName(name, path, errors);
  if (name.includes('/')) return;
  const plain = name.replace(/^requests\./, '');
  if (!isStandardResource(name) && !isHugePages(plain))
    errors.invalid(path, name, 'must be a standard resource for quota');
}

function validateAmounts(amounts: Amounts | undefined, path: FieldPath, errors: FieldErrors): void {
  for (const [name, amount] of Object.entries(amounts ?? {})) {
    validateQuotaName(name, path.key(name), errors);
    validateAmount(name, amount, path.key(name), errors);
  }
}

/** Whether objects of a scope have anything to do with a resource. */
function scopeCovers(scope: string, resource: string): boolean {
  // What is no resource of a quota has been refused by its name.
  if (!isStandardResource(resource)) return true;
  switch (scope) {
    case 'BestEffort':
      return resource === 'pods';
    case 'Terminating':
    case 'NotTerminating':
    case 'NotBestEffort':
    case 'PriorityClass':
    case 'CrossNamespacePodAffinity':
      return resource === 'pods' || computeResources.includes(resource) || resource === 'ephemeral-storage';
    case 'VolumeAttributesClass':
      return resource === 'persistentvolumeclaims' || resource === 'requests.storage' || resource === 'storage';
    default:
      return true;
  }
}

function validateSpec(spec: ResourceQuotaSpec, errors: FieldErrors): void {
  const path = FieldPath.of('spec');
  validateAmounts(spec.hard, path.child('hard'), errors);
  validateScopes(spec, path.child('scopes'), errors);
  if (spec.scopeSelector) validateSelector(spec, spec.scopeSelector.matchExpressions ?? [], path, errors);
}

function validateScopes({ scopes = [], hard }: ResourceQuotaSpec, path: FieldPath, errors: FieldErrors): void {
  if (scopes.length === 0) return;
  for (const scope of scopes) {
    if (!allScopes.includes(scope)) errors.invalid(path, scopes, 'unsupported scope');
    for (const resource of Object.keys(hard ?? {})) {
      if (!scopeCovers(scope, resource)) errors.invalid(path, scopes, 'unsupported scope applied to resource');
    }
  }
  validateConflicts(scopes, () => errors.invalid(path, scopes, 'conflicting scopes'));
}

function validateConflicts(scopes: readonly string[], refuse: () => void): void {
  for (const [one, other] of [
    ['BestEffort', 'NotBestEffort'],
    ['Terminating', 'NotTerminating'],
  ] as const) {
    if (scopes.includes(one) && scopes.includes(other)) refuse();
  }
}

function validateSelector(
  spec: ResourceQuotaSpec,
  requirements: readonly ScopedResourceSelectorRequirement[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const place = path.child('scopeSelector', 'matchExpressions');
  const shown = {
    MatchExpressions: requirements.map(({ scopeName, operator, values }) => ({
      ScopeName: scopeName,
      Operator: operator,
      Values: values ?? null,
    })),
  };
  for (const requirement of requirements) {
    const { scopeName } = requirement;
    if (!allScopes.includes(scopeName)) errors.invalid(place.child('scopeName'), scopeName, 'unsupported scope');
    for (const resource of Object.keys(spec.hard ?? {})) {
      if (!scopeCovers(scopeName, resource)) errors.invalid(place, shown, 'unsupported scope applied to resource');
    }
    validateRequirement(requirement, place, errors);
  }
  const scopes = requirements.map(({ scopeName }) => scopeName);
  validateConflicts(scopes, () => errors.invalid(place, scopes, 'conflicting scopes'));
}

function validateRequirement(
  { scopeName, operator, values = [] }: ScopedResourceSelectorRequirement,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (existsOnly.includes(scopeName) && operator !== 'Exists') {
    errors.invalid(
      path.child('operator'),
      operator,
      "must be 'Exists' when scope is any of ResourceQuotaScopeTerminating, ResourceQuotaScopeNotTerminating, ResourceQuotaScopeBestEffort, ResourceQuotaScopeNotBestEffort or ResourceQuotaScopeCrossNamespacePodAffinity",
    );
  }
  switch (operator) {
    case 'In':
    case 'NotIn':
      if (values.length === 0)
        errors.required(
          path.child('values'),
          "must be at least one value when `operator` is 'In' or 'NotIn' for scope selector",
        );
      return;
    case 'Exists':
    case 'DoesNotExist':
      if (values.length > 0) {
        const text = "must be no value when `operator` is 'Exist' or 'DoesNotExist' for scope selector";
        errors.invalid(path.child('values'), values, text);
      }
      return;
    default:
      errors.invalid(path.child('operator'), operator, 'not a valid selector operator');
  }
}

/** `cpu: 1/4, pods: 2/10` */
function usage(quota: ResourceQuota, belongs: (name: string) => boolean): string {
  const hard = quota.status?.hard ?? {};
  const used = quota.status?.used ?? {};
  const names = Object.keys(hard).filter(belongs).sort();
  return names.map((name) => `${name}: ${own(used, name) ?? '0'}/${hard[name]}`).join(', ');
}

const isLimit = (name: string): boolean => name.startsWith('limits.');

export const resourceQuotaKind = defineKind(resourceQuotas, {
  shortNames: ['quota'],
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('Request', 'How much of each request is used.', (quota) => usage(quota, (name) => !isLimit(name))),
    textColumn('Limit', 'How much of each limit is used.', (quota) => usage(quota, isLimit)),
    ageColumn,
  ],
  strategy: {
    ...specAndStatus<ResourceQuota>({ newStatus: () => ({}), hasGeneration: false }),
    returnDeletedObject: true,
    validate(quota, errors, { subresource }) {
      if (subresource === 'status') {
        validateAmounts(quota.status?.hard, FieldPath.of('status', 'hard'), errors);
        validateAmounts(quota.status?.used, FieldPath.of('status', 'used'), errors);
      } else validateSpec(quota.spec ?? {}, errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource === 'status') return;
      const scopes = (quota: ResourceQuota) => [...(quota.spec?.scopes ?? [])].sort();
      if (!equalJson(scopes(next), scopes(previous)))
        errors.invalid(FieldPath.of('spec', 'scopes'), next.spec?.scopes ?? null, 'field is immutable');
    },
  },
});
