/** What each version of a CustomResourceDefinition must be: its name, its schema, its columns, its subresources. */

import { equalJson } from '../../api/json-record.ts';
import type {
  CustomResourceColumnDefinition,
  CustomResourceDefinition,
  CustomResourceDefinitionVersion,
} from '../../api/types/apiextensions/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { JsonSchema } from '../../machinery/structural/json-schema.ts';
import { readFieldPath } from '../../machinery/structural/rules/rule-field-path.ts';
import { checkDns1035Label } from '../validation/names.ts';
import { type Allowances, maxSelectableFields } from './crd-allowances.ts';
import { validateSchema } from './structural-rules.ts';

type Version = CustomResourceDefinitionVersion;

const path = FieldPath.of('spec');
const columnTypes = ['boolean', 'date', 'integer', 'number', 'string'];

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

interface Former {
  /** The definition keeps what it does not know. */
  readonly isOld: boolean;
  readonly previous: CustomResourceDefinition | undefined;
}

/** Every version has a schema; of a definition that had none before, those that are served and pruned. */
export function validateSchemasThere(
  versions: readonly Version[],
  { isOld, previous }: Former,
  errors: FieldErrors,
): void {
  const hasNone = ({ schema }: Version): boolean => !schema?.openAPIV3Schema;
  const hadNone = previous?.spec?.versions?.some(hasNone) === true;
  for (const [i, version] of versions.entries()) {
    if (!hasNone(version) || (hadNone && (isOld || !version.served))) continue;
    const place = path.child('versions').index(i).child('schema', 'openAPIV3Schema');
    errors.required(place, hadNone ? 'because otherwise all fields are pruned' : '');
  }
}

export function validateVersions(versions: readonly Version[], allowances: Allowances, errors: FieldErrors): void {
  const at = path.child('versions');
  for (const [i, version] of versions.entries()) {
    validateVersionName(version.name ?? '', at.index(i).child('name'), errors);
    validateDeprecation(version, at.index(i).child('deprecationWarning'), errors);
    validateParts(versions, { index: i, where: 'versions', allowances }, errors);
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
  if (Buffer.byteLength(warning) > maxWarningLength) refuse(`must be <= ${maxWarningLength} characters long`);
  if (warning === '') refuse('must not be an empty string');
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
  const wrong = checkDns1035Label(name);
  if (wrong.length > 0) errors.invalid(at, name, wrong.join());
}

interface PartsPlace {
  readonly index: number;
  readonly where: 'versions' | 'top';
  readonly allowances: Allowances;
}

/** The parts of a version where they are kept: with the version, or, if all have them alike, at the top. */
export function validateParts(
  versions: readonly Version[],
  { index, where, allowances }: PartsPlace,
  errors: FieldErrors,
): void {
  const version = versions[index];
  if (!version) return;
  const isHere = (part: SharedPart) => isShared(versions, part) === (where === 'top');
  const base = where === 'top' ? path : path.child('versions').index(index);
  const hasStatus = (where === 'top' ? versions : [version]).some(({ subresources }) => subresources?.status);
  if (isHere('schema')) {
    const at = base.child(where === 'top' ? 'validation' : 'schema', 'openAPIV3Schema');
    validateSchemaOf(version, { at, hasStatus, allowances }, errors);
  }
  if (isHere('subresources')) validateScale(version, base.child('subresources', 'scale'), errors);
  if (isHere('additionalPrinterColumns')) {
    for (const [n, column] of (version.additionalPrinterColumns ?? []).entries())
      validateColumn(column, base.child('additionalPrinterColumns').index(n), errors);
  }
  if (isHere('selectableFields')) validateSelectableFields(version, base.child('selectableFields'), allowances, errors);
}

interface SchemaPlace {
  readonly at: FieldPath;
  readonly hasStatus: boolean;
  readonly allowances: Allowances;
}

function validateSchemaOf({ name, schema }: Version, { at, hasStatus, allowances }: SchemaPlace, errors: FieldErrors) {
  if (!schema?.openAPIV3Schema) return;
  if (hasStatus) validateRootWithStatus(schema.openAPIV3Schema, at, errors);
  const options = { ...allowances.schema, allowsExpensiveRules: allowances.unchangedSchemas.has(name) };
  validateSchema(schema.openAPIV3Schema, at, options, errors);
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

function validateSelectableFields(version: Version, at: FieldPath, allowances: Allowances, errors: FieldErrors): void {
  const fields = version.selectableFields ?? [];
  const schema = version.schema?.openAPIV3Schema;
  if (fields.length === 0) return;
  if (!schema) {
    errors.invalid(at, '', 'may only be set when `version.schema.openAPIV3Schema` is not included');
    return;
  }
  const seen = new Set<string>();
  for (const [i, { jsonPath = '' }] of fields.entries()) {
    const place = at.index(i).child('jsonPath');
    const text = validateSelectablePath(jsonPath, schema, place, errors);
    if (text === undefined) continue;
    if (seen.has(text)) errors.duplicate(place, jsonPath);
    seen.add(text);
  }
  if (seen.size > maxSelectableFields && !allowances.manySelectableFields.has(version.name))
    errors.tooMany(at, seen.size, maxSelectableFields);
}

/** The path as it is compared with others; undefined: it is none. */
function validateSelectablePath(
  jsonPath: string,
  schema: JsonSchema,
  place: FieldPath,
  errors: FieldErrors,
): string | undefined {
  if (jsonPath === '') {
    errors.required(place);
    return undefined;
  }
  const found = readFieldPath(jsonPath, schema, { allowsQuotes: false });
  if (found.problem !== undefined) {
    errors.invalid(place, jsonPath, `is an invalid path: ${found.problem}`);
    return undefined;
  }
  if (found.names[0] === 'metadata') errors.invalid(place, jsonPath, 'must not point to fields in metadata');
  if (!selectableTypes.includes(found.schema.type ?? '')) {
    errors.invalid(
      place,
      jsonPath,
      'must point to a field of type string, boolean or integer. Enum string fields and strings with formats are allowed.',
    );
  }
  return found.text;
}

const selectableTypes = ['string', 'boolean', 'integer'];

function validateScale(version: Version | undefined, at: FieldPath, errors: FieldErrors): void {
  const scale = version?.subresources?.scale;
  if (!scale) return;
  const checks = [
    ['specReplicasPath', scale.specReplicasPath ?? '', ['.spec.'], '.spec'],
    ['statusReplicasPath', scale.statusReplicasPath ?? '', ['.status.'], '.status'],
    ['labelSelectorPath', scale.labelSelectorPath ?? '', ['.spec.', '.status.'], 'either .spec or .status'],
  ] as const;
  for (const [field, value, prefixes, shown] of checks) {
    if (value === '') {
      if (field !== 'labelSelectorPath') errors.required(at.child(field));
      continue;
    }
    if (!value.startsWith('.')) errors.invalid(at.child(field), value, 'must be a simple json path starting with .');
    else if (!prefixes.some((prefix) => value.startsWith(prefix)))
      errors.invalid(at.child(field), value, `should be a json path under ${shown}`);
  }
}
