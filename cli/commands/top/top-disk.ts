/** `top disk NODE`: what takes the disk of a node, as its kubelet says it. */

import { nodes, pods } from '../../../api/resources/core.ts';
import type { Node } from '../../../api/types/core/v1.ts';
import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { listAll } from '../../requests.ts';
import { computeDiskTables } from './disk-table.ts';

const columns = { minWidth: 6, padding: 3 };

export async function topDisk(context: CommandContext, args: Arguments): Promise<void> {
  const name = textOf(args, 'name');
  if (name === undefined) throw new UserError('error: the name of a node is required: top disk NODE');
  const client = await context.client();
  const node = await client.get<Node>(nodes, { name });
  const path = `/api/v1/nodes/${encodeURIComponent(name)}/proxy/stats/summary`;
  const [{ text }, found] = await Promise.all([
    client.raw('GET', path),
    listAll(client, pods, { namespace: undefined, fieldSelector: `spec.nodeName=${name}` }),
  ]);
  const summary: unknown = JSON.parse(text);
  const tables = computeDiskTables({ summary, node, pods: found, each: isSet(args, 'containers') });
  const shown = [tables.fileSystems, tables.pods, tables.images].map((rows) =>
    alignColumns(isSet(args, 'no-headers') ? rows.slice(1) : rows, columns),
  );
  context.out.write(shown.join('\n'));
}
