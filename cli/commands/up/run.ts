/** `up`: a cluster on this machine, in the foreground. */

import { up } from '../../../cluster/up.ts';
import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseUpOptions } from './up-options.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  await up(parseUpOptions(args), context);
}
