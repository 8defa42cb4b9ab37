import type {
  CustomResourceDefinition,
  CustomResourceDefinitionNames,
  CustomResourceDefinitionSpec,
  WebhookClientConfig,
} from '../../api/types/apiextensions/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { type JsonSchema, someSchema } from '../../machinery/structural/json-schema.ts';
import { compileValueSchema } from '../../machinery/structural/value-schema.ts';
import { validateWebhookService, validateWebhookUrl } from '../admissionregistration/webhooks.ts';
import { validateImmutable } from '../validation/immutable.ts';
import { checkDns1035Label, checkDns1123Subdomain } from '../validation/names.ts';
import { type Allowances, allowancesFor, caBundleProblem, isEstablished, isReviewVersion } from './crd-allowances.ts';
import { validateParts, validateSchemasThere, validateVersions } from './crd-versions.ts';

const path = FieldPath.of('spec');
const approval = 'api-approved.kubernetes.io';

export function setDefinitionDefaults(object: CustomResourceDefinition): void {
  const { spec } = object;
  if (!spec) return;
  spec.names ??= { kind: '', plural: '' };
  if (!spec.names.singular && spec.names.kind) spec.names.singular = spec.names.kind.toLowerCase();
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
  validatePruning(spec, previous, errors);
  const allowances = allowancesFor(object, previous);
  const all = versions ?? [];
  validateVersions(all, allowances, errors);
  validateSpecNames(names, errors);
  validateParts(all, { index: 0, where: 'top', allowances }, errors);
  if (spec.conversion) validateConversion(spec, allowances, errors);
  if (previous) validateKept(object, previous, errors);
  if (object.status?.acceptedNames)
    validateNames(object.status.acceptedNames, FieldPath.of('status', 'acceptedNames'), errors);
  validateStoredVersions(object, errors);
  validateApproval(object, previous, errors);
  validatePreserve(spec, previous, errors);
}

/** What fills in defaults must know all fields. */
function validatePruning(
  { preserveUnknownFields, versions = [] }: CustomResourceDefinitionSpec,
  previous: CustomResourceDefinition | undefined,
  errors: FieldErrors,
): void {
  validateSchemasThere(versions, { isOld: preserveUnknownFields === true, previous }, errors);
  const hasDefault = (schema: JsonSchema) => schema.default !== undefined && schema.default !== null;
  const schemas = versions.flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  if (preserveUnknownFields && schemas.some((schema) => someSchema(schema, hasDefault)))
    errors.invalid(path.child('preserveUnknownFields'), true, 'must be false in order to use defaults in the schema');
}

/** Formats that nothing checks. */
export function formatWarnings({ spec }: CustomResourceDefinition): string[] {
  const formats = new Set<string>();
  const note = (schema: JsonSchema): boolean => {
    if (schema.format && compileValueSchema({ type: schema.type ?? '', format: schema.format }).format === '')
      formats.add(schema.format);
    return false;
  };
  for (const { schema } of spec?.versions ?? []) if (schema?.openAPIV3Schema) someSchema(schema.openAPIV3Schema, note);
  return [...formats].map((format) => `unrecognized format ${JSON.stringify(format)}`);
}

function validateGroup(group: string, errors: FieldErrors): void {
  const at = path.child('group');
  if (group === '') {
    errors.required(at);
    return;
  }
  const wrong = checkDns1123Subdomain(group);
  if (wrong.length > 0) errors.invalid(at, group, wrong.join());
  else if (!group.includes('.')) errors.invalid(at, group, 'should be a domain with at least one dot');
}

const requiredNames = ['plural', 'singular', 'kind', 'listKind'] as const;

/** Of what is asked for, all must be there; of what was accepted, nothing need be. */
function validateSpecNames(names: CustomResourceDefinitionNames, errors: FieldErrors): void {
  const at = path.child('names');
  for (const field of requiredNames) if ((names[field] ?? '') === '') errors.required(at.child(field));
  validateNames(names, at, errors);
}

function validateNames(names: CustomResourceDefinitionNames, at: FieldPath, errors: FieldErrors): void {
  const { plural, singular, kind = '', listKind = '', shortNames, categories } = names;
  const validate = (name: string | undefined, place: FieldPath, prefix = '') => {
    const wrong = name ? checkDns1035Label(prefix === '' ? name : name.toLowerCase()) : [];
    if (wrong.length > 0) errors.invalid(place, name, `${prefix}${wrong.join()}`);
  };
  const mixedCase = 'may have mixed case, but should otherwise match: ';
  validate(plural, at.child('plural'));
  validate(singular, at.child('singular'));
  validate(kind, at.child('kind'), mixedCase);
  validate(listKind, at.child('listKind'), mixedCase);
  for (const [i, name] of (shortNames ?? []).entries()) validateListed(name, at.child('shortNames').index(i), errors);
  if (kind !== '' && kind === listKind)
    errors.invalid(at.child('listKind'), listKind, 'kind and listKind may not be the same');
  for (const [i, name] of (categories ?? []).entries()) validateListed(name, at.child('categories').index(i), errors);
}

function validateListed(name: string, at: FieldPath, errors: FieldErrors): void {
  const wrong = checkDns1035Label(name);
  if (wrong.length > 0) errors.invalid(at, name, wrong.join());
}

