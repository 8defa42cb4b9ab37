/** `api-resources`: what the server serves, as a table. */

import { apiVersionOf } from '../../api/resource.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { alignColumns } from '../printers/columns.ts';
import { discoverKinds } from '../resources.ts';
import type { Session } from '../session.ts';

export async function run(session: Session): Promise<void> {
  const custom = await discoverKinds(await session.client());
  const rows = [...kinds, ...custom].map((kind) => [
    kind.plural,
    kind.shortNames.join(','),
    apiVersionOf(kind),
    String(kind.namespaced),
    kind.kind,
  ]);
  const header = ['NAME', 'SHORTNAMES', 'APIVERSION', 'NAMESPACED', 'KIND'];
  session.out.write(alignColumns([header, ...rows], { minWidth: 6, padding: 3 }));
}
