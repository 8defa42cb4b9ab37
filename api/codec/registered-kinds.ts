/** Which kinds the API knows by name, whether or not they may be stored: a body may claim to be any of them. */

import { openApiFacts } from '../schema/schema.ts';

export interface GroupVersionKind {
  readonly group: string;
  readonly version: string;
  readonly kind: string;
}

/** Kinds of the meta group, which stand beside the others in every version. */
const metaKinds = new Set([
  'CreateOptions',
  'DeleteOptions',
  'GetOptions',
  'ListOptions',
  'PatchOptions',
  'UpdateOptions',
  'WatchEvent',
]);

let registered: ReadonlySet<string> | undefined;

export function isRegistered({ group, version, kind }: GroupVersionKind): boolean {
  registered ??= readRegistered();
  return (
    registered.has(`${group}/${version}/${kind}`) || (metaKinds.has(kind) && registered.has(`${group}/${version}`))
  );
}

function readRegistered(): Set<string> {
  const names = new Set<string>();
  for (const { gvk } of Object.values(openApiFacts().definitions)) {
    if (gvk === undefined) continue;
    names.add(gvk.join('/'));
    names.add(gvk.slice(0, 2).join('/'));
  }
  return names;
}
