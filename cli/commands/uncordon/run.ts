/** `uncordon NODE`. */

import { setUnschedulable } from '../../../cluster/draining/drain.ts';
import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { nodeNames } from '../../node-names.ts';
import { dryRunOf, dryRunSuffix } from '../../results.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const dryRun = dryRunOf(args);
  for (const name of await nodeNames(context, args, 'uncordon NODE')) {
    const isNew = await setUnschedulable(client, name, false, dryRun);
    context.out.write(
      `node/${name} ${isNew ? 'uncordoned' : 'already uncordoned'}${isNew ? dryRunSuffix[dryRun] : ''}\n`,
    );
  }
}
