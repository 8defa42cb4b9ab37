/** `node list|cordon|uncordon|drain|remove`. */

import { nodes } from '../../../api/resources/core.ts';
import { systemClock } from '../../../base/clock.ts';
import { UserError } from '../../../base/user-error.ts';
import type { Client } from '../../../client/client.ts';
import { type Drain, drain, setUnschedulable } from '../../../cluster/draining/drain.ts';
import { removeNode } from '../../../cluster/draining/remove.ts';
import { type Arguments, countOf, durationMs, isSet, textOf, textsOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { renderServerTable } from '../../printers/server-table.ts';
import { listTable } from '../../requests.ts';

type Action = (client: Client, name: string, drainOptions: Drain) => Promise<void>;

const cordon: Action = async (client, name, { out }) => {
  const isNew = await setUnschedulable(client, name, true);
  out.write(`node/${name} ${isNew ? 'cordoned' : 'already cordoned'}\n`);
};

const empty: Action = async (client, name, options) => {
  await cordon(client, name, options);
  await drain(options);
  options.out.write(`node/${name} drained\n`);
};

const actions: Readonly<Record<string, Action>> = {
  cordon,
  async uncordon(client, name, { out }) {
    const isNew = await setUnschedulable(client, name, false);
    out.write(`node/${name} ${isNew ? 'uncordoned' : 'already uncordoned'}\n`);
  },
  drain: empty,
  async remove(client, name, options) {
    await cordon(client, name, options);
    await removeNode({ ...options, ignoreDaemonSets: true, deleteEmptyDirData: true });
    options.out.write(`node/${name} removed\n`);
  },
};

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const verb = textOf(args, 'action') ?? '';
  const names = textsOf(args, 'names');
  if (verb === 'list') {
    const table = await listTable(client, nodes, { namespace: undefined });
    const columns = { wide: true, withNamespace: false, withLabels: false, namePrefix: '' };
    context.out.write(renderServerTable(table, columns));
    return;
  }
  const action = Object.hasOwn(actions, verb) ? actions[verb] : undefined;
  if (action === undefined || names.length === 0)
    throw new UserError('usage: kubecfg node list | cordon NAME… | uncordon NAME… | drain NAME… | remove NAME…');
  const gracePeriodSeconds = textOf(args, 'grace-period') === undefined ? undefined : countOf(args, 'grace-period');
  for (const name of names) {
    await action(client, name, {
      client,
      nodeName: name,
      ignoreDaemonSets: isSet(args, 'ignore-daemonsets'),
      deleteEmptyDirData: isSet(args, 'delete-emptydir-data'),
      force: isSet(args, 'force'),
      gracePeriodSeconds,
      timeoutMs: durationMs(textOf(args, 'timeout') ?? '', '--timeout'),
      clock: systemClock,
      out: context.out,
      signal: context.signal,
    });
  }
}
