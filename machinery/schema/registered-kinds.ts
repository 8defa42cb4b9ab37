/** Which kinds the API knows by name, whether or not they may be stored: a body may claim to be any of them. */

import { apiVersionOf } from '../../api/resource.ts';
import { openApiFacts } from './schema.ts';

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

/** Versions that the API no longer serves, but whose objects it still understands as those of today. */
const legacyKinds: ReadonlyMap<string, string> = new Map(
  Object.entries({
    'apps/v1beta1': 'ControllerRevision Deployment Scale StatefulSet',
    'apps/v1beta2': 'ControllerRevision DaemonSet Deployment ReplicaSet Scale StatefulSet',
    'batch/v1beta1': 'CronJob',
    'discovery.k8s.io/v1beta1': 'EndpointSlice',
    'events.k8s.io/v1beta1': 'Event',
    'extensions/v1beta1': 'DaemonSet Deployment Ingress NetworkPolicy ReplicaSet Scale',
    'networking.k8s.io/v1beta1': 'Ingress IngressClass',
    'node.k8s.io/v1beta1': 'RuntimeClass',
    'policy/v1beta1': 'Eviction PodDisruptionBudget',
    'rbac.authorization.k8s.io/v1beta1': 'ClusterRole ClusterRoleBinding Role RoleBinding',
    'scheduling.k8s.io/v1beta1': 'PriorityClass',
    'storage.k8s.io/v1beta1': 'CSIDriver CSINode CSIStorageCapacity StorageClass VolumeAttachment',
  }),
);

/** Whether an object that claims to be `given` can be read as `expected`: the same kind in another version. */
export function isConvertible(given: GroupVersionKind, expected: GroupVersionKind): boolean {
  if (given.kind !== expected.kind) return false;
  // What is served is known, even where the facts have no definition of it.
  if (given.group === expected.group && (given.version === expected.version || isRegistered(given))) return true;
  return legacyKinds.get(apiVersionOf(given))?.split(' ').includes(given.kind) ?? false;
}

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
    return `no kind ${JSON.stringify(given.kind)} is registered for version ${JSON.stringify(apiVersionOf(given))} in scheme "pkg/api/legacyscheme/scheme.go:30"`;
  }
  const internal = expected.group === '' || expected.group === 'events.k8s.io' ? 'core' : expected.group.split('.')[0];
  return `converting (${given.version}.${given.kind}) to (${internal}.${expected.kind}): unknown conversion`;
}
