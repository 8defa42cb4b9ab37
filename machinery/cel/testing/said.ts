/** What an expression comes to, as one text: tables of tests are made of such pairs. */

import { errorText } from '../../../base/error-text.ts';
import { Budget, perObjectLimit } from '../budget.ts';
import { CelError } from '../cel-error.ts';
import { compile } from '../compile.ts';
import type { Environment, Variables } from '../environment.ts';
import { makeEnvironment } from '../make-environment.ts';
import { dynType } from '../types/cel-type.ts';
import { toJson } from '../values/json.ts';

/** JSON of the value, or the first line of what is wrong; variables are of any type where there is no environment. */
export function said(expression: string, variables: Variables = {}, environment = untyped(variables)): string {
  const { program, message } = compile(expression, environment);
  if (program === undefined) return message.split('\n')[0] ?? '';
  try {
    return JSON.stringify(toJson(program.evaluate(variables, new Budget(perObjectLimit))));
  } catch (error) {
    if (error instanceof CelError) return `! ${error.message}`;
    return `not an error of CEL: ${errorText(error)}`;
  }
}

const untyped = (variables: Variables): Environment =>
  makeEnvironment({ variables: Object.fromEntries(Object.keys(variables).map((name) => [name, dynType])) });
