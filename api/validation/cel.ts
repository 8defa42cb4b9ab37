/** Whether a CEL expression compiles: its syntax and its variables. Running expressions is not done here. */

import { Environment } from '@marcbachmann/cel-js';

const admissionVariables = ['object', 'oldObject', 'request', 'authorizer', 'params', 'namespaceObject', 'variables'];
const environments = new Map<string, Environment>();

export interface CelOptions {
  /** Names that the expression may use. Default: those of admission. */
  readonly variables?: readonly string[];
  /** The type that it must have. Default `bool`. */
  readonly type?: 'bool' | 'string' | 'any';
}

/** What is wrong with `expression`, in the compiler's words; undefined when it compiles. */
export function checkExpression(expression: string, options: CelOptions = {}): string | undefined {
  const { variables = admissionVariables, type = 'bool' } = options;
  const result = environmentOf(variables).check(expression);
  if (!result.valid) {
    const message = result.error?.message ?? 'not an expression';
    // Kubernetes' own functions (quantity, url, authorizer …) are unknown to the library: that they exist is taken on trust.
    return message.startsWith('found no matching overload') ? undefined : `ERROR: <input>: ${message}`;
  }
  if (type === 'any' || result.type === 'dyn' || result.type === type) return undefined;
  return `must evaluate to ${type}`;
}

function environmentOf(variables: readonly string[]): Environment {
  const key = variables.join();
  const known = environments.get(key);
  if (known) return known;
  const environment = new Environment();
  for (const name of variables) environment.registerVariable(name, 'dyn');
  environments.set(key, environment);
  return environment;
}
