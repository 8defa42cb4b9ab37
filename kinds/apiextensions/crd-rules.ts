/** Defaults and rules of CustomResourceDefinitions; the schemas themselves are `structural-schema.ts`. */

import { equalJson, own } from '../../api/json-record.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  CustomResourceDefinitionVersion,
} from '../../api/types/apiextensions/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { validateWebhookService, validateWebhookUrl } from '../admissionregistration/webhooks.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';
import { childrenOf, type JsonSchema } from './json-schema.ts';
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

/** The versions that are, or may be, in the store: of several that say so, the first is the one. */
export function storedVersionsAfter(object: CustomResourceDefinition): string[] {
  const stored = object.status?.storedVersions ?? [];
  const storage = object.spec?.versions?.find((version) => version.storage)?.name;
  return storage === undefined || stored.includes(storage) ? [...stored] : [...stored, storage];
}

export function validateDefinition(
  object: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
  errors: FieldErrors,
): void {
  const spec = object.spec ?? {};
  const { group = '', names = { kind: '', plural: '' }, scope = '', versions } = spec;
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
  validatePruning(spec, errors);
  const all = versions ?? [];
  validateVersions(all, errors);
  validateNames(names, errors);
  validateParts(all, 0, 'top', errors);
  if (spec.conversion) validateConversion(spec.conversion, errors);
  if (previous) validateKept(object, previous, errors);
  validateStoredVersions(object, errors);
  validateApproval(object, errors);
  validatePreserve(spec, previous, errors);
}

