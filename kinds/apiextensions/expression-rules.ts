/**
 * The CEL rules of a schema, compiled: what does not compile, compares with what cannot be told, or may cost too much,
 * by itself or with all the others.
 */

import type { Program } from '../../machinery/cel/environment.ts';
import { smallestSize } from '../../machinery/cel/types/schema-type.ts';
import type { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { type Child, childrenOf, type JsonSchema, type Rule } from '../../machinery/structural/json-schema.ts';
import { type CompiledRule, compileRulesAt } from '../../machinery/structural/rules/rule-node.ts';
import { costProblem, maxExpressionCost, TotalCost } from './expression-costs.ts';

export interface ExpressionOptions {
  /** With something wrong in them: their rules are not looked at. */
  readonly faulty: ReadonlySet<JsonSchema>;
  /** The schema is as it was stored: only all rules together may not cost too much. */
  readonly allowsExpensiveRules: boolean;
}

/** Where a schema stands. */
interface Place {
  readonly isResource: boolean;
  /** The list or map around it whose former items cannot be told: no `oldSelf` here. */
  readonly uncorrelatable: FieldPath | undefined;
  /** As often as that a value of the schema can be in one object; undefined: no schema around it says. */
  readonly cardinality: number | undefined;
}

export function validateExpressions(
  schema: JsonSchema,
  path: FieldPath,
  options: ExpressionOptions,
  errors: FieldErrors,
): void {
  const total = new TotalCost();
  const walk = { options, errors, total };
  validateNode(schema, { isResource: true, uncorrelatable: undefined, cardinality: 1 }, path, walk);
  total.report(path, errors);
}

interface Walk {
  readonly options: ExpressionOptions;
  readonly errors: FieldErrors;
  readonly total: TotalCost;
}

function validateNode(schema: JsonSchema, place: Place, path: FieldPath, walk: Walk): void {
  for (const child of childrenOf(schema, path))
    if (child.role !== 'junctor') validateNode(child.schema, placeOf(child, schema, place, path), child.path, walk);
  const rules = schema['x-kubernetes-validations'] ?? [];
  if (rules.length === 0 || walk.options.faulty.has(schema)) return;
  const at = path.child('x-kubernetes-validations');
  const compiled = compileRulesAt(schema, place);
  if (compiled.length === 0) {
    const text = 'Internal error: failed to construct type information for x-kubernetes-validations rules';
    walk.errors.add('InternalError', at, text);
    return;
  }
  const times = place.cardinality ?? maxCardinality(schema, place);
  for (const [index, one] of compiled.entries()) validateRule(one, { place, times }, at.index(index), walk);
}

const maxRequestBytes = 3 * 1024 * 1024;

/** As many of the smallest as there could be in the largest request. */
const maxCardinality = (schema: JsonSchema, { isResource }: Place): number =>
  Math.floor(maxRequestBytes / ((smallestSize(schema, { isResource }) ?? 0) + 1));

function placeOf({ role, schema: child }: Child, schema: JsonSchema, place: Place, path: FieldPath): Place {
  const isLoose = role === 'items' && schema['x-kubernetes-list-type'] !== 'map';
  const elements = maxElements(schema);
  return {
    isResource: child['x-kubernetes-embedded-resource'] === true,
    uncorrelatable: place.uncorrelatable ?? (isLoose ? path : undefined),
    cardinality: place.cardinality === undefined || elements === undefined ? undefined : place.cardinality * elements,
  };
}

/** How many values of the schemas below one of this schema can have. */
function maxElements({ type, additionalProperties, maxProperties, maxItems }: JsonSchema): number | undefined {
  const limit = (max: number | undefined) => (max === undefined ? undefined : Math.max(0, max));
  if (type === 'array') return limit(maxItems);
  return type === 'object' && additionalProperties !== undefined ? limit(maxProperties) : 1;
}

interface Count {
  readonly place: Place;
  /** How often it can run for one object. */
  readonly times: number;
}

function validateRule(compiled: CompiledRule, { place, times }: Count, path: FieldPath, walk: Walk): void {
  const { rule, program, problem, message, messageProblem, usesOldSelf } = compiled;
  const { errors } = walk;
  observeCost(program, { what: 'estimated rule cost', times }, path.child('rule'), walk);
  if (problem !== undefined) errors.invalid(path.child('rule'), shownRule(rule), problem);
  const at = path.child('messageExpression');
  if (messageProblem !== undefined) errors.invalid(at, shownRule(rule), messageProblem);
  else observeCost(message, { what: 'estimated messageExpression cost', times: 1 }, at, walk);
  if (!usesOldSelf && rule.optionalOldSelf !== undefined) {
    const text = 'may not be set if oldSelf is not used in rule';
    errors.invalid(path.child('optionalOldSelf'), rule.optionalOldSelf, text);
  }
  if (usesOldSelf && place.uncorrelatable !== undefined) {
    const text = `oldSelf cannot be used on the uncorrelatable portion of the schema within ${place.uncorrelatable}`;
    errors.invalid(path.child('rule'), rule.rule ?? '', text);
  }
}

interface Expression {
  readonly what: string;
  readonly times: number;
}

function observeCost(program: Program | undefined, { what, times }: Expression, path: FieldPath, walk: Walk): void {
  if (program === undefined) return;
  const cost = program.estimateCost().max * times;
  if (!walk.options.allowsExpensiveRules && cost > maxExpressionCost)
    walk.errors.forbidden(path, costProblem(what, cost, maxExpressionCost));
  walk.total.add(path, cost);
}

/** As Go prints it. */
const shownRule = ({ rule, message, messageExpression, reason, fieldPath, optionalOldSelf }: Rule) => ({
  Rule: rule ?? '',
  Message: message ?? '',
  MessageExpression: messageExpression ?? '',
  Reason: reason ?? null,
  FieldPath: fieldPath ?? '',
  OptionalOldSelf: optionalOldSelf ?? null,
});
