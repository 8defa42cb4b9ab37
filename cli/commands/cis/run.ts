/** `cis`: every item of the benchmark with what was found; it fails when one does. */

import { UserError } from '../../../base/user-error.ts';
import { printChecks } from '../../../cluster/cis/report.ts';
import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { parseDataDir } from '../../data-dir.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const failed = await printChecks(parseDataDir(textOf(args, 'data-dir')), context.out);
  if (failed > 0) throw new UserError(`${failed} ${failed === 1 ? 'item fails' : 'items fail'}.`);
}
