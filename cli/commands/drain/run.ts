/** `drain NODE`: cordons nodes, then empties them one after the other. */

import { systemClock } from '../../../base/clock.ts';
import { drain, setUnschedulable } from '../../../cluster/draining/drain.ts';
import { type Arguments, countOf, durationMs, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { nodeNames } from '../../node-names.ts';
import { dryRunOf, dryRunSuffix } from '../../results.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const dryRun = dryRunOf(args);
  const names = await nodeNames(context, args, 'drain NODE');
  for (const name of names) {
    const isNew = await setUnschedulable(client, name, true, dryRun);
    context.out.write(`node/${name} ${isNew ? `cordoned${dryRunSuffix[dryRun]}` : 'already cordoned'}\n`);
  }
  const grace = countOf(args, 'grace-period', -1);
  for (const nodeName of names) {
    await drain({
      client,
      nodeName,
      dryRun,
      ignoreDaemonSets: isSet(args, 'ignore-daemonsets'),
      deleteEmptyDirData: isSet(args, 'delete-emptydir-data'),
      force: isSet(args, 'force'),
      disableEviction: isSet(args, 'disable-eviction'),
      gracePeriodSeconds: grace < 0 ? undefined : grace,
      podSelector: textOf(args, 'pod-selector'),
      skipWaitForDeleteSeconds: countOf(args, 'skip-wait-for-delete-timeout'),
      timeoutMs: durationMs(textOf(args, 'timeout') ?? '0', '--timeout'),
      clock: systemClock,
      out: context.out,
      signal: context.signal,
    });
    context.out.write(`node/${nodeName} drained${dryRunSuffix[dryRun]}\n`);
  }
}
