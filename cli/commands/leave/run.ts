/** `leave`: takes this host out of the cluster that it joined. */

import { leave } from '../../../cluster/joining/leave.ts';
import { type Arguments, durationMs, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseDataDir } from '../../data-dir.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const options = {
    dataDir: parseDataDir(textOf(args, 'data-dir')),
    force: isSet(args, 'force'),
    timeoutMs: durationMs(textOf(args, 'timeout') ?? '', '--timeout'),
  };
  await leave(options, context);
}
