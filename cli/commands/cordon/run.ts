/** `cordon NODE`. */

import { setUnschedulable } from '../../../cluster/draining/drain.ts';
import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { nodeNames } from '../../node-names.ts';
import { dryRunOf, dryRunSuffix } from '../../results.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const dryRun = dryRunOf(args);
  for (const name of await nodeNames(context, args, 'cordon NODE')) {
    const isNew = await setUnschedulable(client, name, true, dryRun);
    context.out.write(`node/${name} ${isNew ? 'cordoned' : 'already cordoned'}${isNew ? dryRunSuffix[dryRun] : ''}\n`);
  }
}
