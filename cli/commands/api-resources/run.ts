/** `api-resources`: what the server serves, as a table. */

import { apiVersionOf } from '../../../api/resource.ts';
import type { CommandContext } from '../../command-context.ts';
import { alignColumns } from '../../printers/columns.ts';
import { preferredResources } from '../../resources.ts';

export async function run(context: CommandContext): Promise<void> {
  const resources = await preferredResources(await context.client());
  const rows = resources.map((resource) => [
    resource.plural,
    resource.shortNames.join(','),
    apiVersionOf(resource),
    String(resource.namespaced),
    resource.kind,
  ]);
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'];
  context.out.write(alignColumns([header, ...rows], { minWidth: 6, padding: 3 }));
}
