/** Defaults in a schema: each must be a value of the schema that it stands in, with nothing that would be pruned. */

import { copyJson, equalJson, type JsonRecord } from '../../api/json-record.ts';
import { Budget, perObjectLimit } from '../../machinery/cel/budget.ts';
import { FieldErrors, type FieldPath } from '../../machinery/field-errors.ts';
import { checkValue } from '../../machinery/structural/check-value.ts';
import { coerceEmbedded, MetadataProblem, validateEmbedded } from '../../machinery/structural/embedded-metadata.ts';
import { isSchema, type JsonSchema } from '../../machinery/structural/json-schema.ts';
import { Outcome, reportIssues } from '../../machinery/structural/outcome.ts';
import { pruneValue } from '../../machinery/structural/prune.ts';
import { compileRules } from '../../machinery/structural/rules/rule-node.ts';
import { runRules } from '../../machinery/structural/rules/run-rules.ts';
import { buildNode, isMetaField } from '../../machinery/structural/structural-node.ts';
import { compileValueSchema } from '../../machinery/structural/value-schema.ts';
import { embeddedRules } from '../validation/embedded-rules.ts';

export interface DefaultOptions {
  readonly allowsUnprunedDefaults: boolean;
}

/** Of the schema of whole objects. Maps have no defaults that anybody asks about: upstream does not look there either. */
export function validateDefaults(
  schema: JsonSchema,
  path: FieldPath,
  options: DefaultOptions,
  errors: FieldErrors,
): void {
  // All rules over all defaults share what one object may cost.
  const walk = { options, errors, budget: new Budget(perObjectLimit) };
  validateNode({ ...schema, 'x-kubernetes-embedded-resource': true }, undefined, path, walk);
}

interface Walk {
  readonly options: DefaultOptions;
  readonly errors: FieldErrors;
  readonly budget: Budget;
}

/** Makes the resource that a value inside its metadata stands in. */
type Surround = (value: unknown) => JsonRecord;

const surroundMember =
  (name: string): Surround =>
  (value) => ({ apiVersion: 'validation/v1', kind: 'Validation', [name]: value });

/** `surround`: inside of metadata. */
function validateNode(schema: JsonSchema, surround: Surround | undefined, path: FieldPath, walk: Walk): void {
  const isEmbedded = schema['x-kubernetes-embedded-resource'] === true;
  const around = isEmbedded ? undefined : surround;
  if (schema.default !== undefined && schema.default !== null)
    validateDefault(schema, around, path.child('default'), walk);
  if (isSchema(schema.items))
    validateNode(schema.items, around && ((value) => around([value])), path.child('items'), walk);
  for (const [name, property] of Object.entries(schema.properties ?? {})) {
    const inner: Surround | undefined = around && ((value) => around({ [name]: value }));
    const inside = isEmbedded && isMetaField(name) ? surroundMember(name) : inner;
    validateNode(property, inside, path.child('properties').key(name), walk);
  }
}

function validateDefault(schema: JsonSchema, surround: Surround | undefined, path: FieldPath, walk: Walk): void {
  const { errors, options } = walk;
  const value = schema.default;
  const before = errors.list.length;
  if (surround !== undefined) validateMetadata(value, surround(value), path, errors);
  else {
    if (!options.allowsUnprunedDefaults) validatePruned(schema, value, path, errors);
    const known = errors.list.length;
    validateResources(schema, value, path, errors);
    if (errors.list.length > known) return;
  }
  if (surround !== undefined && errors.list.length > before) return;
  const known = errors.list.length;
  const outcome = new Outcome();
  checkValue(compileValueSchema(schema), { value, path: '', correlation: undefined }, outcome);
  reportIssues(outcome.issues, path, errors);
  if (errors.list.length === known) validateRules(schema, value, path, walk);
}

function validatePruned(schema: JsonSchema, value: unknown, path: FieldPath, errors: FieldErrors): void {
  const pruned = copyJson(value);
  pruneValue(pruned, buildNode(schema));
  if (!equalJson(pruned, value)) errors.invalid(path, value, 'must not have unknown fields');
}

/** Resources in the default, and itself if it is one. */
function validateResources(schema: JsonSchema, value: unknown, path: FieldPath, errors: FieldErrors): void {
  const node = buildNode(schema);
  try {
    coerceEmbedded(copyJson(value), node, { unknown: [], path });
  } catch (error) {
    if (!(error instanceof MetadataProblem)) throw error;
    errors.invalid(error.path, error.value, error.detail);
    return;
  }
  validateEmbedded(value, node, { rules: embeddedRules, path }, errors);
}

const anyResource = buildNode({
  type: 'object',
  'x-kubernetes-embedded-resource': true,
  'x-kubernetes-preserve-unknown-fields': true,
});

/** A default inside of metadata is judged with the resource that it makes. */
function validateMetadata(value: unknown, resource: JsonRecord, path: FieldPath, errors: FieldErrors): void {
  const found = new FieldErrors();
  try {
    coerceEmbedded(resource, anyResource, { unknown: [] });
    validateEmbedded(resource, anyResource, { rules: embeddedRules }, found);
  } catch (error) {
    if (!(error instanceof MetadataProblem)) throw error;
    found.invalid(error.path, error.value, error.detail);
  }
  const texts = found.list.map(({ field, message }) => `${field}: ${message}`);
  if (texts.length === 0) return;
  errors.invalid(
    path,
    value,
    `must result in valid metadata: ${texts.length === 1 ? texts[0] : `[${texts.join(', ')}]`}`,
  );
}

/** As it is when it was there before, and when it was not. */
function validateRules(schema: JsonSchema, value: unknown, path: FieldPath, { errors, budget }: Walk): void {
  const node = buildNode(schema);
  const rules = compileRules(node, { isResource: node.isEmbedded });
  if (rules === undefined) return;
  const before = errors.list.length;
  const reports = { errors, budget, warn: () => {} };
  runRules(rules, { value, previous: value, path }, reports);
  if (errors.list.length === before) runRules(rules, { value, previous: undefined, path }, reports);
}
