/** The CEL rules of a schema, compiled, as a tree beside that of the schema: only of what has rules, or holds what has. */

import { compile } from '../../cel/compile.ts';
import type { Environment, Program } from '../../cel/environment.ts';
import { makeEnvironment } from '../../cel/make-environment.ts';
import { type CelType, optionalOf } from '../../cel/types/cel-type.ts';
import { schemaType } from '../../cel/types/schema-type.ts';
import type { JsonSchema, Rule } from '../json-schema.ts';
import type { StructuralNode } from '../structural-node.ts';
import { readFieldPath } from './rule-field-path.ts';

export interface RuleNode {
  readonly node: StructuralNode;
  readonly rules: readonly CompiledRule[];
  readonly properties: ReadonlyMap<string, RuleNode>;
  readonly additional: RuleNode | undefined;
  readonly items: RuleNode | undefined;
}

export interface CompiledRule {
  readonly rule: Rule;
  /** What `self` and `oldSelf` are. */
  readonly self: CelType;
  /** Undefined: it does not compile any more (`problem`), or says nothing. */
  readonly program: Program | undefined;
  readonly problem: string | undefined;
  readonly message: Program | undefined;
  readonly messageProblem: string | undefined;
  /** It compares with what was there before. */
  readonly usesOldSelf: boolean;
  /** `a.b`, below the place of the rule; empty: that place itself. */
  readonly fieldPath: string;
}

interface RuleOptions {
  /** Values are whole objects: expressions see their kind and name. */
  readonly isResource: boolean;
}

/** Undefined: there are none. */
export function compileRules(node: StructuralNode, { isResource }: RuleOptions): RuleNode | undefined {
  const below = (child: StructuralNode | undefined) => child && compileRules(child, { isResource: child.isEmbedded });
  const properties = new Map<string, RuleNode>();
  for (const [name, property] of node.properties) {
    const child = below(property);
    if (child !== undefined) properties.set(name, child);
  }
  const additional = below(node.additional?.node);
  const items = below(node.items);
  const rules = compileRulesAt(node.schema, { isResource });
  if (rules.length === 0 && properties.size === 0 && additional === undefined && items === undefined) return undefined;
  return { node, rules, properties, additional, items };
}

/** The rules that stand in `schema` itself. Expressions cannot see what it leaves open: it has none then. */
export function compileRulesAt(schema: JsonSchema, { isResource }: RuleOptions): CompiledRule[] {
  const rules = schema['x-kubernetes-validations'] ?? [];
  const self = rules.length === 0 ? undefined : schemaType(schema, { isResource });
  if (self === undefined) return [];
  const plain = makeEnvironment({ variables: { self, oldSelf: self } });
  const optional = makeEnvironment({ variables: { self, oldSelf: optionalOf(self) } });
  return rules.map((rule) => ({ ...compileRule(rule, schema, rule.optionalOldSelf ? optional : plain), self }));
}

function compileRule(rule: Rule, schema: JsonSchema, environment: Environment): Omit<CompiledRule, 'self'> {
  const { rule: expression = '', messageExpression = '', fieldPath = '' } = rule;
  const { program, problem } = compileText(expression, 'bool', environment);
  const message = program === undefined ? {} : compileText(messageExpression, 'string', environment);
  const path = fieldPath === '' ? undefined : readFieldPath(fieldPath, schema);
  return {
    rule,
    program,
    problem,
    message: message.program,
    messageProblem: message.problem === undefined ? undefined : `messageExpression ${message.problem}`,
    usesOldSelf: program?.variables.has('oldSelf') ?? false,
    fieldPath: path === undefined || path.problem !== undefined ? '' : path.text,
  };
}

interface CompiledText {
  readonly program?: Program;
  readonly problem?: string;
}

/** Nothing of what says nothing. */
function compileText(expression: string, type: 'bool' | 'string', environment: Environment): CompiledText {
  if (expression.trim() === '') return {};
  const { program, message } = compile(expression, environment);
  if (program === undefined) return { problem: `compilation failed: ${message}` };
  if (program.outputType.kind === type) return { program };
  return { problem: type === 'bool' ? 'cel expression must evaluate to a bool' : 'must evaluate to a string' };
}
