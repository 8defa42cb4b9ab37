/** `rollout status|history|undo|pause|resume|restart`. */

import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { findTargets } from '../../target-objects.ts';
import { change, changes } from './changes.ts';
import { showHistory } from './history.ts';
import { showStatus } from './status.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const verb = textOf(args, 'action') ?? '';
  if (verb !== 'status' && verb !== 'history' && changes[verb] === undefined)
    throw new UserError(`rollout status, history, undo, pause, resume or restart; not "${verb}"`);
  if (textsOf(args, 'resources').length === 0 && textsOf(args, 'filename').length === 0)
    throw new UserError('error: required resource not specified');
  const targets = await findTargets(context, args, textsOf(args, 'resources'));
  if (verb === 'status') await showStatus(context, args, targets);
  else if (verb === 'history') await showHistory(context, args, targets);
  else await change(context, args, { verb, targets });
}
