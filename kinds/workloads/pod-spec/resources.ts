/** Requests and limits: which resources there are, which amounts they take, and how the two relate. */

import { own } from '../../../api/json-record.ts';
import { compareQuantities, readQuantity } from '../../../api/quantity.ts';
import type { ResourceRequirements } from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { checkQualifiedName } from '../../validation/names.ts';

const standardContainerResources = new Set(['cpu', 'memory', 'ephemeral-storage']);
/** What is counted, not measured. */
const wholeResources = new Set([
  'pods',
  'services',
  'replicationcontrollers',
  'resourcequotas',
  'secrets',
  'configmaps',
  'persistentvolumeclaims',
  'services.nodeports',
  'services.loadbalancers',
]);
const standardResources = new Set([
  ...standardContainerResources,
  ...wholeResources,
  'storage',
  'requests.cpu',
  'requests.memory',
  'requests.storage',
  'requests.ephemeral-storage',
  'limits.cpu',
  'limits.memory',
  'limits.ephemeral-storage',
]);

const hugePages = 'hugepages-';
export const isHugePages = (name: string): boolean => name.startsWith(hugePages);
/** Resources of the system itself: without a domain, or in Kubernetes' own. */
const isNative = (name: string): boolean =>
  !name.includes('/') || name.split('/')[0]?.endsWith('kubernetes.io') === true;
/** Resources of others, such as `example.com/gpu`: whole numbers, never promised twice. */
export function isExtendedResource(name: string): boolean {
  return !isNative(name) && !name.startsWith('requests.') && checkQualifiedName(`requests.${name}`).length === 0;
}
const isOvercommitAllowed = (name: string): boolean => isNative(name) && !isHugePages(name);
export const isStandardResource = (name: string): boolean => standardResources.has(name);
const isWholeResource = (name: string): boolean => wholeResources.has(name) || isExtendedResource(name);

/** Names of resources wherever they may stand. */
export function validateResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  const found = checkQualifiedName(name);
  for (const message of found) errors.invalid(path, name, message);
  if (found.length > 0) return;
  if (!name.includes('/') && !isStandardResource(name) && !isHugePages(name))
    errors.invalid(path, name, 'must be a standard resource type or fully qualified');
}

export function validateContainerResourceName(name: string, path: FieldPath, errors: FieldErrors): void {
  validateResourceName(name, path, errors);
  if (!name.includes('/')) {
    if (!standardContainerResources.has(name) && !isHugePages(name))
      errors.invalid(path, name, 'must be a standard resource for containers');
  } else if (!isNative(name) && !isExtendedResource(name)) {
    errors.invalid(path, name, "doesn't follow extended resource name standard");
  }
}

/** Not negative, and whole where only whole numbers mean something. */
export function validateAmount(name: string, amount: string, path: FieldPath, errors: FieldErrors): void {
  const { nanos } = readQuantity(amount);
  if (nanos < 0n) errors.invalid(path, amount, 'must be greater than or equal to 0');
  if (isWholeResource(name) && nanos % 1_000_000_000n !== 0n) errors.invalid(path, amount, 'must be an integer');
}

export interface ResourceContext {
  /** Names in the pod's `resourceClaims`. */
  readonly claims: ReadonlySet<string>;
}

export function validateResources(
  resources: ResourceRequirements | undefined,
  context: ResourceContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const limits = resources?.limits ?? {};
  const requests = resources?.requests ?? {};
  const [limitsPath, requestsPath] = [path.child('limits'), path.child('requests')];
  for (const [name, amount] of Object.entries(limits)) {
    validateContainerResourceName(name, limitsPath.key(name), errors);
    validateAmount(name, amount, limitsPath.key(name), errors);
    validateHugePages(name, amount, limitsPath.key(name), errors);
  }
  for (const [name, amount] of Object.entries(requests)) {
    validateContainerResourceName(name, requestsPath.key(name), errors);
    validateAmount(name, amount, requestsPath.key(name), errors);
    validateRequestWithinLimit(name, amount, own(limits, name), { limitsPath, requestsPath }, errors);
    validateHugePages(name, amount, requestsPath.key(name), errors);
  }
  validateHugePagesCompany({ ...limits, ...requests }, path, errors);
  validateClaims(resources, context, path.child('claims'), errors);
}

function validateRequestWithinLimit(
  name: string,
  request: string,
  limit: string | undefined,
  { limitsPath, requestsPath }: { limitsPath: FieldPath; requestsPath: FieldPath },
  errors: FieldErrors,
): void {
  if (limit === undefined) {
    if (!isOvercommitAllowed(name)) errors.required(limitsPath, 'Limit must be set for non overcommitable resources');
    return;
  }
  const order = compareQuantities(request, limit);
  if (order !== 0 && !isOvercommitAllowed(name))
    errors.invalid(requestsPath, request, `must be equal to ${name} limit of ${limit}`);
  else if (order > 0) errors.invalid(requestsPath, request, `must be less than or equal to ${name} limit of ${limit}`);
}

function validateHugePages(name: string, amount: string, path: FieldPath, errors: FieldErrors): void {
  if (!isHugePages(name)) return;
  try {
    const page = readQuantity(name.slice(hugePages.length)).nanos;
    const { nanos } = readQuantity(amount);
    if (page > 0n && nanos >= 0n && nanos % page === 0n) return;
  } catch {
    // The page's size is no quantity: then no amount is a multiple of it.
  }
  errors.invalid(path, amount, `${amount} is not positive integer multiple of ${name}`);
}

function validateHugePagesCompany(all: Record<string, string>, path: FieldPath, errors: FieldErrors): void {
  const names = Object.keys(all);
  if (!names.some(isHugePages) || names.includes('cpu') || names.includes('memory')) return;
  errors.forbidden(path, 'HugePages require cpu or memory');
}

function validateClaims(
  resources: ResourceRequirements | undefined,
  { claims }: ResourceContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const seen = new Set<string>();
  for (const [index, claim] of (resources?.claims ?? []).entries()) {
    const { name, request = '' } = claim;
    const place = path.index(index);
    if (name === '') {
      errors.required(place);
      continue;
    }
    const key = request === '' ? name : `${name}/${request}`;
    if (seen.has(key) || (request !== '' && seen.has(name))) errors.duplicate(place, key);
    seen.add(key);
    if (!claims.has(name)) {
      const known = claims.size === 0 ? ' which is empty' : `: ${[...claims].sort().join(', ')}`;
      errors.add(
        'FieldValueNotFound',
        place,
        `Not found: ${JSON.stringify(name)}: must be one of the names in pod.spec.resourceClaims${known}`,
      );
    }
  }
}
