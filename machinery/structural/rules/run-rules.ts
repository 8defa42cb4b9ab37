/**
 * Runs the CEL rules of a schema over an object, in upstream's order: those of a place, then those below it. All of an
 * object share a budget; when it is used up, nothing more is run.
 */

import { isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { Budget, CostLimitError, perCallLimit } from '../../cel/budget.ts';
import { CelError } from '../../cel/cel-error.ts';
import type { Program, Variables } from '../../cel/environment.ts';
import { readJson } from '../../cel/values/json.ts';
import { none, OptionalValue } from '../../cel/values/value.ts';
import { FieldErrors, FieldPath } from '../../field-errors.ts';
import { type Correlation, keyedItems, listMapKey } from '../correlation.ts';
import type { Effort } from '../effort.ts';
import { nowhere } from '../outcome.ts';
import { defaultMessage, evaluateMessage, MessageLimitError, nameOf, tellBroken } from './rule-message.ts';
import type { CompiledRule, RuleNode } from './rule-node.ts';

export interface Checked {
  readonly value: unknown;
  /** What it was; undefined: it is new. */
  readonly previous: unknown;
  /** Where the value stands. Default: it is a whole object. */
  readonly path?: FieldPath;
  /** By which what is as it was before is told apart. */
  readonly correlation?: Correlation | undefined;
}

export interface RuleReports {
  /** Gets what is wrong. */
  readonly errors: FieldErrors;
  /** Of all that is run. */
  readonly budget: Budget;
  /** What running them takes. Default: it does not matter. */
  readonly effort?: Effort | undefined;
  /** Gets what was wrong before, and is unchanged. */
  warn(text: string): void;
}

export function runRules(root: RuleNode, checked: Checked, reports: RuleReports): void {
  const { value, previous, path, correlation } = checked;
  try {
    new RuleRun(reports).validate(root, { value, previous, path, ratchet: { correlation, around: undefined } });
  } catch (error) {
    if (!(error instanceof OutOfBudget)) throw error;
  }
}

interface RuleSubject {
  readonly value: unknown;
  readonly previous: unknown;
  /** Undefined: the object itself. */
  readonly path: FieldPath | undefined;
  readonly ratchet: Ratchet;
}

/** Whether a place is as it was before: it, or the nearest place around it that can be told. */
interface Ratchet {
  readonly correlation: Correlation | undefined;
  readonly around: Correlation | undefined;
}

/** The child of a place, or what is around it. What a request says of its type nobody could have changed. */
function ratchetAt({ correlation, around }: Ratchet, step: string | number): Ratchet {
  if (correlation === undefined) return { correlation, around };
  if (typeof step === 'number') return { correlation: correlation.index(step), around: correlation };
  if (around === undefined && (step === 'apiVersion' || step === 'kind')) return { correlation: undefined, around };
  return { correlation: correlation.key(step), around: correlation };
}

function variablesOf({ rule, self, usesOldSelf }: CompiledRule, { value, previous }: RuleSubject): Variables {
  if (!usesOldSelf) return { self: value };
  if (!rule.optionalOldSelf) return { self: value, oldSelf: previous };
  const isNew = previous === undefined || previous === null;
  return { self: value, oldSelf: isNew ? none : new OptionalValue(readJson(previous, self)) };
}

const outOfBudgetText = 'validation failed due to running out of cost budget, no further validation rules will be run';

interface Failure {
  readonly typeName: string;
  readonly variables: Variables;
}

/** Nothing more is to be run. */
class OutOfBudget extends Error {}

class RuleRun {
  readonly #reports: RuleReports;
  readonly #budget: Budget;

  constructor(reports: RuleReports) {
    this.#reports = reports;
    this.#budget = reports.budget;
  }

  /** Throws `OutOfBudget`. */
  validate(node: RuleNode, subject: RuleSubject): void {
    const { value } = subject;
    if (value === null || value === undefined) return;
    for (const rule of node.rules) this.#run(rule, node, subject);
    if (Array.isArray(value)) this.#validateItems(node, value, subject);
    else if (isRecord(value)) this.#validateMembers(node, value, subject);
  }

  #validateMembers(node: RuleNode, record: JsonRecord, { previous, path, ratchet }: RuleSubject): void {
    const before = isRecord(previous) ? previous : {};
    for (const [name, value] of Object.entries(record)) {
      const property = node.properties.get(name);
      const child = property ?? node.additional;
      if (child === undefined) continue;
      const base = path ?? FieldPath.root;
      this.validate(child, {
        value,
        previous: Object.hasOwn(before, name) ? before[name] : undefined,
        path: property === undefined ? base.key(name) : base.child(name),
        ratchet: ratchetAt(ratchet, name),
      });
    }
  }

  #validateItems({ node, items }: RuleNode, list: readonly unknown[], { previous, path, ratchet }: RuleSubject): void {
    if (items === undefined) return;
    const before = keyedItems(previous, node);
    for (const [index, value] of list.entries()) {
      const key = before.size === 0 ? undefined : listMapKey(value, node);
      this.validate(items, {
        value,
        previous: key === undefined ? undefined : before.get(key),
        path: (path ?? FieldPath.root).index(index),
        ratchet: ratchetAt(ratchet, index),
      });
    }
  }

  #run(compiled: CompiledRule, { node }: RuleNode, subject: RuleSubject): void {
    const { rule, program, problem, usesOldSelf } = compiled;
    const typeName = node.schema.type ?? '';
    const fail = (text: string) => this.#reports.errors.invalid(subject.path ?? nowhere, typeName, text);
    if (this.#budget.remaining === 0) {
      fail(outOfBudgetText);
      throw new OutOfBudget();
    }
    if (problem !== undefined) {
      fail(`rule compile error: ${problem}`);
      return;
    }
    const isNew = subject.previous === undefined || subject.previous === null;
    if (program === undefined || (usesOldSelf && isNew && !rule.optionalOldSelf)) return;
    const variables = variablesOf(compiled, subject);
    if (this.#holds(program, compiled, variables, fail)) return;
    this.#tell(compiled, subject, { typeName, variables });
  }

  /** An expression that fails is told here, and is no answer. */
  #holds(program: Program, { rule }: CompiledRule, variables: Variables, fail: (text: string) => void): boolean {
    try {
      return this.#evaluate(program, variables) === true;
    } catch (error) {
      if (!(error instanceof CelError)) throw error;
      if (error instanceof CostLimitError) {
        fail(
          this.#budget.remaining === 0
            ? outOfBudgetText
            : `'${error.message}': no further validation rules will be run due to call cost exceeds limit for rule: ${nameOf(rule)}`,
        );
        throw new OutOfBudget();
      }
      fail(
        error.message.startsWith('no such overload')
          ? `'${error.message}': call arguments did not match a supported operator, function or macro signature for rule: ${nameOf(rule)}`
          : `${error.message} evaluating rule: ${nameOf(rule)}`,
      );
      return true;
    }
  }

  /** As much as one call may cost, and as is left. */
  #evaluate(program: Program, variables: Variables): unknown {
    const limit = Math.min(perCallLimit, this.#budget.remaining);
    const call = new Budget(limit, this.#reports.effort);
    try {
      return program.evaluate(variables, call);
    } finally {
      this.#budget.spend(Math.min(call.spent, this.#budget.remaining));
    }
  }

  /** The rule does not hold: an error, or a warning where nothing has changed. */
  #tell(compiled: CompiledRule, subject: RuleSubject, { typeName, variables }: Failure): void {
    const { path: base, ratchet } = subject;
    const path = compiled.fieldPath === '' ? (base ?? nowhere) : (base ?? FieldPath.root).child(compiled.fieldPath);
    const isRatcheted = !compiled.usesOldSelf && (ratchet.correlation ?? ratchet.around)?.isUnchanged === true;
    const found = isRatcheted ? new FieldErrors() : this.#reports.errors;
    try {
      const message =
        evaluateMessage(compiled, (program) => this.#evaluate(program, variables)) ?? defaultMessage(compiled);
      const shown = typeName === 'object' || typeName === 'array' ? undefined : { value: subject.value };
      tellBroken(path, { reason: compiled.rule.reason, message, shown }, found);
    } catch (error) {
      if (!(error instanceof MessageLimitError)) throw error;
      found.invalid(path, typeName, error.message);
      throw new OutOfBudget();
    } finally {
      if (isRatcheted) for (const { field, message } of found.list) this.#reports.warn(`${field}: ${message}`);
    }
  }
}
