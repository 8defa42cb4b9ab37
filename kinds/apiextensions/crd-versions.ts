/** What each version of a CustomResourceDefinition must be: its name, its schema, its columns, its subresources. */

import { equalJson, own } from '../../api/json-record.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinitionVersion,
} from '../../api/types/apiextensions/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { JsonSchema } from '../../machinery/structural/json-schema.ts';
import { checkDns1035Label } from '../validation/names.ts';
import { validateStructuralSchema } from './structural-schema.ts';

type Version = CustomResourceDefinitionVersion;

const path = FieldPath.of('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];
const maxSelectableFields = 8;

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

export function validateVersions(versions: readonly Version[], errors: FieldErrors): void {
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
export function validateParts(
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
