/** Prints one object as the classic verbs do: in the format that was asked for, or else as a classic table. */

import type { KubernetesObject } from '../api/object.ts';
import type { Resource } from '../api/resource.ts';
import type { Arguments } from './arguments.ts';
import { hasClassicTable, renderClassicTable } from './printers/classic-table.ts';
import { structuredPrinter, yamlPrinter } from './printing.ts';
import { withType } from './requests.ts';
import type { Session } from './session.ts';

export async function printOne(
  session: Session,
  args: Arguments,
  kind: Resource,
  object: KubernetesObject,
): Promise<void> {
  const printer = await structuredPrinter(args);
  const typed = withType(kind, object);
  if (printer !== undefined) session.out.write(printer(typed));
  else if (hasClassicTable(kind.kind)) session.out.write(renderClassicTable(kind.kind, [typed]));
  else session.out.write((await yamlPrinter())(typed));
}
