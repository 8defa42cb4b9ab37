/** Defaults and rules of CustomResourceDefinitions; the schemas themselves are `structural-schema.ts`. */

import { isDeepStrictEqual } from 'node:util';
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from 'kubernetes-types/apiextensions/v1';
import { validateWebhookService, validateWebhookUrl } from '../admissionregistration/webhooks.ts';
import { type FieldErrors, FieldPath } from '../field-errors.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';
import type { JsonSchema } from './json-schema.ts';
import { validateStructuralSchema } from './structural-schema.ts';

/** A version with the fields that are newer than the types we read with. */
type Version = CustomResourceDefinitionVersion & { selectableFields?: { jsonPath?: string }[] };

const path = FieldPath.of('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const approval = 'api-approved.kubernetes.io';
const maxSelectableFields = 8;

export function setDefinitionDefaults(object: CustomResourceDefinition): void {
  const { spec } = object;
  if (!spec) return;
  spec.names ??= { kind: '', plural: '' };
  if (!spec.names.singular) spec.names.singular = (spec.names.kind ?? '').toLowerCase();
  if (!spec.names.listKind && spec.names.kind) spec.names.listKind = `${spec.names.kind}List`;
  spec.conversion ??= { strategy: 'None' };
  const service = spec.conversion.webhook?.clientConfig?.service;
  if (service) service.port ??= 443;
}

/** The versions that are, or may be, in the store. */
export function storedVersionsAfter(object: CustomResourceDefinition): string[] {
  const versions = new Set(object.status?.storedVersions ?? []);
  for (const { name, storage } of object.spec?.versions ?? []) if (storage) versions.add(name);
  return [...versions];
}

export function validateDefinition(
  object: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
  errors: FieldErrors,
): void {
  const spec = object.spec ?? ({} as CustomResourceDefinitionSpec);
  const { group = '', names = { kind: '', plural: '' }, scope = '', versions = [] } = spec;
  const expectedName = `${names.plural ?? ''}.${group}`;
  const name = object.metadata?.name ?? '';
  if (previous === undefined && name !== '' && name !== expectedName) {
    errors.invalid(
      FieldPath.of('metadata', 'name'),
      object.metadata?.name ?? '',
      'must be spec.names.plural+"."+spec.group',
    );
  }
  validateGroup(group, errors);
  if (scope === '') errors.required(path.child('scope'));
  else if (scope !== 'Cluster' && scope !== 'Namespaced')
    errors.notSupported(path.child('scope'), scope, ['Cluster', 'Namespaced']);
  validateVersions(versions ?? [], errors);
  validateNames(names, errors);
  if (spec.conversion) validateConversion(spec.conversion, errors);
  validatePreserve(spec, previous, errors);
  validateApproval(object, errors);
}

function validateGroup(group: string, errors: FieldErrors): void {
  const at = path.child('group');
  if (group === '') {
    errors.required(at);
    return;
  }
  const wrong = checkDns1123Subdomain(group);
  for (const message of wrong) errors.invalid(at, group, message);
  if (wrong.length === 0 && !group.includes('.')) errors.invalid(at, group, 'should be a domain with at least one dot');
}

/** Where a part of a version is reported: what all versions share is shown at the top, as upstream stores it. */
function placeOf(
  versions: readonly Version[],
  index: number,
  part: 'schema' | 'selectableFields' | 'additionalPrinterColumns' | 'subresources',
): FieldPath {
  const first = versions[0];
  const isShared = versions.every((version) => isDeepStrictEqual(version[part], first?.[part]));
  const base = isShared ? path : path.child('versions').index(index);
  if (part !== 'schema') return base.child(part);
  return isShared ? base.child('validation', 'openAPIV3Schema') : base.child('schema', 'openAPIV3Schema');
}

function validateVersions(versions: readonly Version[], errors: FieldErrors): void {
  const names = new Set<string>();
  const reported = new Set<string>();
  let storage = 0;
  for (const [i, version] of versions.entries()) {
    const at = path.child('versions').index(i);
    const schemaPath = placeOf(versions, i, 'schema');
    if (!version.schema?.openAPIV3Schema) errors.required(at.child('schema', 'openAPIV3Schema'));
    else if (!reported.has(String(schemaPath))) validateSchemaOf(version, schemaPath, errors);
    reported.add(String(schemaPath));
    validateVersionName(version.name ?? '', at.child('name'), errors);
    if (names.has(version.name)) errors.invalid(path.child('versions'), versions, 'must contain unique version names');
    names.add(version.name);
    if (version.storage) storage += 1;
    const { deprecationWarning: warning, deprecated } = version;
    if (typeof warning === 'string' && !deprecated)
      errors.invalid(at.child('deprecationWarning'), warning, 'can only be set for deprecated versions');
    validateParts(versions, i, reported, errors);
  }
  // A first version's name was once a field of its own, and is still asked about there.
  if (versions[0]) validateVersionName(versions[0].name ?? '', path.child('version'), errors);
  if (storage !== 1)
    errors.invalid(
      path.child('versions'),
      versions.length === 0 ? null : versions,
      'must have exactly one version marked as storage version',
    );
}

function validateVersionName(name: string, at: FieldPath, errors: FieldErrors): void {
  for (const message of checkDns1035Label(name)) errors.invalid(at, name, message);
}

function validateSchemaOf(version: Version, schemaPath: FieldPath, errors: FieldErrors): void {
  const schema = version.schema?.openAPIV3Schema as JsonSchema;
  if (version.subresources?.status && schema.type && schema.type !== 'object') {
    errors.invalid(
      schemaPath.child('type'),
      schema.type,
      'only "object" is allowed as the type at the root of the schema if the status subresource is enabled',
    );
  }
  validateStructuralSchema(schema, schemaPath, errors);
}

function validateParts(versions: readonly Version[], i: number, reported: Set<string>, errors: FieldErrors): void {
  const version = versions[i];
  const columns = placeOf(versions, i, 'additionalPrinterColumns');
  if (!reported.has(String(columns))) {
    for (const [n, column] of (version?.additionalPrinterColumns ?? []).entries())
      validateColumn(column, columns.index(n), errors);
  }
  reported.add(String(columns));
  const fields = placeOf(versions, i, 'selectableFields');
  if (version && !reported.has(String(fields))) validateSelectableFields(version, fields, errors);
  reported.add(String(fields));
  const subresources = placeOf(versions, i, 'subresources');
  if (!reported.has(String(subresources))) validateScale(version, subresources.child('scale'), errors);
  reported.add(String(subresources));
}

function validateColumn(column: CustomResourceColumnDefinition, at: FieldPath, errors: FieldErrors): void {
  const { name = '', type = '', jsonPath = '' } = column;
  if (name === '') errors.required(at.child('name'));
  const oneOf = `must be one of ${columnTypes.join(',')}`;
  if (type === '') errors.required(at.child('type'), oneOf);
  else if (!columnTypes.includes(type)) errors.invalid(at.child('type'), type, oneOf);
  validateSimplePath(jsonPath, at.child('JSONPath'), errors);
}

function validateSimplePath(jsonPath: string, at: FieldPath, errors: FieldErrors): void {
  if (jsonPath === '') errors.required(at);
  else if (!jsonPath.startsWith('.')) errors.invalid(at, jsonPath, 'must be a simple json path starting with .');
}

function validateSelectableFields(version: Version, at: FieldPath, errors: FieldErrors): void {
  const fields = version.selectableFields ?? [];
  if (fields.length > 0 && !version.schema?.openAPIV3Schema) {
    errors.invalid(at, '', 'may only be set when `version.schema.openAPIV3Schema` is not included');
    return;
  }
  if (fields.length > maxSelectableFields) errors.tooMany(at, fields.length, maxSelectableFields);
  const schema = version.schema?.openAPIV3Schema as JsonSchema | undefined;
  const seen = new Set<string>();
  for (const [i, { jsonPath = '' }] of fields.entries()) {
    const place = at.index(i).child('jsonPath');
    if (seen.has(jsonPath)) errors.duplicate(place, jsonPath);
    seen.add(jsonPath);
    if (jsonPath === '') {
      errors.required(place);
      continue;
    }
    if (!jsonPath.startsWith('.')) {
      errors.invalid(place, jsonPath, 'must be a simple json path starting with .');
      continue;
    }
    validateSelectablePath(jsonPath, schema, place, errors);
  }
}

function validateSelectablePath(
  jsonPath: string,
  schema: JsonSchema | undefined,
  place: FieldPath,
  errors: FieldErrors,
): void {
  const names = jsonPath.slice(1).split('.');
  if (names[0] === 'metadata') {
    errors.invalid(place, jsonPath, 'must not point to fields in metadata');
    return;
  }
  let at: JsonSchema | undefined = schema;
  for (const name of names) at = at?.properties?.[name];
  if (at === undefined) errors.invalid(place, jsonPath, 'is an invalid path: does not refer to a valid field');
  else if (!['string', 'boolean', 'integer'].includes(at.type ?? '')) {
    errors.invalid(
      place,
      jsonPath,
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
    );
  }
}

function validateScale(version: Version | undefined, at: FieldPath, errors: FieldErrors): void {
  const scale = version?.subresources?.scale;
  if (!scale) return;
  const checks = [
    ['specReplicasPath', scale.specReplicasPath ?? '', '.spec.', true],
    ['statusReplicasPath', scale.statusReplicasPath ?? '', '.status.', true],
    ['labelSelectorPath', scale.labelSelectorPath ?? '', '.', false],
  ] as const;
  for (const [field, value, prefix, isRequired] of checks) {
    if (value === '') {
      if (isRequired) errors.required(at.child(field));
      continue;
    }
    if (!value.startsWith('.')) errors.invalid(at.child(field), value, 'must be a simple json path starting with .');
    else if (!value.startsWith(prefix))
      errors.invalid(at.child(field), value, `should be a json path under ${prefix.slice(0, -1)}`);
  }
}

function validateNames(names: CustomResourceDefinitionNames, errors: FieldErrors): void {
  const at = path.child('names');
  const { plural = '', singular = '', kind = '', listKind = '', shortNames = [], categories = [] } = names;
  const required = [
    ['plural', plural],
    ['singular', singular],
    ['kind', kind],
    ['listKind', listKind],
  ] as const;
  for (const [field, value] of required) if (value === '') errors.required(at.child(field));
  for (const [field, value] of [
    ['plural', plural],
    ['singular', singular],
  ] as const) {
    if (value !== '') for (const message of checkDns1035Label(value)) errors.invalid(at.child(field), value, message);
  }
  for (const [field, value] of [
    ['kind', kind],
    ['listKind', listKind],
  ] as const) {
    if (value === '') continue;
    for (const message of checkDns1035Label(value.toLowerCase())) {
      errors.invalid(at.child(field), value, `may have mixed case, but should otherwise match: ${message}`);
    }
  }
  for (const [i, name] of (shortNames ?? []).entries()) {
    for (const message of checkDns1035Label(name)) errors.invalid(at.child('shortNames').index(i), name, message);
  }
  if (kind !== '' && kind === listKind)
    errors.invalid(at.child('listKind'), listKind, 'kind and listKind may not be the same');
  for (const [i, category] of (categories ?? []).entries()) {
    for (const message of checkDns1035Label(category))
      errors.invalid(at.child('categories').index(i), category, message);
  }
}

function validateConversion(conversion: CustomResourceConversion, errors: FieldErrors): void {
  const at = path.child('conversion');
  const { strategy = '', webhook } = conversion;
  if (strategy === '') errors.required(at.child('strategy'));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.notSupported(at.child('strategy'), strategy, ['None', 'Webhook']);
  if (strategy === 'Webhook') {
    const client = webhook?.clientConfig;
    if (!client) errors.required(at.child('webhookClientConfig'), 'required when strategy is set to Webhook');
    else if ((client.url === undefined) === (client.service === undefined)) {
      errors.required(at.child('webhookClientConfig'), 'exactly one of url or service is required');
    } else if (client.url !== undefined) validateWebhookUrl(client.url, at.child('webhookClientConfig', 'url'), errors);
    else if (client.service) validateWebhookService(client.service, at.child('webhookClientConfig', 'service'), errors);
    validateReviewVersions(webhook?.conversionReviewVersions ?? [], at.child('conversionReviewVersions'), errors);
    return;
  }
  if (webhook?.clientConfig)
    errors.forbidden(at.child('webhookClientConfig'), 'should not be set when strategy is not set to Webhook');
  if (webhook?.conversionReviewVersions?.length) {
    errors.forbidden(at.child('conversionReviewVersions'), 'should not be set when strategy is not set to Webhook');
  }
}

function validateReviewVersions(versions: readonly string[], at: FieldPath, errors: FieldErrors): void {
  if (versions.length === 0) {
    errors.required(at);
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) errors.invalid(at.index(i), version, 'duplicate version');
    seen.add(version);
    for (const message of checkDns1035Label(version)) errors.invalid(at.index(i), version, message);
  }
  if (!versions.some((version) => version === 'v1' || version === 'v1beta1')) {
    errors.invalid(at, versions, 'must include at least one of v1, v1beta1');
  }
}

