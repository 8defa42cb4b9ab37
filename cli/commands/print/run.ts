/** `print -c FILE`: shows what a file holds, without asking any server. */

import type { Arguments } from '../../arguments.ts';
import type { CommandContext } from '../../command-context.ts';
import { readConfig } from '../../given-manifest.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { structuredPrinter, yamlPrinter } from '../../printing.ts';

export async function run(context: CommandContext, args: Arguments): Promise<void> {
  const manifest = await readConfig(args);
  const printer = await structuredPrinter(args);
  if (printer !== undefined) context.out.write(printer(manifest));
  else if (hasClassicTable(manifest.kind)) context.out.write(renderClassicTable(manifest.kind, [manifest]));
  else context.out.write((await yamlPrinter())(manifest));
}
