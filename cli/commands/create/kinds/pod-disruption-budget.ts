/** `create poddisruptionbudget NAME --selector app=web --min-available 50%`. */

import { podDisruptionBudgets } from '../../../../api/resources/policy.ts';
import type { LabelSelector } from '../../../../api/types/meta/v1.ts';
import type { PodDisruptionBudget } from '../../../../api/types/policy/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { type Arguments, textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const name = nameIn(words);
  const selector = textOf(args, 'selector');
  if (!selector) throw new UserError('error: a selector must be specified');
  const [least, most] = [amountOf(args, 'min-available'), amountOf(args, 'max-unavailable')];
  if (least === undefined && most === undefined)
    throw new UserError('error: one of min-available or max-unavailable must be specified');
  if (least !== undefined && most !== undefined)
    throw new UserError('error: min-available and max-unavailable cannot be both specified');
  const object: PodDisruptionBudget = {
    metadata: { name },
    spec: {
      selector: selectorOf(selector),
      ...(least !== undefined && { minAvailable: least }),
      ...(most !== undefined && { maxUnavailable: most }),
    },
  };
  return { kind: podDisruptionBudgets, object };
}

/** A number of pods, or a share of them. */
function amountOf(args: Arguments, flag: string): number | string | undefined {
  const text = textOf(args, flag);
  if (text === undefined) return undefined;
  if (!/^\d+%?$/.test(text)) throw new UserError(`error: invalid format specified for ${flag}`);
  return text.endsWith('%') ? text : Number(text);
}

const requirement =
  /\s*(?:!\s*(?<absent>[^\s,!=()]+)|(?<key>[^\s,!=()]+)\s*(?:(?<equals>==?)\s*(?<value>[^\s,()=]*)|(?<differs>!=)\s*(?<other>[^\s,()=]*)|(?<set>in|notin)\s*\((?<values>[^()]*)\))?)\s*(?:,|$)/y;

/** `app=web,tier in (a,b),!old`: what the text asks for, as objects keep it. */
function selectorOf(text: string): LabelSelector {
  const matchLabels: Record<string, string> = {};
  const matchExpressions: NonNullable<LabelSelector['matchExpressions']> = [];
  requirement.lastIndex = 0;
  while (requirement.lastIndex < text.length) {
    const { groups } = requirement.exec(text) ?? {};
    if (groups === undefined) throw new UserError(`error: couldn't parse the selector string "${text}"`);
    const { absent, key = '', equals, value = '', differs, other = '', set, values = '' } = groups;
    const listed = values.split(',').map((one) => one.trim());
    if (absent !== undefined) matchExpressions.push({ key: absent, operator: 'DoesNotExist' });
    else if (equals !== undefined) matchLabels[key] = value;
    else if (differs !== undefined) matchExpressions.push({ key, operator: 'NotIn', values: [other] });
    else if (set !== undefined) matchExpressions.push({ key, operator: set === 'in' ? 'In' : 'NotIn', values: listed });
    else matchExpressions.push({ key, operator: 'Exists' });
  }
  return {
    ...(Object.keys(matchLabels).length > 0 && { matchLabels }),
    ...(matchExpressions.length > 0 && { matchExpressions }),
  };
}
