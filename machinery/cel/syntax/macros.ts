/** What `has`, `all`, `map`, `cel.bind` and the like stand for: they are written as calls, and become folds. */

import { own } from '../../../api/json-record.ts';
import type { CallExpression, Comprehension, Expression, NameExpression } from './expression.ts';
import type { Problem } from './source.ts';

type Expanded = { readonly expression: Expression } | Problem;

/** The accumulator has a name that no expression can write. */
export const accumulatorName = '@result';
const unusedName = '#unused';

/** The call itself where it is no macro; a problem where it is one with wrong arguments. */
export function expandMacro(found: CallExpression): Expanded {
  const { name, target, args } = found;
  if (target === undefined) {
    if (name === 'has' && args.length === 1) return expandHas(args[0], found.at);
    return { expression: found };
  }
  if (target.kind === 'name' && target.name === 'cel' && name === 'bind' && args.length === 3) return expandBind(found);
  const one = own(oneVariable, name);
  if (one?.counts.includes(args.length)) return expandOne(found, target, one);
  const two = own(twoVariables, name);
  if (two?.counts.includes(args.length)) return expandTwo(found, target, two);
  if (name === 'sortBy' && args.length === 2) return expandSortBy(found, target);
  if ((name === 'optMap' || name === 'optFlatMap') && args.length === 2) return expandOption(found, target);
  return { expression: found };
}

interface Macro {
  readonly counts: readonly number[];
  readonly fold: (fold: Fold) => Pick<Comprehension, 'initial' | 'condition' | 'step' | 'result'>;
}

/** What a macro is told: its arguments behind the variables, and how to make nodes at its place. */
interface Fold {
  readonly args: readonly Expression[];
  /** The first variable, which is the item of a list or the key of a map. */
  readonly variable: Expression;
  readonly at: number;
}

const literal = (at: number, value: boolean | bigint): Expression => ({ kind: 'literal', at, value });
const accumulator = (at: number): Expression => ({ kind: 'name', at, name: accumulatorName });
const call = (at: number, name: string, ...args: readonly Expression[]): Expression => ({
  kind: 'call',
  at,
  name,
  args,
});
const listWith = (at: number, ...items: readonly Expression[]): Expression => ({
  kind: 'list',
  at,
  items,
  optional: new Set(),
});
const orElse = (at: number, condition: Expression | undefined, then: Expression): Expression =>
  condition === undefined ? then : call(at, '_?_:_', condition, then, accumulator(at));

const all: Macro['fold'] = ({ args: [predicate], at }) => ({
  initial: literal(at, true),
  condition: call(at, '@not_strictly_false', accumulator(at)),
  step: call(at, '_&&_', accumulator(at), predicate ?? literal(at, true)),
  result: accumulator(at),
});

const exists: Macro['fold'] = ({ args: [predicate], at }) => ({
  initial: literal(at, false),
  condition: call(at, '@not_strictly_false', call(at, '!_', accumulator(at))),
  step: call(at, '_||_', accumulator(at), predicate ?? literal(at, false)),
  result: accumulator(at),
});

const existsOne: Macro['fold'] = ({ args: [predicate], at }) => ({
  initial: literal(at, 0n),
  condition: literal(at, true),
  step: orElse(at, predicate, call(at, '_+_', accumulator(at), literal(at, 1n))),
  result: call(at, '_==_', accumulator(at), literal(at, 1n)),
});

const listOf: Macro['fold'] = ({ args, at }) => {
  const [first, second] = args;
  const [filter, item] = second === undefined ? [undefined, first] : [first, second];
  return {
    initial: listWith(at),
    condition: literal(at, true),
    step: orElse(at, filter, call(at, '_+_', accumulator(at), listWith(at, item ?? literal(at, true)))),
    result: accumulator(at),
  };
};

const filtered: Macro['fold'] = ({ args: [predicate], variable, at }) => ({
  initial: listWith(at),
  condition: literal(at, true),
  step: orElse(at, predicate, call(at, '_+_', accumulator(at), listWith(at, variable))),
  result: accumulator(at),
});

/** `insert` is handed the key too, or a map whose entries are added. */
const mapOf =
  (hasKeys: boolean): Macro['fold'] =>
  ({ args, variable, at }) => {
    const [first, second] = args;
    const [filter, value = literal(at, true)] = second === undefined ? [undefined, first] : [first, second];
    const added = hasKeys
      ? call(at, 'cel.@mapInsert', accumulator(at), variable, value)
      : call(at, 'cel.@mapInsert', accumulator(at), value);
    return {
      initial: { kind: 'map', at, entries: [] },
      condition: literal(at, true),
      step: orElse(at, filter, added),
      result: accumulator(at),
    };
  };

const oneVariable: Readonly<Record<string, Macro>> = {
  all: { counts: [2], fold: all },
  exists: { counts: [2], fold: exists },
  exists_one: { counts: [2], fold: existsOne },
  existsOne: { counts: [2], fold: existsOne },
  map: { counts: [2, 3], fold: listOf },
  filter: { counts: [2], fold: filtered },
};

