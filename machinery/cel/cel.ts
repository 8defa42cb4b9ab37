/** Whether a CEL expression compiles: its syntax and its variables. Running expressions is not done here. */

import { Environment } from '@marcbachmann/cel-js';

const environments = new Map<string, Environment>();

export interface CelOptions {
  /** Names that the expression may use. */
  readonly variables: readonly string[];
  /** The types that it may have. Default: any. */
  readonly types?: readonly string[];
}

/** What the library does not read, but Kubernetes does: optional fields and typed objects. */
const beyondLibrary = /\.\?|\[\?|[\w.]\{/;
/** Values without a schema: whatever is taken from them may be of any type. */
const untypedField = /^\s*(?:object|oldObject|params)(?:\.\w+)*\s*$/;
/** Where the library says a mistake is: the line, and the sign under it. */
const place = /^([\s\S]*?)\n\n>\s*(\d+) \| ([\s\S]*?)\n( *)\^/;
const gutter = '>    1 | '.length;

/** What is wrong with `expression`, in the compiler's words; undefined when it compiles. */
export function checkExpression(expression: string, { variables, types }: CelOptions): string | undefined {
  const result = environmentOf(variables).check(expression);
  if (!result.valid) {
    if (beyondLibrary.test(expression)) return undefined;
    const message = result.error?.message ?? 'not an expression';
    // Kubernetes' own functions (quantity, url, authorizer …) are unknown to the library: that they exist is taken on trust.
    return message.startsWith('found no matching overload') ? undefined : `compilation failed: ${placed(message)}`;
  }
  const type = shownType(result.type ?? 'dyn');
  if (types === undefined || types.includes(type)) return undefined;
  // The library knows less of types than the compiler: only what is plainly untyped is known to be so there too.
  if (type === 'dyn' && !untypedField.test(expression)) return undefined;
  return types.length === 1
    ? `must evaluate to ${types[0]} but got ${type}`
    : `must evaluate to one of [${types.join(' ')}] but got ${type}`;
}

function placed(message: string): string {
  const [, text = message, line = '1', source = '', indent = ''] = place.exec(message) ?? [];
  const column = Math.max(0, indent.length - gutter);
  const unknown = /^Unknown variable: (\w+)$/.exec(text)?.[1];
  const words = unknown === undefined ? text : `undeclared reference to '${unknown}' (in container '')`;
  return `ERROR: <input>:${line}:${column + 1}: ${words}\n | ${source}\n | ${'.'.repeat(column)}^`;
}

/** `list<int>` is `list(int)` to the compiler. */
function shownType(type: string): string {
  if (type === 'null') return 'null_type';
  if (type === 'list') return 'list(dyn)';
  return type.replaceAll('<', '(').replaceAll('>', ')');
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