function validateConversion(
  { conversion = { strategy: '' }, preserveUnknownFields }: CustomResourceDefinitionSpec,
  allowances: Allowances,
  errors: FieldErrors,
): void {
  const at = path.child('conversion');
  const { strategy = '', webhook } = conversion;
  if (strategy !== 'None' && preserveUnknownFields)
    errors.invalid(at.child('strategy'), strategy, 'must be None if spec.preserveUnknownFields is true');
  if (strategy === '') errors.required(at.child('strategy'));
  else if (strategy !== 'None' && strategy !== 'Webhook')
    errors.notSupported(at.child('strategy'), strategy, ['None', 'Webhook']);
  const reviewVersions = webhook?.conversionReviewVersions ?? [];
  if (strategy === 'Webhook') {
    validateClient(webhook?.clientConfig, at.child('webhookClientConfig'), allowances, errors);
    validateReviewVersions(reviewVersions, at.child('conversionReviewVersions'), allowances, errors);
    return;
  }
  const text = 'should not be set when strategy is not set to Webhook';
  if (webhook?.clientConfig) errors.forbidden(at.child('webhookClientConfig'), text);
  if (reviewVersions.length > 0) errors.forbidden(at.child('conversionReviewVersions'), text);
}

function validateClient(
  client: WebhookClientConfig | undefined,
  at: FieldPath,
  { allowsInvalidCaBundle }: Allowances,
  errors: FieldErrors,
): void {
  if (client === undefined) {
    errors.required(at, 'required when strategy is set to Webhook');
    return;
  }
  const { url, service, caBundle = '' } = client;
  if ((url === undefined) === (service === undefined)) errors.required(at, 'exactly one of url or service is required');
  else if (url !== undefined) validateWebhookUrl(url, at.child('url'), errors);
  else if (service) validateWebhookService(service, at.child('service'), errors);
  const problem = caBundle === '' || allowsInvalidCaBundle ? undefined : caBundleProblem(caBundle);
  if (problem !== undefined) errors.invalid(at.child('caBundle'), caBundle, problem);
}

function validateReviewVersions(
  versions: readonly string[],
  at: FieldPath,
  { allowsUnknownReviewVersions }: Allowances,
  errors: FieldErrors,
): void {
  if (versions.length === 0) {
    errors.required(at);
    return;
  }
  const seen = new Set<string>();
  for (const [i, version] of versions.entries()) {
    if (seen.has(version)) {
      errors.invalid(at.index(i), version, 'duplicate version');
      continue;
    }
    seen.add(version);
    for (const message of checkDns1035Label(version)) errors.invalid(at.index(i), version, message);
  }
  if (!allowsUnknownReviewVersions && !versions.some(isReviewVersion)) {
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

const approvalPlace = FieldPath.of('metadata', 'annotations').key(approval);
const seeApproval = 'see https://github.com/kubernetes/enhancements/pull/1111';

/** Groups of the community need somebody's word; what is as it was needs none. */
function validateApproval(
  object: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
  errors: FieldErrors,
): void {
  const group = object.spec?.group ?? '';
  const isProtected = ['k8s.io', 'kubernetes.io'].some((domain) => group === domain || group.endsWith(`.${domain}`));
  const state = approvalOf(object);
  if (!isProtected || (previous !== undefined && approvalOf(previous) === state)) return;
  if (state === 'missing') {
    errors.required(approvalPlace, `protected groups must have approval annotation "${approval}", ${seeApproval}`);
  } else if (state === 'invalid') {
    errors.invalid(
      approvalPlace,
      object.metadata?.annotations?.[approval],
      `protected groups must have approval annotation "${approval}" with either a URL or a reason starting with "unapproved", ${seeApproval}`,
    );
  }
}

function approvalOf({ metadata }: CustomResourceDefinition): 'missing' | 'bypassed' | 'approved' | 'invalid' {
  const value = metadata?.annotations?.[approval] ?? '';
  if (value === '') return 'missing';
  if (value.startsWith('unapproved')) return 'bypassed';
  return /^[a-z]+:\/\/[^/]+/i.test(value) ? 'approved' : 'invalid';
}

/** Every version that may be in the store stays in the spec, and the one that is written is among them. */
function validateStoredVersions({ spec, status }: CustomResourceDefinition, errors: FieldErrors): void {
  const at = FieldPath.of('status', 'storedVersions');
  const stored = status?.storedVersions ?? [];
  if (stored.length === 0) {
    errors.invalid(at, null, 'must have at least one stored version');
    return;
  }
  const missing = new Set(stored);
  // A second version of a name is one that was never stored.
  for (const { name, storage } of spec?.versions ?? [])
    if (!missing.delete(name) && storage) errors.invalid(at, stored, `must have the storage version ${name}`);
  for (const [i, version] of stored.entries()) {
    if (!missing.has(version)) continue;
    const text = `missing from spec.versions; ${version} was previously a storage version, and must remain in spec.versions until a storage migration ensures no data remains persisted in ${version} and removes ${version} from status.storedVersions`;
    errors.invalid(at.index(i), version, text);
  }
}

/** What names the resource stays. Scope and kind may change until its names are accepted. */
function validateKept(next: CustomResourceDefinition, previous: CustomResourceDefinition, errors: FieldErrors): void {
  const [spec, before] = [next.spec, previous.spec];
  if (isEstablished(previous)) {
    validateImmutable(spec?.scope ?? '', before?.scope, path.child('scope'), errors);
    validateImmutable(spec?.names?.kind ?? '', before?.names?.kind, path.child('names', 'kind'), errors);
  }
  validateImmutable(spec?.group ?? '', before?.group, path.child('group'), errors);
  validateImmutable(spec?.names?.plural ?? '', before?.names?.plural, path.child('names', 'plural'), errors);
}
