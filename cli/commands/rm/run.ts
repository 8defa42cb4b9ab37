/** `rm NAME`: deletes a replication controller, but only one that was stopped. */

import { replicationControllers } from '../../../api/resources/core.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { renderClassicTable } from '../../printers/classic-table.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const key = { namespace: await context.oneNamespace(), name: textOf(args, 'controller') ?? '' };
  const { spec, metadata } = await client.get(replicationControllers, key);
  const replicas = spec?.replicas ?? 0;
  if (replicas !== 0) {
    throw new UserError(
      `controller has non-zero replicas (${replicas}), please stop it first: kubecfg stop ${key.name}`,
    );
  }
  await client.delete(replicationControllers, key, {
    uid: metadata.uid,
    resourceVersion: metadata.resourceVersion,
    propagationPolicy: 'Background',
  });
  context.out.write(renderClassicTable('Status', [{ status: 'Success' }]));
}
