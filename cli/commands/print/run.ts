/** `print -c FILE`: shows what a file holds, without asking any server. */

import type { Arguments } from '../../arguments.ts';
import { readConfig } from '../../given-manifest.ts';
import { hasClassicTable, renderClassicTable } from '../../printers/classic-table.ts';
import { structuredPrinter, yamlPrinter } from '../../printing.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session, args: Arguments): Promise<void> {
  const manifest = await readConfig(args);
  const printer = await structuredPrinter(args);
  if (printer !== undefined) session.out.write(printer(manifest));
  else if (hasClassicTable(manifest.kind)) session.out.write(renderClassicTable(manifest.kind, [manifest]));
  else session.out.write((await yamlPrinter())(manifest));
}
