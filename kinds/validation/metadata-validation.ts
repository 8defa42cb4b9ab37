/** The rules for `metadata` that all kinds share, in upstream's words and order. Pure. */

import { goQuote } from '../../api/go-text.ts';
import { checkCanonicalIp } from '../../api/net.ts';
import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import type { ManagedFieldsEntry, ObjectMeta, OwnerReference } from '../../api/types/meta/v1.ts';
import { compareText } from '../../base/compare.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { Kind } from '../kind.ts';
import { validateLabels } from './label-selector.ts';
import {
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkNamePrefix,
  checkPathSegment,
  checkQualifiedName,
} from './names.ts';

const metadataPath = FieldPath.of('metadata');
const maxAnnotationBytes = 256 * 1024;

const nameChecks = {
  subdomain: checkDns1123Subdomain,
  label: checkDns1123Label,
  label1035: checkDns1035Label,
  pathSegment: checkPathSegment,
  ipAddress: checkCanonicalIp,
} as const;

/** A custom resource, which nothing but this holds to its type, is what its kind says. */
export function validateType(kind: Kind, { apiVersion, kind: given }: KubernetesObject, errors: FieldErrors): void {
  const version = apiVersionOf(kind);
  if (given !== kind.kind) errors.invalid(FieldPath.of('kind'), given, `must be ${kind.kind}`);
  if (apiVersion !== version) errors.invalid(FieldPath.of('apiVersion'), apiVersion, `must be ${version}`);
}

/** What is wrong with the metadata of a new object. */
export function validateMetadata(kind: Kind, object: KubernetesObject, errors: FieldErrors): void {
  const nameErrors = nameChecks[kind.strategy.nameFormat ?? 'subdomain'];
  validateObjectMeta(object.metadata ?? {}, { namespaced: kind.namespaced, nameErrors, path: metadataPath }, errors);
  validateFinalizerKinds(kind, object.metadata ?? {}, errors);
}

export interface MetadataRules {
  readonly namespaced: boolean;
  readonly nameErrors: (name: string) => string[];
  readonly path: FieldPath;
}

/** The same for metadata inside an object, for instance that of a template. */
export function validateObjectMeta(metadata: ObjectMeta, rules: MetadataRules, errors: FieldErrors): void {
  const { path } = rules;
  const { name = '', generateName = '', namespace = '' } = metadata;
  if (generateName !== '') {
    for (const message of checkNamePrefix(rules.nameErrors, generateName))
      errors.invalid(path.child('generateName'), generateName, message);
  }
  if (name === '') errors.required(path.child('name'), 'name or generateName is required');
  else for (const message of rules.nameErrors(name)) errors.invalid(path.child('name'), name, message);
  if (!rules.namespaced) {
    if (namespace !== '') errors.forbidden(path.child('namespace'), 'not allowed on this type');
  } else if (namespace === '') errors.required(path.child('namespace'));
  else for (const message of checkDns1123Label(namespace)) errors.invalid(path.child('namespace'), namespace, message);
  if ((metadata.generation ?? 0) < 0)
    errors.invalid(path.child('generation'), metadata.generation, 'must be greater than or equal to 0');
  validateOpenParts(metadata, path, errors);
}

/** What clients write freely: labels, annotations, owners, finalizers, managers. */
function validateOpenParts(metadata: ObjectMeta, path: FieldPath, errors: FieldErrors): void {
  validateLabels(metadata.labels, path.child('labels'), errors);
  validateAnnotations(metadata.annotations, path.child('annotations'), errors);
  validateOwnerReferences(metadata.ownerReferences ?? [], path.child('ownerReferences'), errors);
  validateFinalizers(metadata.finalizers ?? [], path.child('finalizers'), errors);
  validateManagedFields(metadata.managedFields ?? [], path.child('managedFields'), errors);
}

export function validateAnnotations(
  annotations: Readonly<Record<string, string>> | undefined,
  path: FieldPath,
  errors: FieldErrors,
): void {
  validateAnnotationKeys(Object.keys(annotations ?? {}), path, errors);
  validateAnnotationSize(annotations ?? {}, path, errors);
}

export function validateAnnotationKeys(keys: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const key of keys)
    for (const message of checkQualifiedName(key.toLowerCase())) errors.invalid(path, key, message);
}

export function validateAnnotationSize(
  annotations: Readonly<Record<string, string>>,
  path: FieldPath,
  errors: FieldErrors,
): void {
  let bytes = 0;
  for (const [key, value] of Object.entries(annotations)) bytes += Buffer.byteLength(key) + Buffer.byteLength(value);
  if (bytes > maxAnnotationBytes) errors.tooLong(path, maxAnnotationBytes);
}

function validateOwnerReferences(owners: readonly OwnerReference[], path: FieldPath, errors: FieldErrors): void {
  let controller: OwnerReference | undefined;
  for (const owner of owners) {
    validateOwnerReference(owner, path, errors);
    if (!owner.controller) continue;
    if (controller) {
      errors.invalid(
        path,
        owners,
        `Only one reference can have Controller set to true. Found "true" in references for ${ownerName(controller)} and ${ownerName(owner)}`,
      );
    }
    controller ??= owner;
  }
}

const ownerName = (owner: OwnerReference): string => `${owner.kind}/${owner.name}`;

function validateOwnerReference(owner: OwnerReference, path: FieldPath, errors: FieldErrors): void {
  const { group, version } = parseApiVersion(owner.apiVersion) ?? { group: '', version: owner.apiVersion };
  if (version === '') errors.invalid(path.child('apiVersion'), owner.apiVersion, 'version must not be empty');
  for (const field of ['kind', 'name', 'uid'] as const) {
    if (owner[field] === '') errors.invalid(path.child(field), owner[field], 'must not be empty');
  }
  if (owner.kind === 'Event' && version === 'v1' && group === '')
    errors.invalid(path, owner, `${group}/${version}, Kind=Event is disallowed from being an owner`);
}

