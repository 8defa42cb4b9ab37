/**
 * Go templates over objects, for `-template`: fields, variables, if, with, range, pipelines, and the functions of the
 * table below. Maps are ranged over in the order of their keys; a missing field prints `<no value>`, as in Go.
 */

import { compareKeys } from '../../../base/compare.ts';
import { UserError } from '../../../base/user-error.ts';
import { callFunction, isTrue, textOf } from './functions.ts';
import { TemplateError } from './lexer.ts';
import { type Block, type Expression, type Pipeline, parseTemplate, type TemplateNode } from './parser.ts';

/** Variables of this block and of those around it. */
class Scope {
  readonly #variables = new Map<string, unknown>();
  readonly #outer: Scope | undefined;

  constructor(outer?: Scope) {
    this.#outer = outer;
  }

  declare(name: string, value: unknown): void {
    this.#variables.set(name, value);
  }

  assign(name: string, value: unknown): void {
    this.#owner(name).#variables.set(name, value);
  }

  get(name: string): unknown {
    return this.#owner(name).#variables.get(name);
  }

  #owner(name: string): Scope {
    if (this.#variables.has(name)) return this;
    if (this.#outer === undefined) throw new TemplateError(`undefined variable $${name}`);
    return this.#outer.#owner(name);
  }
}

/** Throws UserError for a template that is wrong; what it makes throws `TemplateError` for data that it cannot take. */
export function compileTemplate(source: string): (data: unknown) => string {
  const nodes = parsed(source);
  return (data) => {
    const scope = new Scope();
    scope.declare('', data);
    return renderNodes(nodes, data, scope);
  };
}

function parsed(source: string): readonly TemplateNode[] {
  try {
    return parseTemplate(source);
  } catch (cause) {
    if (!(cause instanceof TemplateError)) throw cause;
    throw new UserError(`error: error parsing template ${source}, template: output:1: ${cause.message}`, { cause });
  }
}

const renderNodes = (nodes: readonly TemplateNode[], dot: unknown, scope: Scope): string =>
  nodes.map((node) => renderNode(node, dot, scope)).join('');

function renderNode(node: TemplateNode, dot: unknown, scope: Scope): string {
  switch (node.type) {
    case 'text':
      return node.text;
    case 'print':
      return textOf(evaluate(node.pipeline, dot, scope));
    case 'assign': {
      const value = evaluate(node.pipeline, dot, scope);
      if (node.declares) scope.declare(node.variable, value);
      else scope.assign(node.variable, value);
      return '';
    }
    case 'if':
    case 'with':
    case 'range':
      return renderBlock(node, dot, scope);
  }
}

function renderBlock(block: Block, dot: unknown, scope: Scope): string {
  const value = evaluate(block.pipeline, dot, scope);
  if (block.type === 'range') return renderRange(block, value, dot, scope);
  const inner = new Scope(scope);
  const [variable] = block.variables;
  if (variable !== undefined) inner.declare(variable, value);
  if (!isTrue(value)) return renderNodes(block.otherwise, dot, inner);
  return renderNodes(block.body, block.type === 'with' ? value : dot, inner);
}

function renderRange({ variables, body, otherwise }: Block, value: unknown, dot: unknown, scope: Scope): string {
  const entries = entriesOf(value);
  if (entries.length === 0) return renderNodes(otherwise, dot, new Scope(scope));
  const [itemName, indexName] = [...variables].reverse();
  return entries
    .map(([index, item]) => {
      const inner = new Scope(scope);
      if (itemName !== undefined) inner.declare(itemName, item);
      if (indexName !== undefined) inner.declare(indexName, index);
      return renderNodes(body, item, inner);
    })
    .join('');
}

function entriesOf(value: unknown): [string | number, unknown][] {
  if (value === null || value === undefined) return [];
  if (Array.isArray(value)) return value.map((item, index) => [index, item]);
  if (typeof value === 'object') return Object.entries(value).sort(compareKeys);
  throw new TemplateError(`range can't iterate over ${textOf(value)}`);
}

function evaluate(pipeline: Pipeline, dot: unknown, scope: Scope): unknown {
  const [first, ...rest] = pipeline;
  if (first === undefined) throw new TemplateError('missing value in an action');
  return rest.reduce<unknown>(
    (value, next) => {
      if (next.type !== 'call') throw new TemplateError('only functions can stand after "|"');
      return callFunction(next.name, [...next.arguments.map((one) => evaluateOne(one, dot, scope)), value]);
    },
    evaluateOne(first, dot, scope),
  );
}

function evaluateOne(expression: Expression, dot: unknown, scope: Scope): unknown {
  switch (expression.type) {
    case 'literal':
      return expression.value;
    case 'field':
      return fieldOf(dot, expression.names);
    case 'variable':
      return fieldOf(scope.get(expression.name), expression.names);
    case 'call':
      return callFunction(
        expression.name,
        expression.arguments.map((one) => evaluateOne(one, dot, scope)),
      );
  }
}

function fieldOf(value: unknown, names: readonly string[]): unknown {
  let current = value;
  for (const name of names) {
    if (current === undefined || current === null) return undefined;
    if (typeof current !== 'object' || Array.isArray(current)) {
      throw new TemplateError(`can't evaluate field ${name} in ${textOf(current)}`);
    }
    current = Object.hasOwn(current, name) ? Reflect.get(current, name) : undefined;
  }
  return current;
}
