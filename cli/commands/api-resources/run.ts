/** `api-resources`: what the server serves, as a table. */

import { apiVersionOf } from '../../../api/resource.ts';
import { alignColumns } from '../../printers/columns.ts';
import { preferredResources } from '../../resources.ts';
import type { Session } from '../../session.ts';

export async function run(session: Session): Promise<void> {
  const resources = await preferredResources(await session.client());
  const rows = resources.map((resource) => [
    resource.plural,
    resource.shortNames.join(','),
    apiVersionOf(resource),
    String(resource.namespaced),
    resource.kind,
  ]);
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'];
  session.out.write(alignColumns([header, ...rows], { minWidth: 6, padding: 3 }));
}
