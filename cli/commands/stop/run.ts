/** `stop NAME`: resizes a replication controller to 0. */

import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { resize } from '../../resize-controller.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await resize(context, textOf(args, 'controller') ?? '', 0);
}