function validatePreserve(
  spec: CustomResourceDefinitionSpec,
  previous: CustomResourceDefinition | undefined,
  errors: FieldErrors,
): void {
  if (!spec.preserveUnknownFields || previous?.spec?.preserveUnknownFields) return;
  errors.invalid(
    path.child('preserveUnknownFields'),
    true,
    'cannot set to true, set x-kubernetes-preserve-unknown-fields to true in spec.versions[*].schema instead',
  );
}

/** Groups of the community need somebody's word. */
function validateApproval({ metadata, spec }: CustomResourceDefinition, errors: FieldErrors): void {
  const group = spec?.group ?? '';
  const isProtected = ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
  if (!isProtected) return;
  const at = FieldPath.of('metadata', 'annotations').key(approval);
  const value = metadata?.annotations?.[approval];
  const see = 'see https://github.com/kubernetes/enhancements/pull/1111';
  if (value === undefined || value === '') {
    errors.required(at, `protected groups must have approval annotation "${approval}", ${see}`);
  } else if (!value.startsWith('unapproved') && !/^[a-z]+:\/\/[^/]+/i.test(value)) {
    errors.invalid(
      at,
      value,
      `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${see}`,
    );
  }
}

export function validateDefinitionUpdate(
  next: CustomResourceDefinition,
  previous: CustomResourceDefinition,
  errors: FieldErrors,
): void {
  const isEstablished = (previous.status?.conditions ?? []).some(
    ({ type, status }) => type === 'Established' && status === 'True',
  );
  if (isEstablished) {
    validateImmutable(next.spec?.scope, previous.spec?.scope, path.child('scope'), errors);
    validateImmutable(next.spec?.names?.kind, previous.spec?.names?.kind, path.child('names', 'kind'), errors);
  }
  validateImmutable(next.spec?.group, previous.spec?.group, path.child('group'), errors);
  validateImmutable(next.spec?.names?.plural, previous.spec?.names?.plural, path.child('names', 'plural'), errors);
}

/** Every version that may be in the store stays in the spec. */
export function validateStoredVersions(object: CustomResourceDefinition, errors: FieldErrors): void {
  const names = new Set((object.spec?.versions ?? []).map(({ name }) => name));
  const at = FieldPath.of('status', 'storedVersions');
  const stored = object.status?.storedVersions ?? [];
  for (const [i, version] of stored.entries()) {
    if (!names.has(version))
      errors.invalid(
        at.index(i),
        version,
        'missing from spec.versions; v1 was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in v1 and removes v1 from status.storedVersions'.replaceAll(
          'v1',
          version,
        ),
      );
  }
}
