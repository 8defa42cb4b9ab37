/** allOf, anyOf, oneOf and not, as kube-openapi's validator judges them and tells what is wrong with the nearest one. */

import type { Correlation } from './correlation.ts';
import { Outcome } from './outcome.ts';
import type { Junctors, ValueSchema } from './value-schema.ts';

export interface Subject {
  readonly value: unknown;
  /** `spec.list[0]`; empty for the whole. */
  readonly path: string;
  /** Undefined: nothing was there before that could be compared. */
  readonly correlation: Correlation | undefined;
}

/** Adds to `outcome` what is wrong with a value. */
export type CheckValue = (schema: ValueSchema, subject: Subject, outcome: Outcome) => void;

type Judge = (schema: ValueSchema) => Outcome;

/** Each schema in them is judged by `check`. */
export function checkJunctors(junctors: Junctors, subject: Subject, outcome: Outcome, check: CheckValue): void {
  const { value, path } = subject;
  const judge = (schema: ValueSchema): Outcome => {
    const own = new Outcome(outcome.effort);
    // Nothing in a junctor is compared with what was there before.
    check(schema, { value, path, correlation: undefined }, own);
    return own;
  };
  if (junctors.anyOf.length > 0) checkAnyOf(junctors.anyOf, path, judge, outcome);
  if (junctors.oneOf.length > 0) checkOneOf(junctors.oneOf, path, judge, outcome);
  if (junctors.allOf.length > 0) checkAllOf(junctors.allOf, path, judge, outcome);
  if (junctors.not !== undefined && judge(junctors.not).isValid)
    fail(path, 'must not validate the schema (not)', outcome);
}

function fail(path: string, what: string, outcome: Outcome): void {
  outcome.add({ kind: 'unplaced', path, message: `"${path}" ${what}` });
}

const nearer = (best: Outcome | undefined, one: Outcome): Outcome =>
  best === undefined || one.matches > best.matches ? one : best;

function checkAnyOf(schemas: readonly ValueSchema[], path: string, judge: Judge, outcome: Outcome): void {
  let best: Outcome | undefined;
  for (const schema of schemas) {
    const one = judge(schema);
    if (one.isValid) {
      outcome.matches += one.matches;
      return;
    }
    best = nearer(best, one);
  }
  fail(path, 'must validate at least one schema (anyOf)', outcome);
  if (best !== undefined) outcome.merge(best);
}

function checkOneOf(schemas: readonly ValueSchema[], path: string, judge: Judge, outcome: Outcome): void {
  let best: Outcome | undefined;
  const valid: Outcome[] = [];
  for (const schema of schemas) {
    const one = judge(schema);
    if (one.isValid) valid.push(one);
    else if (valid.length === 0) best = nearer(best, one);
  }
  const [first] = valid;
  if (valid.length === 1 && first !== undefined) {
    outcome.matches += first.matches;
    return;
  }
  const found = valid.length === 0 ? 'Found none valid' : `Found ${valid.length} valid alternatives`;
  fail(path, `must validate one and only one schema (oneOf). ${found}`, outcome);
  if (valid.length === 0 && best !== undefined) outcome.merge(best);
}

function checkAllOf(schemas: readonly ValueSchema[], path: string, judge: Judge, outcome: Outcome): void {
  let valid = 0;
  for (const schema of schemas) {
    const one = judge(schema);
    if (one.isValid) valid += 1;
    outcome.merge(one);
  }
  if (valid === schemas.length) return;
  fail(path, `must validate all the schemas (allOf)${valid === 0 ? '. None validated' : ''}`, outcome);
}
