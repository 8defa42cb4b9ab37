/**
 * What an expression may cost at most, before it runs: upstream's estimate, by the sizes that the types of its variables
 * admit. A definition whose rule may cost too much is refused by it, so it must come to upstream's numbers.
 */

import type { Checked } from '../checker/checked.ts';
import type { CostRange } from '../environment.ts';
import type { CallExpression, Comprehension, Expression, ListExpression, MapExpression } from '../syntax/expression.ts';
import { isBinding } from '../syntax/macros.ts';
import type { CelType } from '../types/cel-type.ts';
import { estimateCall, type Operand } from './call-estimates.ts';
import { add, multiply, noCost, range, union, unknownSize } from './ranges.ts';
import { type EntrySizes, entryTypeOf, literalSizeOf, scalarSizeOf, typeSizeOf } from './sizes.ts';

export function estimateCost(checked: Checked): CostRange {
  return new Estimator(checked).cost(checked.expression);
}

/** What a name inside a fold stands for. */
interface Local {
  readonly declared: CelType | undefined;
  readonly size: CostRange | undefined;
  readonly entries: EntrySizes | undefined;
}

const step = range(1);

class Estimator {
  readonly #checked: Checked;
  /** Where a value comes from a variable: its type there, which says how large it may be. */
  readonly #declared = new Map<Expression, CelType>();
  readonly #sizes = new Map<Expression, CostRange>();
  readonly #entries = new Map<Expression, EntrySizes>();
  #locals: ReadonlyMap<string, Local> = new Map();

  constructor(checked: Checked) {
    this.#checked = checked;
  }

  cost(node: Expression): CostRange {
    switch (node.kind) {
      case 'literal':
        return noCost;
      case 'name':
        return this.#nameCost(node, node.name);
      case 'select':
        return this.#selectCost(node);
      case 'call':
        return this.#callCost(node);
      case 'list':
        return this.#listCost(node);
      case 'map':
        return this.#mapCost(node);
      case 'struct':
        return node.fields.reduce((sum, { value }) => add(sum, this.cost(value)), range(40));
      case 'comprehension':
        return isBinding(node) ? this.#bindingCost(node) : this.#foldCost(node);
    }
  }

