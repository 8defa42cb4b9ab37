/** `key=value:Effect`, `key:Effect`, `key:Effect-`, `key-`: what they make of a node's taints. Pure. */

import type { Taint } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';

export interface TaintChange {
  readonly add: readonly Taint[];
  /** Without an effect: of every effect. */
  readonly remove: readonly Pick<Taint, 'key'>[];
}

const effects: readonly string[] = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

export function parseTaints(words: readonly string[]): TaintChange {
  const add: Taint[] = [];
  const remove: { key: string; effect?: string }[] = [];
  for (const word of words) {
    if (word.endsWith('-')) {
      const [key = '', effect] = word
        .slice(0, -1)
        .replace(/=[^:]*/, '')
        .split(':');
      remove.push(effect === undefined ? { key } : { key, effect: checkedEffect(effect) });
    } else add.push(parseTaint(word));
  }
  const title = ({ key, effect }: { key: string; effect?: string }) => `${key}:${effect}`;
  const twice = add.find((one, index) => add.some((other, at) => at < index && title(one) === title(other)));
  if (twice !== undefined)
    throw new UserError(`error: duplicated taints with the same key and effect: ${title(twice)}`);
  const both = add.find((one) => remove.some((other) => title(one) === title(other)));
  if (both !== undefined)
    throw new UserError('error: can not both modify and remove the following taint(s) in the same command');
  if (add.length + remove.length === 0) throw new UserError('error: at least one taint update is required');
  return { add, remove };
}

function parseTaint(word: string): Taint {
  const [pair = '', effect, ...others] = word.split(':');
  const [key = '', ...value] = pair.split('=');
  if (effect === undefined || others.length > 0 || key === '' || value.length > 1)
    throw new UserError(`error: invalid taint spec: ${word}`);
  return { key, ...(value[0] !== undefined && value[0] !== '' && { value: value[0] }), effect: checkedEffect(effect) };
}

function checkedEffect(effect: string): string {
  if (effects.includes(effect)) return effect;
  throw new UserError(`error: invalid taint effect: ${effect}, unsupported taint effect`);
}

export interface ChangedTaints {
  readonly taints: readonly Taint[];
  /** What was done: `tainted`, `untainted`, `modified`. */
  readonly operation: string;
}

const isSame = (one: Taint, { key, effect }: { key: string; effect?: string }): boolean =>
  one.key === key && (effect === undefined || one.effect === effect);

export function changeTaints(
  present: readonly Taint[],
  { add, remove }: TaintChange,
  { nodeName, overwrite }: { readonly nodeName: string; readonly overwrite: boolean },
): ChangedTaints {
  const taken = add.filter((one) => present.some((other) => isSame(other, one)));
  if (taken.length > 0 && !overwrite)
    throw new UserError(
      `error: node ${nodeName} already has ${taken.map(({ key }) => key).join(',')} taint(s) with same effect(s) and --overwrite is false`,
    );
  const missing = remove.find((one) => !present.some((other) => isSame(other, one)));
  if (missing !== undefined) throw new UserError(`error: taint "${Object.values(missing).join(':')}" not found`);
  const kept = present.filter((one) => ![...add, ...remove].some((other) => isSame(one, other)));
  return { taints: [...add, ...kept], operation: operationOf(add.length, remove.length + taken.length) };
}

function operationOf(added: number, removed: number): string {
  if (added > 0 && removed > 0) return 'modified';
  return added > 0 ? 'tainted' : 'untainted';
}
