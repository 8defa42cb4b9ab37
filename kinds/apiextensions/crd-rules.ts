import type {
  CustomResourceConversion,
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
} from '../../api/types/apiextensions/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { childrenOf, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { validateWebhookService, validateWebhookUrl } from '../admissionregistration/webhooks.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';
import { validateParts, validateVersions } from './crd-versions.ts';

const path = FieldPath.of('spec');
const approval = 'api-approved.kubernetes.io';

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
