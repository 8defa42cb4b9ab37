/** Prints one object as the classic verbs do: in the format that was asked for, or else as a classic table. */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { Arguments } from './arguments.ts';
import type { CommandContext } from './command-context.ts';
import { hasClassicTable, renderClassicTable } from './printers/classic-table.ts';
import { structuredPrinter, yamlPrinter } from './printing.ts';
import { withType } from './requests.ts';

export async function printOne(
  context: CommandContext,
  args: Arguments,
  kind: Resource,
  object: KubernetesObject,
): Promise<void> {
  const printer = await structuredPrinter(args);
  const typed = withType(kind, object);
  if (printer !== undefined) context.out.write(printer(typed));
  else if (hasClassicTable(kind.kind)) context.out.write(renderClassicTable(kind.kind, [typed]));
  else context.out.write((await yamlPrinter())(typed));
}