  #declare(node: Expression, type: CelType | undefined): void {
    if (type !== undefined) this.#declared.set(node, type);
  }

  #nameCost(node: Expression, name: string): CostRange {
    const local = this.#locals.get(name);
    const found = this.#checked.names.get(node);
    if (local) this.#declare(node, local.declared);
    else if (found?.kind === 'variable') this.#declare(node, found.type);
    return step;
  }

  #selectCost(node: Extract<Expression, { kind: 'select' }>): CostRange {
    if (this.#checked.names.has(node)) return this.#nameCost(node, '');
    const cost = this.cost(node.operand);
    if (node.isTest) return cost;
    const declared = this.#declaredTypeOf(node.operand);
    if (declared?.kind === 'object') this.#declare(node, declared.fields.get(node.field)?.type);
    const { kind } = this.#checked.typeOf(node.operand);
    return kind === 'map' || kind === 'object' ? add(cost, step) : cost;
  }

  #declaredTypeOf(node: Expression): CelType | undefined {
    const local = node.kind === 'name' ? this.#locals.get(node.name) : undefined;
    return local ? local.declared : this.#declared.get(node);
  }

  #callCost(node: CallExpression): CostRange {
    const { target, args } = node;
    if (node.name === 'dyn' && args[0]) {
      const cost = this.cost(args[0]);
      this.#copySizes(node, args[0]);
      return add(cost, step);
    }
    const argCosts = args.map((arg) => this.cost(arg));
    const call = this.#checked.calls.get(node);
    if (call === undefined) return node.name === '_?._' ? add(step, argCosts.reduce(add, noCost)) : noCost;
    const operands = args.map((arg) => this.#operand(arg));
    const isMethod = call.isMethod && target !== undefined;
    const targetCost = isMethod ? this.cost(target) : noCost;
    const receiver = isMethod ? this.#operand(target) : undefined;
    let cost: CostRange | undefined;
    let size: CostRange | undefined;
    for (const { text } of call.overloads) {
      const estimate = estimateCall({ name: call.name, signature: text, target: receiver, args: operands, argCosts });
      cost = cost === undefined ? estimate.cost : union(cost, estimate.cost);
      if (estimate.size) size = size === undefined ? estimate.size : union(size, estimate.size);
      if (estimate.entries) this.#entries.set(node, estimate.entries);
      this.#followIndex(node, text);
      if (text.startsWith('_[_]')) size = args[0] ? this.#entriesOf(args[0])?.value : undefined;
      size ??= this.#sizeOf(node);
    }
    if (size !== undefined) this.#sizes.set(node, size);
    return add(targetCost, cost ?? noCost);
  }

  #followIndex(node: CallExpression, signature: string): void {
    const [container] = node.args;
    if (container === undefined || !signature.startsWith('_[_](')) return;
    const declared = this.#declaredTypeOf(container);
    if (declared) this.#declare(node, entryTypeOf(declared)?.value);
  }

  #operand(node: Expression): Operand {
    return {
      node,
      type: this.#checked.typeOf(node),
      size: this.#sizeOf(node) ?? unknownSize,
      entries: this.#entriesOf(node),
      declared: this.#declaredTypeOf(node),
    };
  }

  #listCost(node: ListExpression): CostRange {
    let cost = range(10);
    let item: CostRange | undefined = node.items.length === 0 ? range(0) : undefined;
    for (const one of node.items) {
      cost = add(cost, this.cost(one));
      const size = this.#sizeOf(one) ?? unknownSize;
      item = item === undefined ? size : union(item, size);
    }
    this.#entries.set(node, { isList: true, key: range(1), value: item ?? range(0) });
    return cost;
  }

  #mapCost(node: MapExpression): CostRange {
    let cost = range(30);
    let key: CostRange | undefined;
    let value: CostRange | undefined;
    for (const entry of node.entries) {
      cost = add(cost, add(this.cost(entry.key), this.cost(entry.value)));
      const [ofKey, ofValue] = [this.#sizeOf(entry.key) ?? unknownSize, this.#sizeOf(entry.value) ?? unknownSize];
      key = key === undefined ? ofKey : union(key, ofKey);
      value = value === undefined ? ofValue : union(value, ofValue);
    }
    this.#entries.set(node, { isList: false, key: key ?? range(0), value: value ?? range(0) });
    return cost;
  }

  #bindingCost({ accumulator, initial, result, range: over, ...node }: Comprehension): CostRange {
    const cost = add(this.cost(over), this.cost(initial));
    const inside = this.#with([[accumulator, this.#local(initial)]], () => this.cost(result));
    const whole: Comprehension = { accumulator, initial, result, range: over, ...node };
    this.#copySizes(whole, result);
    return add(cost, inside);
  }

  #local(node: Expression): Local {
    return { declared: this.#declaredTypeOf(node), size: this.#sizeOf(node), entries: this.#entriesOf(node) };
  }

  #foldCost(node: Comprehension): CostRange {
    const before = add(this.cost(node.range), this.cost(node.initial));
    const gathered: readonly [string, Local] = [
      node.accumulator,
      { declared: undefined, size: this.#sizeOf(node.initial), entries: this.#entriesOf(node.initial) },
    ];
    const each = this.#with([gathered, ...this.#items(node)], () =>
      add(this.cost(node.condition), this.cost(node.step)),
    );
    const after = this.#with([gathered], () => this.cost(node.result));
    const count = this.#sizeOf(node.range) ?? unknownSize;
    this.#noteResult(node, count);
    return add(add(before, after), multiply(count, each));
  }

  #noteResult(node: Comprehension, count: CostRange): void {
    const { initial } = node;
    if (initial.kind === 'literal') this.#sizes.set(node, this.#sizeOf(initial) ?? unknownSize);
    if (initial.kind !== 'list' && initial.kind !== 'map') return;
    this.#sizes.set(node, count);
    const entries = this.#entriesOf(node.step);
    if (entries) this.#entries.set(node, entries);
  }

  #items({ range: over, variable, secondVariable }: Comprehension): readonly (readonly [string, Local])[] {
    const entries = this.#entriesOf(over);
    const declared = this.#declaredTypeOf(over);
    const types = declared && entryTypeOf(declared);
    const isList = entries?.isList ?? this.#checked.typeOf(over).kind === 'list';
    const key: Local = { declared: isList ? undefined : types?.key, size: entries?.key, entries: undefined };
    const value: Local = { declared: types?.value, size: entries?.value, entries: undefined };
    if (secondVariable !== undefined)
      return [
        [variable, key],
        [secondVariable, value],
      ];
    return [[variable, isList ? value : key]];
  }

  #with<T>(locals: readonly (readonly [string, Local])[], run: () => T): T {
    const outside = this.#locals;
    this.#locals = new Map([...outside, ...locals]);
    const result = run();
    this.#locals = outside;
    return result;
  }

  #sizeOf(node: Expression): CostRange | undefined {
    const computed = this.#sizes.get(node) ?? literalSizeOf(node);
    if (computed !== undefined) return computed;
    const declared = this.#declaredTypeOf(node);
    const size = declared && typeSizeOf(declared);
    if (size !== undefined) return size;
    const scalar = scalarSizeOf(this.#checked.typeOf(node));
    if (scalar !== undefined) return scalar;
    return node.kind === 'name' ? this.#locals.get(node.name)?.size : undefined;
  }

  #entriesOf(node: Expression): EntrySizes | undefined {
    const known = this.#entries.get(node);
    if (known !== undefined) return known;
    return node.kind === 'name' ? this.#locals.get(node.name)?.entries : undefined;
  }

  #copySizes(to: Expression, from: Expression): void {
    const [size, entries] = [this.#sizeOf(from), this.#entriesOf(from)];
    if (size) this.#sizes.set(to, size);
    if (entries) this.#entries.set(to, entries);
  }
}
