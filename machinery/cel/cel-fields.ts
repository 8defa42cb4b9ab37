/** What only the types of an expression's values tell: fields that are not there, patterns that are none. */

import { type ASTNode, Environment } from '@marcbachmann/cel-js';
import { own } from '../../api/json-record.ts';

/** The part of a schema that names fields. */
export interface FieldNames {
  readonly type?: string;
  readonly properties?: Readonly<Record<string, FieldNames>>;
  readonly additionalProperties?: FieldNames | boolean;
  readonly 'x-kubernetes-preserve-unknown-fields'?: boolean;
  readonly 'x-kubernetes-int-or-string'?: boolean;
  readonly 'x-kubernetes-embedded-resource'?: boolean;
}

const environment = new Environment({ unlistedVariablesAreDyn: true });

/** The first field of `self` or `oldSelf` that their schema does not have, as the compiler tells it. */
export function undefinedField(expression: string, schema: FieldNames): string | undefined {
  let problem: string | undefined;
  visit(parse(expression), (node) => {
    if (problem !== undefined || node.op !== '.') return;
    const [owner, name] = node.args;
    const fields = schemaOf(owner, schema);
    if (fields === undefined || fieldOf(fields, name) !== undefined || isOpen(fields)) return;
    problem = shownAt(expression, node.pos - 1, `undefined field '${name}'`);
  });
  return problem;
}

/** The first literal pattern of a `matches` that is none. */
export function wrongPattern(
  expression: string,
  problemOf: (pattern: string) => string | undefined,
): string | undefined {
  let problem: string | undefined;
  visit(parse(expression), (node) => {
    if (problem !== undefined || node.op !== 'rcall') return;
    const [name, , [pattern]] = node.args;
    if (name !== 'matches' || pattern?.op !== 'value' || typeof pattern.args !== 'string') return;
    if (problemOf(pattern.args) !== undefined) problem = shownAt(expression, pattern.pos, 'invalid matches argument');
  });
  return problem;
}

/** Nothing for what the library does not read and Kubernetes does (optional fields): `checkExpression` let it pass. */
function parse(expression: string): ASTNode | undefined {
  try {
    return environment.parse(expression).ast;
  } catch {
    return undefined;
  }
}

function visit(node: unknown, see: (node: ASTNode) => void): void {
  if (Array.isArray(node)) for (const one of node) visit(one, see);
  else if (isNode(node)) {
    visit(node.args, see);
    see(node);
  }
}

/** Among the arguments of a node, names and literals stand beside other nodes. */
const isNode = (value: unknown): value is ASTNode => typeof value === 'object' && value !== null && 'op' in value;

/** The schema of what a chain of fields names; undefined when it cannot be told. */
function schemaOf(node: ASTNode, self: FieldNames): FieldNames | undefined {
  if (node.op === 'id') return node.args === 'self' || node.args === 'oldSelf' ? self : undefined;
  if (node.op !== '.') return undefined;
  const [owner, name] = node.args;
  const fields = schemaOf(owner, self);
  return fields && fieldOf(fields, name);
}

/** Names that an expression cannot write are escaped there. */
const escapes: Readonly<Record<string, string>> = {
  __dot__: '.',
  __dash__: '-',
  __slash__: '/',
  __underscores__: '__',
};

function fieldOf({ properties = {}, additionalProperties }: FieldNames, name: string): FieldNames | undefined {
  const plain = name.replace(/__(?:dot|dash|slash|underscores)__/g, (sign) => escapes[sign] ?? sign);
  const unescaped = /^__(.+)__$/.exec(plain)?.[1];
  if (typeof additionalProperties === 'object') return additionalProperties;
  return (
    own(properties, name) ??
    own(properties, plain) ??
    (unescaped === undefined ? undefined : own(properties, unescaped))
  );
}

/** May hold what its schema does not name: an object of unknown kind, or one with the fields that all have. */
function isOpen(fields: FieldNames): boolean {
  return (
    fields.type !== 'object' ||
    fields['x-kubernetes-embedded-resource'] === true ||
    fields['x-kubernetes-int-or-string'] === true ||
    fields.additionalProperties === true
  );
}

/** As the compiler points at it. Only expressions of one line are shown with a line of their own. */
function shownAt(expression: string, position: number, text: string): string {
  const before = expression.slice(0, position).split('\n');
  const line = expression.split('\n')[before.length - 1] ?? '';
  const column = before.at(-1)?.length ?? 0;
  return `ERROR: <input>:${before.length}:${column + 1}: ${text}\n | ${line}\n | ${'.'.repeat(column)}^`;
}
