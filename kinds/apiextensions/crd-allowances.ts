/**
 * What a definition need not follow because it did not before: rules that came later are not held against what is
 * stored. A new definition has no such allowances.
 */

import { X509Certificate } from 'node:crypto';
import { equalJson } from '../../api/json-record.ts';
import type { CustomResourceDefinition } from '../../api/types/apiextensions/v1.ts';
import { parsePem } from '../../base/pem.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { pruneDefaults } from '../../machinery/structural/defaults.ts';
import { type JsonSchema, someSchema } from '../../machinery/structural/json-schema.ts';
import { buildNode, type StructuralNode } from '../../machinery/structural/structural-node.ts';
import { validateListAndMap, validateListItems } from './list-rules.ts';
import { schemaTypes } from './openapi-rules.ts';
import { newSchemaOptions, type SchemaOptions, structuralErrors } from './structural-rules.ts';

export const maxSelectableFields = 8;

export interface Allowances {
  /** Of every version's schema, but for what `unchangedSchemas` says. */
  readonly schema: SchemaOptions;
  /** Versions whose rules may cost what they cost. */
  readonly unchangedSchemas: ReadonlySet<string>;
  /** Versions with more of them than there may be now, as they were. */
  readonly manySelectableFields: ReadonlySet<string>;
  readonly allowsUnknownReviewVersions: boolean;
  /** Nobody calls the webhook of what is not served. */
  readonly allowsInvalidCaBundle: boolean;
}

export function allowancesFor(
  object: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
): Allowances {
  const schemas = (previous?.spec?.versions ?? []).flatMap(({ schema }) => schema?.openAPIV3Schema ?? []);
  return {
    schema: schemaAllowances(object, schemas),
    unchangedSchemas: versionsAlike(object, previous, 'schema'),
    manySelectableFields: new Set(
      [...versionsAlike(object, previous, 'selectableFields')].filter((name) => hasManyFields(object, name)),
    ),
    allowsUnknownReviewVersions: previous !== undefined && hasOnlyUnknownReviews(previous),
    allowsInvalidCaBundle: previous === undefined || !isEstablished(previous) || hasInvalidCaBundle(previous),
  };
}

function schemaAllowances(object: CustomResourceDefinition, former: readonly JsonSchema[]): SchemaOptions {
  if (former.length === 0) return newSchemaOptions;
  const some = (isSuch: (schema: JsonSchema) => boolean) => former.some((schema) => someSchema(schema, isSuch));
  const wasOdd = former.some((schema) => structuralErrors(schema, FieldPath.root).length > 0);
  return {
    ...newSchemaOptions,
    // Only what keeps all that it does not know can do without a structure.
    allowsNonStructural: wasOdd && object.spec?.preserveUnknownFields === true && !needsStructure(object),
    allowsOddTypes: some(({ type }) => type !== undefined && type !== '' && !schemaTypes.includes(type)),
    allowsOddSets: some(isOddSet),
    allowsOddListItems: some((schema) => findsAny((errors) => validateListItems(schema, FieldPath.root, errors))),
    allowsUnprunedDefaults: !wasOdd && former.some(hasUnprunedDefaults),
  };
}

function findsAny(validate: (errors: FieldErrors) => void): boolean {
  const errors = new FieldErrors();
  validate(errors);
  return !errors.empty;
}

function isOddSet(schema: JsonSchema): boolean {
  const { items } = schema;
  if (schema['x-kubernetes-list-type'] !== 'set' || schema.type !== 'array' || items === undefined) return false;
  const bare: JsonSchema = { type: 'array', 'x-kubernetes-list-type': 'set', items };
  return findsAny((errors) => validateListAndMap(bare, FieldPath.root, { allowsOddSets: false }, errors));
}

const extensions = [
  'x-kubernetes-embedded-resource',
  'x-kubernetes-preserve-unknown-fields',
  'x-kubernetes-int-or-string',
  'x-kubernetes-list-map-keys',
  'x-kubernetes-list-type',
  'x-kubernetes-validations',
] as const;

/** Defaults and extensions mean something in structural schemas only. */
const needsStructure = ({ spec }: CustomResourceDefinition): boolean =>
  (spec?.versions ?? []).some(
    ({ schema }) =>
      schema?.openAPIV3Schema &&
      someSchema(
        schema.openAPIV3Schema,
        (one) => (one.default ?? undefined) !== undefined || extensions.some((name) => one[name] !== undefined),
      ),
  );

function hasUnprunedDefaults(schema: JsonSchema): boolean {
  const [pruned, asIs] = [buildNode(schema), buildNode(schema)];
  pruneDefaults(pruned);
  return !equalJson(defaultsOf(pruned), defaultsOf(asIs));
}

function defaultsOf({ default: own, properties, additional, items }: StructuralNode): unknown[] {
  const below = [...properties.values(), additional?.node, items];
  return [own ?? null, ...below.map((node) => (node === undefined ? null : defaultsOf(node)))];
}

/** The names of versions whose part is as it was. */
function versionsAlike(
  object: CustomResourceDefinition,
  previous: CustomResourceDefinition | undefined,
  part: 'schema' | 'selectableFields',
): Set<string> {
  const former = new Map((previous?.spec?.versions ?? []).map((version) => [version.name, version]));
  const alike = (object.spec?.versions ?? []).filter((version) => {
    const before = former.get(version.name);
    return before !== undefined && equalJson(version[part], before[part]);
  });
  return new Set(alike.map(({ name }) => name));
}

const hasManyFields = ({ spec }: CustomResourceDefinition, name: string): boolean =>
  (spec?.versions?.find((version) => version.name === name)?.selectableFields?.length ?? 0) > maxSelectableFields;

export const isReviewVersion = (version: string): boolean => version === 'v1' || version === 'v1beta1';

function hasOnlyUnknownReviews({ spec }: CustomResourceDefinition): boolean {
  const versions = spec?.conversion?.webhook?.conversionReviewVersions ?? [];
  return versions.length > 0 && !versions.some(isReviewVersion);
}

/** Or about to be: its names were not refused. */
export const isEstablished = ({ status }: CustomResourceDefinition): boolean =>
  !status?.conditions?.some(({ type, status }) => type === 'Established' && status === 'False');

const hasInvalidCaBundle = ({ spec }: CustomResourceDefinition): boolean => {
  const bundle = spec?.conversion?.webhook?.clientConfig?.caBundle ?? '';
  return bundle !== '' && caBundleProblem(bundle) !== undefined;
};

/** What is wrong with certificates in base64. */
export function caBundleProblem(bundle: string): string | undefined {
  const certificates = parsePem(Buffer.from(bundle, 'base64').toString('utf8')).filter(
    ({ type }) => type === 'CERTIFICATE',
  );
  const none = 'unable to load root certificates: unable to parse bytes as PEM block';
  if (certificates.length === 0) return none;
  try {
    for (const { der } of certificates) new X509Certificate(der);
    return undefined;
  } catch {
    return 'unable to load root certificates: x509: malformed certificate';
  }
}
