/** `list RESOURCE`: as the first kubecfg did it. Resources that it did not know get today's table. */

import { UserError } from '../../../base/user-error.ts';
import { type Arguments, isSet, textOf } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { renderServerTable } from '../../printers/server-table.ts';
import { structuredPrinter } from '../../printing.ts';
import { listAll, listRaw, listTable, type Scope } from '../../requests.ts';
import { parseClassicPath } from '../../resources.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const client = await context.client();
  const { kind, name } = await parseClassicPath(client, textOf(args, 'resource') ?? '');
  if (name !== undefined) throw new UserError(`usage: kubecfg [OPTIONS] list <${kind.plural}>; get shows one object`);
  const scope: Scope = { namespace: await context.namespace(), labelSelector: textOf(args, 'selector') };
  const printer = await structuredPrinter(args);
  if (printer !== undefined) {
    const list = await listRaw(client, kind, scope);
    context.out.write(isSet(args, 'json') ? `${JSON.stringify(list)}\n` : printer(list));
  } else if (hasClassicTable(kind.kind)) {
    context.out.write(renderClassicTable(kind.kind, await listAll(client, kind, scope)));
  } else {
    const table = await listTable(client, kind, scope);
    context.out.write(
      renderServerTable(table, { wide: false, withNamespace: false, withLabels: false, namePrefix: '' }),
    );
  }
}
