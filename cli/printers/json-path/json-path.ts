/** What kubectl's JSONPath finds in an object, and its templates filled in. Pure. */

import { isRecord, own, sortedJson } from '../../../api/json-record.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Operand, type Part, parseRelaxedPath, parseTemplate, type Step } from './parser.ts';

/** Fills in `template`; what is not there is an empty text. */
export function renderJsonPath(template: string, value: unknown): string {
  return renderParts(parseTemplate(template), { root: value, current: value });
}

/** All that the one path in `text` finds. */
export const findByPath = (text: string, value: unknown): unknown[] => findAll(parseRelaxedPath(text), value, value);

export const findBySteps = (steps: readonly Step[], value: unknown): unknown[] => findAll(steps, value, value);

/** A text as it is, everything else as JSON. */
export const textOfValue = (value: unknown): string =>
  typeof value === 'string' ? value : JSON.stringify(sortedJson(value));

/** All that the paths of a template find, for `-o jsonpath-as-json`. */
export function findAllInTemplate(template: string, value: unknown): unknown[] {
  return parseTemplate(template).flatMap((part) => (part.type === 'path' ? findAll(part.steps, value, value) : []));
}

interface Place {
  readonly root: unknown;
  readonly current: unknown;
}

const renderParts = (parts: readonly Part[], place: Place): string =>
  parts.map((one) => renderPart(one, place)).join('');

function renderPart(part: Part, { root, current }: Place): string {
  if (part.type === 'text') return part.text;
  const found = findAll(part.steps, current, root);
  if (part.type === 'path') return found.map(textOfValue).join(' ');
  return found.map((one) => renderParts(part.body, { root, current: one })).join('');
}

function findAll(steps: readonly Step[], value: unknown, root: unknown): unknown[] {
  return steps.reduce<unknown[]>((found, step) => found.flatMap((one) => take(step, one, root)), [value]);
}

function take(step: Step, value: unknown, root: unknown): unknown[] {
  switch (step.type) {
    case 'root':
      return [root];
    case 'field': {
      const child = isRecord(value) ? own(value, step.name) : undefined;
      return child === undefined ? [] : [child];
    }
    case 'all':
      return childrenOf(value);
    case 'descend':
      return descend(value);
    case 'index':
      return takeIndex(step.at, value);
    case 'slice':
      return Array.isArray(value) ? takeSlice(step, value) : [];
    case 'union':
      return step.members.flatMap((member) => take(member, value, root));
    case 'filter':
      return (Array.isArray(value) ? value : []).filter((item) => matches(step, item, root));
  }
}

const childrenOf = (value: unknown): unknown[] =>
  Array.isArray(value) ? value : isRecord(value) ? Object.values(value) : [];

const descend = (value: unknown): unknown[] => [value, ...childrenOf(value).flatMap(descend)];

function takeIndex(at: number, value: unknown): unknown[] {
  if (!Array.isArray(value)) return [];
  const index = at < 0 ? value.length + at : at;
  if (index >= 0 && index < value.length) return [value[index]];
  throw new UserError(
    `error: error executing jsonpath: array index out of bounds: index ${at}, length ${value.length}`,
  );
}

function takeSlice({ from = 0, to, step }: Step & { type: 'slice' }, items: readonly unknown[]): unknown[] {
  if (step <= 0) throw new UserError('error: error executing jsonpath: step must be > 0');
  const whole = items.slice(from, to ?? items.length);
  return whole.filter((_, index) => index % step === 0);
}

function matches({ left, operator, right }: Step & { type: 'filter' }, item: unknown, root: unknown): boolean {
  const [one, ...others] = operandValues(left, item, root);
  if (right === undefined) return one !== undefined;
  const [other] = operandValues(right, item, root);
  if (one === undefined || other === undefined) return operator === '!=' && one !== other;
  if (others.length > 0) throw new UserError('error: error executing jsonpath: can only compare one element at a time');
  return compare(one, operator, other);
}

const operandValues = (operand: Operand, item: unknown, root: unknown): unknown[] =>
  'literal' in operand ? [operand.literal] : findAll(operand.path, item, root);

function compare(one: unknown, operator: string, other: unknown): boolean {
  if (operator === '==') return one === other;
  if (operator === '!=') return one !== other;
  if (typeof one === 'string' && typeof other === 'string') return inOrder(one < other, one === other, operator);
  if (typeof one === 'number' && typeof other === 'number') return inOrder(one < other, one === other, operator);
  return false;
}

function inOrder(isLess: boolean, isEqual: boolean, operator: string): boolean {
  if (isEqual) return operator.endsWith('=');
  return isLess === operator.startsWith('<');
}