/** What fills in defaults must know all fields. */
function validatePruning({ preserveUnknownFields, versions }: CustomResourceDefinitionSpec, errors: FieldErrors): void {
  const hasDefault = (schema: JsonSchema): boolean =>
    (schema.default !== undefined && schema.default !== null) ||
    childrenOf(schema, path).some(([, child]) => hasDefault(child));
  const schemas = (versions ?? []).flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  if (preserveUnknownFields && schemas.some(hasDefault))
    errors.invalid(path.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema');
}

const formats =
  'bsonobjectid uri email hostname ipv4 ipv6 cidr mac uuid uuid3 uuid4 uuid5 isbn isbn10 isbn13 creditcard ssn hexcolor rgbcolor byte password date duration datetime date-time k8s-short-name k8s-long-name int32 int64 float double int-or-string';

/** Formats that nothing checks. */
export function formatWarnings({ spec }: CustomResourceDefinition): string[] {
  const known = new Set(formats.split(' '));
  const formatsOf = (schema: JsonSchema): string[] => [
    ...(schema.format ? [schema.format] : []),
    ...childrenOf(schema, path).flatMap(([, child]) => formatsOf(child)),
  ];
  const all = (spec?.versions ?? []).flatMap(({ schema }) => formatsOf(schema?.openAPIV3Schema ?? {}));
  return [...new Set(all)].filter((one) => !known.has(one)).map((one) => `unrecognized format ${JSON.stringify(one)}`);
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

type SharedPart = 'schema' | 'selectableFields' | 'additionalPrinterColumns' | 'subresources';

const sharedParts: readonly SharedPart[] = ['schema', 'selectableFields', 'additionalPrinterColumns', 'subresources'];
const shared = new WeakMap<readonly Version[], ReadonlySet<SharedPart>>();

/** What all versions have alike, upstream keeps once, at the top. Asked for each version, found once. */
function isShared(versions: readonly Version[], part: SharedPart): boolean {
  let parts = shared.get(versions);
  if (parts === undefined) {
    parts = new Set(
      sharedParts.filter((one) => versions.every((version) => equalJson(version[one], versions[0]?.[one]))),
    );
    shared.set(versions, parts);
  }
  return parts.has(part);
}

function validateVersions(versions: readonly Version[], errors: FieldErrors): void {
  const at = path.child('versions');
  for (const [i, version] of versions.entries())
    if (!version.schema?.openAPIV3Schema) errors.required(at.index(i).child('schema', 'openAPIV3Schema'));
  for (const [i, version] of versions.entries()) {
    validateVersionName(version.name ?? '', at.index(i).child('name'), errors);
    validateDeprecation(version, at.index(i).child('deprecationWarning'), errors);
    validateParts(versions, i, 'versions', errors);
  }
  const names = new Set(versions.map(({ name }) => name));
  if (names.size < versions.length) errors.invalid(at, shownVersions(versions), 'must contain unique version names');
  if (versions.filter(({ storage }) => storage).length !== 1)
    errors.invalid(at, shownVersions(versions), 'must have exactly one version marked as storage version');
  // A first version's name was once a field of its own, and is still asked about there.
  if (versions[0]?.name) validateVersionName(versions[0].name, path.child('version'), errors);
}

const maxWarningLength = 256;

function validateDeprecation({ deprecated, deprecationWarning: warning }: Version, at: FieldPath, errors: FieldErrors) {
  if (typeof warning !== 'string') return;
  const refuse = (text: string) => errors.invalid(at, warning, text);
  if (!deprecated) {
    refuse('can only be set for deprecated versions');
    return;
  }
  if (warning === '') refuse('must not be an empty string');
  if (warning.length > maxWarningLength) refuse(`must be <= ${maxWarningLength} characters long`);
  const odd = /[^\P{C}]|[^\P{Z} ]/u.exec(warning);
  if (odd) {
    const index = Buffer.byteLength(warning.slice(0, odd.index));
    refuse(`must only contain printable UTF-8 characters; non-printable character found at index ${index}`);
  }
}

/** Versions as upstream prints them: its internal form, where what all of them share is not shown. */
function shownVersions(versions: readonly Version[]): unknown {
  const own = <Part extends SharedPart>(part: Part, index: number) =>
    isShared(versions, part) ? null : (versions[index]?.[part] ?? null);
  return versions.map((version, index) => ({
    Name: version.name ?? '',
    Served: version.served ?? false,
    Storage: version.storage ?? false,
    Deprecated: version.deprecated ?? false,
    DeprecationWarning: version.deprecationWarning ?? null,
    Schema: own('schema', index),
    Subresources: own('subresources', index),
    AdditionalPrinterColumns: own('additionalPrinterColumns', index),
    SelectableFields: own('selectableFields', index),
  }));
}

function validateVersionName(name: string, at: FieldPath, errors: FieldErrors): void {
  for (const message of checkDns1035Label(name)) errors.invalid(at, name, message);
}

/** The parts of a version where they are kept: with the version, or, if all have them alike, at the top. */
function validateParts(
  versions: readonly Version[],
  index: number,
  where: 'versions' | 'top',
  errors: FieldErrors,
): void {
  const version = versions[index];
  if (!version) return;
  const isHere = (part: SharedPart) => isShared(versions, part) === (where === 'top');
  const base = where === 'top' ? path : path.child('versions').index(index);
  if (isHere('schema')) validateSchemaOf(version, base.child(where === 'top' ? 'validation' : 'schema'), errors);
  if (isHere('subresources')) validateScale(version, base.child('subresources', 'scale'), errors);
  if (isHere('additionalPrinterColumns')) {
    for (const [n, column] of (version.additionalPrinterColumns ?? []).entries())
      validateColumn(column, base.child('additionalPrinterColumns').index(n), errors);
  }
  if (isHere('selectableFields')) validateSelectableFields(version, base.child('selectableFields'), errors);
}

function validateSchemaOf(version: Version, at: FieldPath, errors: FieldErrors): void {
  const schema = version.schema?.openAPIV3Schema;
  if (!schema) return;
  const place = at.child('openAPIV3Schema');
  if (version.subresources?.status) validateRootWithStatus(schema, place, errors);
  validateStructuralSchema(schema, place, errors);
}

/** What may stand beside the status when that is taken out by itself. */
const besideStatus =
  'Description Type Format Title Maximum ExclusiveMaximum Minimum ExclusiveMinimum MaxLength MinLength Pattern MaxItems MinItems UniqueItems MultipleOf Required Items Properties ExternalDocs Example XPreserveUnknownFields XValidations';
const extensions: Readonly<Record<string, string>> = {
  'x-kubernetes-preserve-unknown-fields': 'XPreserveUnknownFields',
  'x-kubernetes-validations': 'XValidations',
};

function validateRootWithStatus(schema: JsonSchema, at: FieldPath, errors: FieldErrors): void {
  if (schema.type && schema.type !== 'object') {
    const text = 'only "object" is allowed as the type at the root of the schema if the status subresource is enabled';
    errors.invalid(at.child('type'), schema.type, text);
    return;
  }
  const allowed = new Set(besideStatus.split(' '));
  const isOdd = ([name, value]: [string, unknown]): boolean => {
    const isEmpty = value === undefined || value === null || value === '' || value === false;
    return !isEmpty && !allowed.has(extensions[name] ?? `${name.charAt(0).toUpperCase()}${name.slice(1)}`);
  };
  if (Object.entries(schema).some(isOdd)) {
    const text = `only [${besideStatus}] fields are allowed at the root of the schema if the status subresource is enabled`;
    errors.invalid(at, schema, text);
  }
}

const columnFormats = ['byte', 'date', 'date-time', 'double', 'float', 'int32', 'int64', 'password'];

function validateColumn(column: CustomResourceColumnDefinition, at: FieldPath, errors: FieldErrors): void {
  const { name = '', type = '', format = '', jsonPath = '' } = column;
  if (name === '') errors.required(at.child('name'));
  const oneOf = `must be one of ${columnTypes.join(',')}`;
  if (type === '') errors.required(at.child('type'), oneOf);
  else if (!columnTypes.includes(type)) errors.invalid(at.child('type'), type, oneOf);
  if (format !== '' && !columnFormats.includes(format))
    errors.invalid(at.child('format'), format, `must be one of ${columnFormats.join(',')}`);
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
  const schema = version.schema?.openAPIV3Schema;
  const seen = new Set<string>();
  for (const [i, { jsonPath = '' }] of fields.entries()) {
    const place = at.index(i).child('jsonPath');
    if (seen.has(jsonPath)) errors.duplicate(place, jsonPath);
    seen.add(jsonPath);
    if (jsonPath === '') {
      errors.required(place);
      continue;
    }
    if (!/^[.[]/.test(jsonPath)) {
      const [start = jsonPath] = jsonPath.split(/[.[]/, 1);
      errors.invalid(place, jsonPath, `is an invalid path: expected [ or . but got: ${start}`);
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
  for (const name of names) at = own(at?.properties ?? {}, name);
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

/** Every version that may be in the store stays in the spec, and the one that is written is among them. */
function validateStoredVersions({ spec, status }: CustomResourceDefinition, errors: FieldErrors): void {
  const at = FieldPath.of('status', 'storedVersions');
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) {
    errors.invalid(at, null, 'must have at least one stored version');
    return;
  }
  const versions = spec?.versions ?? [];
  for (const { name, storage } of versions)
    if (storage && !stored.includes(name)) errors.invalid(at, stored, `must have the storage version ${name}`);
  const names = new Set(versions.map(({ name }) => name));
  for (const [i, version] of stored.entries()) {
    if (names.has(version)) continue;
    const text = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    errors.invalid(at.index(i), version, text);
  }
}

/** What names the resource stays. Scope and kind may change until its names are accepted. */
function validateKept(next: CustomResourceDefinition, previous: CustomResourceDefinition, errors: FieldErrors): void {
  const [spec, before] = [next.spec, previous.spec];
  const established = previous.status?.conditions?.find(({ type }) => type === 'Established');
  if (established?.status !== 'False') {
    validateImmutable(spec?.scope ?? '', before?.scope, path.child('scope'), errors);
    validateImmutable(spec?.names?.kind ?? '', before?.names?.kind, path.child('names', 'kind'), errors);
  }
  validateImmutable(spec?.group ?? '', before?.group, path.child('group'), errors);
  validateImmutable(spec?.names?.plural ?? '', before?.names?.plural, path.child('names', 'plural'), errors);
}
