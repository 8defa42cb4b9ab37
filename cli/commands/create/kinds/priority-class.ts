/** `create priorityclass NAME --value N`. */

import { priorityClasses } from '../../../../api/resources/scheduling.ts';
import type { PriorityClass } from '../../../../api/types/scheduling/v1.ts';
import { UserError } from '../../../../base/user-error.ts';
import { isSet, textOf } from '../../../arguments.ts';
import type { CreateInput, Wanted } from '../creator.ts';
import { nameIn } from '../words.ts';

export function make({ words, args }: CreateInput): Wanted {
  const text = textOf(args, 'value') ?? '0';
  if (!/^-?\d+$/.test(text)) throw new UserError(`error: invalid argument "${text}" for "--value" flag: not a number`);
  const object: PriorityClass = {
    metadata: { name: nameIn(words) },
    value: Number(text),
    globalDefault: isSet(args, 'global-default'),
    description: textOf(args, 'description') ?? '',
    preemptionPolicy: textOf(args, 'preemption-policy') ?? 'PreemptLowerPriority',
  };
  return { kind: priorityClasses, object };
}
