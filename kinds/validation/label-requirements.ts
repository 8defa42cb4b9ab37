/**
 * The label selectors of requests: `app=web,tier!=back,zone in (a,b),!canary,n>5`. Grammar and error texts are those
 * of upstream; what is refused is refused with its words.
 */

import { badRequest } from '../../api/status-error.ts';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { type Token, tokenize } from './label-selector-lexer.ts';
import { checkLabelValue, checkQualifiedName } from './names.ts';

type Operator = 'exists' | 'missing' | 'in' | 'notIn' | 'greater' | 'less';

export interface LabelRequirement {
  readonly key: string;
  readonly operator: Operator;
  readonly values: readonly string[];
}

type Labels = Readonly<Record<string, string>>;

/** Throws BadRequest. An empty text has no requirements: everything matches. */
export function parseLabelSelector(text: string): LabelRequirement[] {
  return new Parser(tokenize(text)).parse();
}

/**
 * Whether labels meet all requirements. Whoever asks for many things asks it of each object: what is returned takes time
 * by the labels of an object, not by the requirements.
 */
export function compileRequirements(requirements: readonly LabelRequirement[]): (labels: Labels) => boolean {
  const rules = new Map<string, KeyRule>();
  for (const requirement of requirements) {
    const rule = rules.get(requirement.key) ?? new KeyRule();
    rule.add(requirement);
    rules.set(requirement.key, rule);
  }
  const needed = [...rules].filter(([, rule]) => rule.needsLabel);
  return (labels) => {
    if (!needed.every(([key]) => Object.hasOwn(labels, key))) return false;
    for (const key in labels) if (rules.get(key)?.allows(labels[key] ?? '') === false) return false;
    return true;
  };
}

/** All that is asked about one key. */
class KeyRule {
  /** Something is asked that a missing label does not meet. */
  needsLabel = false;
  #isForbidden = false;
  #allowed: ReadonlySet<string> | undefined;
  readonly #refused = new Set<string>();
  #above: bigint | undefined;
  #below: bigint | undefined;

  add({ operator, values }: LabelRequirement): void {
    if (operator === 'missing') this.#isForbidden = true;
    else if (operator === 'notIn') for (const value of values) this.#refused.add(value);
    else this.needsLabel = true;
    if (operator === 'in') this.#allow(values);
    if (operator === 'greater') this.#above = largest(this.#above, BigInt(values[0] ?? 0));
    if (operator === 'less') this.#below = smallest(this.#below, BigInt(values[0] ?? 0));
  }

  /** For an object that has the label. */
  allows(value: string): boolean {
    if (this.#isForbidden || this.#refused.has(value) || this.#allowed?.has(value) === false) return false;
    if (this.#above === undefined && this.#below === undefined) return true;
    if (!isInteger(value)) return false;
    const number = BigInt(value);
    return (this.#above === undefined || number > this.#above) && (this.#below === undefined || number < this.#below);
  }

  #allow(values: readonly string[]): void {
    const before = this.#allowed;
    this.#allowed = new Set(before === undefined ? values : values.filter((value) => before.has(value)));
  }
}

const largest = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b > a ? b : a);
const smallest = (a: bigint | undefined, b: bigint): bigint => (a === undefined || b < a ? b : a);

function isInteger(text: string): boolean {
  return /^[+-]?\d{1,19}$/.test(text) && BigInt.asIntN(64, BigInt(text)) === BigInt(text);
}

const operators: Readonly<Record<string, Operator>> = {
  in: 'in',
  notin: 'notIn',
  '=': 'in',
  '==': 'in',
  '!=': 'notIn',
  '>': 'greater',
  '<': 'less',
};
const end: Token = { type: 'end', text: '' };

/** Where a value or key is expected, `in` and `notin` are words like any other. */
const isWord = ({ type }: Token): boolean => type === 'identifier' || type === 'in' || type === 'notin';

class Parser {
  readonly #tokens: readonly Token[];
  #at = 0;

  constructor(tokens: readonly Token[]) {
    this.#tokens = tokens;
  }

