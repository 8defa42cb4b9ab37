/** Environment variables and where their values come from; fields of pods that may be referred to. */

import type {
  EnvFromSource,
  EnvVar,
  EnvVarSource,
  ObjectFieldSelector,
  ResourceFieldSelector,
} from '../../../api/types/core/v1.ts';
import type { FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import {
  checkConfigMapKey,
  checkDns1123Subdomain,
  checkEnvironmentName,
  checkQualifiedName,
} from '../../validation/names.ts';
import { validateNoBacksteps } from '../../validation/paths.ts';

const environmentFields = [
  'metadata.name',
  'metadata.namespace',
  'metadata.uid',
  'spec.nodeName',
  'spec.serviceAccountName',
  'status.hostIP',
  'status.hostIPs',
  'status.podIP',
  'status.podIPs',
];
const volumeFields = ['metadata.annotations', 'metadata.labels', 'metadata.name', 'metadata.namespace', 'metadata.uid'];
/** All fields that a path may name at all, though not everywhere. */
const pathFields = new Set([
  ...environmentFields,
  ...volumeFields,
  'spec.restartPolicy',
  'spec.schedulerName',
  'spec.hostNetwork',
  'status.phase',
  'status.nominatedNodeName',
]);

export interface EnvironmentContext {
  /** Names of the pod's volumes that files may be read from. */
  readonly emptyDirs: ReadonlySet<string>;
}

export function validateEnvironment(
  variables: readonly EnvVar[],
  context: EnvironmentContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  for (const [index, variable] of variables.entries()) {
    const place = path.index(index);
    if (variable.name === '') errors.required(place.child('name'));
    else
      for (const message of checkEnvironmentName(variable.name))
        errors.invalid(place.child('name'), variable.name, message);
    if (variable.valueFrom) validateValueFrom(variable, variable.valueFrom, context, place.child('valueFrom'), errors);
  }
}

function validateValueFrom(
  variable: EnvVar,
  source: EnvVarSource,
  context: EnvironmentContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  const { fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef } = source;
  if (fieldRef) validateFieldRef(fieldRef, environmentFields, path.child('fieldRef'), errors);
  if (resourceFieldRef) validateResourceFieldRef(resourceFieldRef, path.child('resourceFieldRef'), errors);
  if (configMapKeyRef) validateKeyRef(configMapKeyRef, path.child('configMapKeyRef'), errors);
  if (secretKeyRef) validateKeyRef(secretKeyRef, path.child('secretKeyRef'), errors);
  if (fileKeyRef) validateFileKeyRef(fileKeyRef, context, path.child('fileKeyRef'), errors);
  const count = [fieldRef, resourceFieldRef, configMapKeyRef, secretKeyRef, fileKeyRef].filter(Boolean).length;
  if (count === 0) {
    errors.invalid(
      path,
      '',
      'must specify one of: `fieldRef`, `resourceFieldRef`, `configMapKeyRef`, `secretKeyRef` or `fileKeyRef`',
    );
  } else if ((variable.value ?? '') !== '') errors.invalid(path, '', 'may not be specified when `value` is not empty');
  else if (count > 1) errors.invalid(path, '', 'may not have more than one field specified at a time');
}

function validateKeyRef(ref: { name?: string; key: string }, path: FieldPath, errors: FieldErrors): void {
  for (const message of checkDns1123Subdomain(ref.name ?? ''))
    errors.invalid(path.child('name'), ref.name ?? '', message);
  if (ref.key === '') errors.required(path.child('key'));
  else for (const message of checkConfigMapKey(ref.key)) errors.invalid(path.child('key'), ref.key, message);
}

function validateFileKeyRef(
  ref: NonNullable<EnvVarSource['fileKeyRef']>,
  { emptyDirs }: EnvironmentContext,
  path: FieldPath,
  errors: FieldErrors,
): void {
  if (ref.key === '') errors.required(path.child('key'));
  else for (const message of checkEnvironmentName(ref.key)) errors.invalid(path.child('key'), ref.key, message);
  if (ref.volumeName === '') errors.required(path.child('volumeName'));
  if (ref.path === '') errors.required(path.child('path'));
  else validateNoBacksteps(ref.path, path.child('path'), errors);
  if (!emptyDirs.has(ref.volumeName)) errors.notFound(path.child('volumeName'), ref.volumeName);
}

/** `metadata.labels['app']` → the field and the key in it. */
function splitSubscript(fieldPath: string): { field: string; subscript: string | undefined } {
  const match = /^(.+)\['(.*)'\]$/s.exec(fieldPath);
  return match ? { field: match[1] ?? '', subscript: match[2] } : { field: fieldPath, subscript: undefined };
}

const subscripted = ['metadata.annotations', 'metadata.labels'];

function validateFieldRef(
  ref: ObjectFieldSelector,
  allowed: readonly string[],
  path: FieldPath,
  errors: FieldErrors,
): void {
  const place = path.child('fieldPath');
  if ((ref.apiVersion ?? '') === '') {
    errors.required(path.child('apiVersion'));
    return;
  }
  if (ref.fieldPath === '') {
    errors.required(place);
    return;
  }
  const refusal = explainConversion(ref);
  if (refusal !== undefined) {
    errors.invalid(place, ref.fieldPath, `error converting fieldPath: ${refusal}`);
    return;
  }
  const { field, subscript } = splitSubscript(ref.fieldPath);
  if (subscript === undefined) {
    if (!allowed.includes(field)) errors.notSupported(place, field, [...allowed].sort());
    return;
  }
  const key = field === 'metadata.annotations' ? subscript.toLowerCase() : subscript;
  for (const message of checkQualifiedName(key)) errors.invalid(path, subscript, message);
}

function explainConversion({ apiVersion, fieldPath }: ObjectFieldSelector): string | undefined {
  if (apiVersion !== 'v1') return `unsupported pod version: ${apiVersion}`;
  const { field, subscript } = splitSubscript(fieldPath);
  if (subscript !== undefined && subscripted.includes(field)) return undefined;
  if (subscript !== undefined && pathFields.has(field)) return `field label does not support subscript: ${fieldPath}`;
  return pathFields.has(fieldPath) ? undefined : `field label not supported: ${fieldPath}`;
}

/** The same for files of a downward API volume. */
export function validateVolumeFieldRef(ref: ObjectFieldSelector, path: FieldPath, errors: FieldErrors): void {
  validateFieldRef(ref, volumeFields, path, errors);
}

const containerResourceFields = [
  'limits.cpu',
  'limits.ephemeral-storage',
  'limits.memory',
  'requests.cpu',
  'requests.ephemeral-storage',
  'requests.memory',
];
const divisors: ReadonlyMap<string, readonly string[]> = new Map(
  Object.entries({
    cpu: ['1m', '1'],
    memory: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
    'ephemeral-storage': ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
    hugepages: ['1', '1k', '1M', '1G', '1T', '1P', '1E', '1Ki', '1Mi', '1Gi', '1Ti', '1Pi', '1Ei'],
  }),
);

export function validateResourceFieldRef(
  ref: ResourceFieldSelector,
  path: FieldPath,
  errors: FieldErrors,
  inVolume = false,
): void {
  if (inVolume && (ref.containerName ?? '') === '') errors.required(path.child('containerName'));
  else if (ref.resource === '') errors.required(path.child('resource'));
  else if (!containerResourceFields.includes(ref.resource) && !/^(limits|requests)\.hugepages-/.test(ref.resource))
    errors.notSupported(path.child('resource'), ref.resource, containerResourceFields);
  validateDivisor(ref, path.child('divisor'), errors);
}

function validateDivisor({ resource, divisor }: ResourceFieldSelector, path: FieldPath, errors: FieldErrors): void {
  const text = String(divisor ?? '0');
  if (text === '0') return;
  const plain = resource.replace(/^(limits|requests)\./, '');
  const name = plain.startsWith('hugepages-') ? 'hugepages' : plain;
  const allowed = divisors.get(name);
  if (!allowed || allowed.includes(text)) return;
  errors.invalid(path, resource, `only divisor's values ${allowed.join(', ')} are supported with the ${name} resource`);
}

export function validateEnvFrom(sources: readonly EnvFromSource[], path: FieldPath, errors: FieldErrors): void {
  for (const [index, { prefix = '', configMapRef, secretRef }] of sources.entries()) {
    const place = path.index(index);
    if (prefix !== '')
      for (const message of checkEnvironmentName(prefix)) errors.invalid(place.child('prefix'), prefix, message);
    if (configMapRef) validateSourceName(configMapRef.name, place.child('configMapRef', 'name'), errors);
    if (secretRef) validateSourceName(secretRef.name, place.child('secretRef', 'name'), errors);
    // Upstream names the list here, not its item.
    if (!configMapRef && !secretRef) errors.invalid(path, '', 'must specify one of: `configMapRef` or `secretRef`');
    else if (configMapRef && secretRef)
      errors.invalid(path, '', 'may not have more than one field specified at a time');
  }
}

function validateSourceName(name: string | undefined, path: FieldPath, errors: FieldErrors): void {
  if (!name) errors.required(path);
  else for (const message of checkDns1123Subdomain(name)) errors.invalid(path, name, message);
}