const twoVariables: Readonly<Record<string, Macro>> = {
  all: { counts: [3], fold: all },
  exists: { counts: [3], fold: exists },
  existsOne: { counts: [3], fold: existsOne },
  exists_one: { counts: [3], fold: existsOne },
  transformList: { counts: [3, 4], fold: listOf },
  transformMap: { counts: [3, 4], fold: mapOf(true) },
  transformMapEntry: { counts: [3, 4], fold: mapOf(false) },
};

function expandHas(argument: Expression | undefined, at: number): Expanded {
  if (argument?.kind === 'select' && !argument.isTest) return { expression: { ...argument, isTest: true, at } };
  return { at: argument?.at ?? at, message: 'invalid argument to has() macro' };
}

/** Names of one part, without a dot before. */
const variableNameOf = (expression: Expression | undefined): string | undefined =>
  expression?.kind === 'name' && !expression.name.startsWith('.') ? expression.name : undefined;

function expandOne({ args, at }: CallExpression, range: Expression, macro: Macro): Expanded {
  const [first, ...rest] = args;
  const variable = variableNameOf(first);
  if (first === undefined || variable === undefined)
    return { at: first?.at ?? at, message: 'argument must be a simple name' };
  return folded({ range, variable, at }, macro.fold({ args: rest, variable: first, at }));
}

function expandTwo({ args, at }: CallExpression, range: Expression, macro: Macro): Expanded {
  const [first, second, ...rest] = args;
  const [variable, secondVariable] = [variableNameOf(first), variableNameOf(second)];
  for (const [index, name] of [variable, secondVariable].entries())
    if (name === undefined) return { at: args[index]?.at ?? at, message: 'argument must be a simple name' };
  if (first === undefined || variable === undefined || secondVariable === undefined) return { at, message: '' };
  if (variable === secondVariable)
    return { at: second?.at ?? at, message: `duplicate variable name: ${secondVariable}` };
  return folded({ range, variable, secondVariable, at }, macro.fold({ args: rest, variable: first, at }));
}

const folded = (
  head: Pick<Comprehension, 'range' | 'variable' | 'secondVariable' | 'at'>,
  body: Pick<Comprehension, 'initial' | 'condition' | 'step' | 'result'>,
): Expanded => ({ expression: { kind: 'comprehension', accumulator: accumulatorName, ...head, ...body } });

/** A fold of nothing, whose beginning is the variable, and whose result is the expression. */
function binding(name: string, value: Expression, result: Expression, at: number): Comprehension {
  const itself: NameExpression = { kind: 'name', at, name };
  return {
    kind: 'comprehension',
    at,
    range: listWith(at),
    variable: unusedName,
    accumulator: name,
    initial: value,
    condition: literal(at, false),
    step: itself,
    result,
  };
}

/** Whether it is a name for a value, and no loop. */
export const isBinding = ({ variable }: Comprehension): boolean => variable === unusedName;

function expandBind({ args, at }: CallExpression): Expanded {
  const [variable, value, result] = args;
  const name = variableNameOf(variable);
  if (name === undefined || value === undefined || result === undefined)
    return { at: variable?.at ?? at, message: 'cel.bind() variable names must be simple identifiers' };
  return { expression: binding(name, value, result, at) };
}

const sortable: readonly Expression['kind'][] = ['list', 'select', 'name', 'comprehension', 'call'];

/** The list gets a name, and is sorted by the list of its keys. */
function expandSortBy({ args: [variable, key], at }: CallExpression, target: Expression): Expanded {
  if (!sortable.includes(target.kind)) {
    const what = 'a list, identifier, comprehension, call or select expression';
    return { at: target.at, message: `sortBy can only be applied to ${what}` };
  }
  const name = variableNameOf(variable);
  if (variable === undefined || key === undefined || name === undefined)
    return { at: variable?.at ?? at, message: 'argument must be a simple name' };
  const input: NameExpression = { kind: 'name', at, name: '@__sortBy_input__' };
  const keys = folded({ range: input, variable: name, at }, listOf({ args: [key], variable, at }));
  if (!('expression' in keys)) return keys;
  const sorted: Expression = {
    kind: 'call',
    at,
    name: '@sortByAssociatedKeys',
    target: input,
    args: [keys.expression],
  };
  return { expression: binding(input.name, target, sorted, at) };
}

function expandOption({ name, args, at }: CallExpression, target: Expression): Expanded {
  const [variable, value] = args;
  const inner = variableNameOf(variable);
  if (inner === undefined || value === undefined)
    return { at: variable?.at ?? at, message: `${name}() variable name must be a simple identifier` };
  const method = (of: Expression, what: string): Expression => ({ kind: 'call', at, name: what, target: of, args: [] });
  const outer: NameExpression = { kind: 'name', at, name: '@target' };
  const held = target.kind === 'name' ? target : outer;
  const mapped = binding(inner, method(held, 'value'), value, at);
  const some = name === 'optMap' ? call(at, 'optional.of', mapped) : mapped;
  const chosen = call(at, '_?_:_', method(held, 'hasValue'), some, call(at, 'optional.none'));
  return { expression: held === outer ? binding(outer.name, target, chosen, at) : chosen };
}
