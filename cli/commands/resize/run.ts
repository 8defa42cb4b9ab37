/** `resize NAME REPLICAS`: how many pods a replication controller keeps. */

import { type Arguments, countOf, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { resize } from '../../resize-controller.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await resize(context, textOf(args, 'controller') ?? '', countOf(args, 'replicas'));
}