function validateFinalizers(finalizers: readonly string[], path: FieldPath, errors: FieldErrors): void {
  for (const finalizer of finalizers) {
    for (const message of checkQualifiedName(finalizer)) errors.invalid(path, finalizer, message);
  }
  if (finalizers.includes('orphan') && finalizers.includes('foregroundDeletion'))
    errors.invalid(path, finalizers, 'finalizer orphan and foregroundDeletion cannot be both set');
}

const standardFinalizers: readonly string[] = ['kubernetes', 'orphan', 'foregroundDeletion'];

function validateFinalizerKinds(kind: Kind, { finalizers = [] }: ObjectMeta, errors: FieldErrors): void {
  // Definitions are validated by a part of upstream that does not know these names; custom resources get warnings.
  if (kind.group === 'apiextensions.k8s.io' || kind.schema.reader !== undefined) return;
  for (const [index, finalizer] of finalizers.entries()) {
    validateFinalizerName(finalizer, metadataPath.child('finalizers').index(index), errors);
  }
}

/** Of new finalizers without a domain where they are allowed. */
export function finalizerWarnings(finalizers: readonly string[], before: readonly string[]): string[] {
  return [...new Set(finalizers)]
    .filter((finalizer) => !before.includes(finalizer) && !hasDomain(finalizer))
    .sort(compareText)
    .map((finalizer) => {
      const path = finalizer.includes('.') ? ' including a path (/)' : '';
      return `metadata.finalizers: ${goQuote(finalizer)}: prefer a domain-qualified finalizer name${path} to avoid accidental conflicts with other finalizer writers`;
    });
}

const hasDomain = (finalizer: string): boolean => finalizer.includes('/') || standardFinalizers.includes(finalizer);

/** A finalizer without a domain must be one of upstream's own. */
export function validateFinalizerName(finalizer: string, path: FieldPath, errors: FieldErrors): void {
  if (hasDomain(finalizer)) return;
  errors.invalid(path, finalizer, 'name is neither a standard finalizer name nor is it fully qualified');
}

function validateManagedFields(entries: readonly ManagedFieldsEntry[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, entry] of entries.entries()) {
    const place = path.index(index);
    if (entry.operation !== 'Apply' && entry.operation !== 'Update')
      errors.invalid(place.child('operation'), entry.operation ?? '', 'must be `Apply` or `Update`');
    if ((entry.fieldsType ?? '') !== '' && entry.fieldsType !== 'FieldsV1')
      errors.invalid(place.child('fieldsType'), entry.fieldsType, 'must be `FieldsV1`');
    const manager = entry.manager ?? '';
    if (Buffer.byteLength(manager) > 128) errors.tooLong(place.child('manager'), 128);
    else if (/[\p{Cc}\p{Cf}\p{Cn}\p{Co}\p{Cs}]/u.test(manager))
      errors.invalid(place.child('manager'), manager, 'should only contain printable characters');
    const subresource = entry.subresource ?? '';
    if (subresource.length > 256) errors.tooLong(place.child('subresource'), 256);
  }
}

/**
 * What an update may not do to metadata. Upstream's registry asks everything, then the kind asks again (which part is
 * in `metadataOnUpdate`), so errors stand in the causes more than once.
 */
export function validateMetadataUpdate(
  kind: Kind,
  next: KubernetesObject,
  previous: KubernetesObject,
  errors: FieldErrors,
): void {
  const [now, before] = [next.metadata ?? {}, previous.metadata ?? {}];
  const rules = { namespaced: kind.namespaced, nameErrors: checkPathSegment, path: metadataPath };
  validateObjectMeta(now, rules, errors);
  validateMetadataChange(now, before, metadataPath, errors);
  const again = kind.strategy.metadataOnUpdate ?? 'changes';
  if (again === 'changes' || again === 'both') {
    validateMetadataChange(now, before, metadataPath, errors);
    validateFinalizerKinds(kind, now, errors);
  }
  if (again === 'all' || again === 'both') validateMetadata(kind, next, errors);
}

const immutableFields = [
  'name',
  'namespace',
  'uid',
  'creationTimestamp',
  'deletionTimestamp',
  'deletionGracePeriodSeconds',
] as const;

/** What differs from before and may not. */
function validateMetadataChange(now: ObjectMeta, before: ObjectMeta, path: FieldPath, errors: FieldErrors): void {
  if (before.deletionTimestamp !== undefined) {
    const added = (now.finalizers ?? []).filter((finalizer) => !before.finalizers?.includes(finalizer));
    if (added.length > 0) {
      errors.forbidden(
        path.child('finalizers'),
        `no new finalizers can be added if the object is being deleted, found new finalizers []string{${added.map((one) => JSON.stringify(one)).join(', ')}}`,
      );
    }
  }
  for (const field of immutableFields) {
    if (now[field] !== before[field]) errors.invalid(path.child(field), now[field], 'field is immutable');
  }
  if ((now.generation ?? 0) < (before.generation ?? 0))
    errors.invalid(path.child('generation'), now.generation ?? 0, 'must not be decremented');
  validateLabels(now.labels, path.child('labels'), errors);
  validateAnnotations(now.annotations, path.child('annotations'), errors);
  validateOwnerReferences(now.ownerReferences ?? [], path.child('ownerReferences'), errors);
  validateManagedFields(now.managedFields ?? [], path.child('managedFields'), errors);
}