  parse(): LabelRequirement[] {
    const requirements: LabelRequirement[] = [];
    for (;;) {
      const next = this.#peek();
      if (next.type === 'end') return requirements;
      if (!isWord(next) && next.type !== '!')
        throw badRequest(`found '${next.text}', expected: !, identifier, or 'end of string'`);
      requirements.push(this.#requirement());
      const after = this.#take();
      if (after.type === 'end') return requirements;
      if (after.type !== ',') throw badRequest(`found '${after.text}', expected: ',' or 'end of string'`);
      const following = this.#peek();
      if (!isWord(following) && following.type !== '!')
        throw badRequest(`found '${following.text}', expected: identifier after ','`);
    }
  }

  #requirement(): LabelRequirement {
    const isNegated = this.#peek().type === '!';
    if (isNegated) this.#take();
    const key = this.#take();
    if (!isWord(key)) throw unfit(`found '${key.text}', expected: identifier`);
    checkKey(key.text);
    if (isNegated) return { key: key.text, operator: 'missing', values: [] };
    const next = this.#peek();
    if (next.type === 'end' || next.type === ',') return { key: key.text, operator: 'exists', values: [] };
    const operator = operators[this.#take().type];
    if (operator === undefined) throw unfit(`found '${next.text}', expected: in, notin, =, ==, !=, gt, lt`);
    const values = next.type === 'in' || next.type === 'notin' ? this.#valueList() : [this.#value()];
    checkValues(key.text, operator, values);
    return { key: key.text, operator, values };
  }

  #value(): string {
    const next = this.#peek();
    if (next.type === 'end' || next.type === ',') return '';
    this.#take();
    if (!isWord(next)) throw unfit(`found '${next.text}', expected: identifier`);
    return next.text;
  }

  /** `(a,b)`; between commas that touch stands an empty value. */
  #valueList(): string[] {
    const open = this.#take();
    if (open.type !== '(') throw unfit(`found '${open.text}' expected: '('`);
    const values = new Set<string>();
    const first = this.#peek();
    if (first.type === ')') values.add('');
    else if (!isWord(first) && first.type !== ',')
      throw unfit(`found '${first.text}', expected: ',', ')' or identifier`);
    else this.#fillList(values);
    const close = this.#take();
    if (close.type !== ')') throw unfit(`found '${close.text}', expected: ')'`);
    return [...values].sort();
  }

  #fillList(values: Set<string>): void {
    for (;;) {
      const token = this.#take();
      if (isWord(token)) {
        values.add(token.text);
        const next = this.#peek();
        if (next.type === ')') return;
        if (next.type !== ',') throw unfit(`found '${next.text}', expected: ',' or ')'`);
      } else if (token.type === ',') {
        if (values.size === 0) values.add('');
        const next = this.#peek();
        if (next.type === ')') {
          values.add('');
          return;
        }
        if (next.type === ',') {
          this.#take();
          values.add('');
        }
      } else throw unfit(`found '${token.text}', expected: ',', or identifier`);
    }
  }

  #peek(): Token {
    return this.#tokens[this.#at] ?? end;
  }

  #take(): Token {
    const token = this.#peek();
    this.#at += 1;
    return token;
  }
}

const unfit = (why: string) => badRequest(`unable to parse requirement: ${why}`);

function checkKey(key: string): void {
  const wrong = checkQualifiedName(key);
  if (wrong.length === 0) return;
  const errors = new FieldErrors();
  errors.invalid(FieldPath.root, key, wrong.join('; '));
  refuse(errors);
}

function checkValues(key: string, operator: Operator, values: readonly string[]): void {
  const errors = new FieldErrors();
  const path = FieldPath.of('values');
  const isComparison = operator === 'greater' || operator === 'less';
  for (const [index, value] of values.entries()) {
    if (isComparison && !isInteger(value)) {
      errors.invalid(path.index(index), value, "for 'Gt', 'Lt' operators, the value must be an integer");
      continue;
    }
    const wrong = checkLabelValue(value);
    if (wrong.length > 0) errors.invalid(path.index(index).key(key), value, wrong.join('; '));
  }
  if (!errors.empty) refuse(errors);
}

function refuse(errors: FieldErrors): never {
  const lines = errors.list.map(({ field, message }) => `${field === '' ? '<nil>' : field}: ${message}`);
  throw unfit(lines.length === 1 ? (lines[0] ?? '') : `[${lines.join(', ')}]`);
}
