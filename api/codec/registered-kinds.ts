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

/** Definition of each kind, by `group/version/kind`; group versions are there too, without one. */
let registered: ReadonlyMap<string, string> | undefined;

export function isRegistered({ group, version, kind }: GroupVersionKind): boolean {
  registered ??= readRegistered();
  return (
    registered.has(`${group}/${version}/${kind}`) || (metaKinds.has(kind) && registered.has(`${group}/${version}`))
  );
}

/** The definition of a kind in the OpenAPI facts. */
export function definitionOfKind({ group, version, kind }: GroupVersionKind): string | undefined {
  registered ??= readRegistered();
  return registered.get(`${group}/${version}/${kind}`);
}

function readRegistered(): Map<string, string> {
  const names = new Map<string, string>();
  for (const [definition, { gvk }] of Object.entries(openApiFacts().definitions)) {
    if (gvk === undefined) continue;
    names.set(gvk.join('/'), definition);
    names.set(gvk.slice(0, 2).join('/'), '');
  }
  return names;
}

/** Why an object of one kind cannot be taken for another, in upstream's words. */
export function conversionProblem(given: GroupVersionKind, expected: GroupVersionKind): string {
  if (!isRegistered(given)) {
    const apiVersion = given.group === '' ? given.version : `${given.group}/${given.version}`;
    return `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(apiVersion)} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  }
  const internal = expected.group === '' || expected.group === 'events.k8s.io' ? 'core' : expected.group.split('.')[0];
  return `converting (${given.version}.${given.kind}) to (${internal}.${expected.kind}): unknown conversion`;
}
