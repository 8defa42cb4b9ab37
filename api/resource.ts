/**
 * The identity of a resource: where its objects are, and what they are. All that a client needs to read and write
 * objects of a kind with their own type; what the API server knows beyond it is a `Kind`.
 */

import type { KubernetesObject } from './object.ts';

/** Carries the type of the objects; there is no such member. */
declare const objectType: unique symbol;

/** What says of which type objects are. */
export interface ObjectsOf<T extends KubernetesObject> {
  readonly [objectType]?: T;
}

export interface Resource<T extends KubernetesObject = KubernetesObject> extends ObjectsOf<T> {
  /** Empty for the core group. */
  readonly group: string;
  readonly version: string;
  readonly kind: string;
  /** Lower-case plural: the resource's name in URLs. */
  readonly plural: string;
  readonly namespaced: boolean;
}

export type Verb = 'create' | 'delete' | 'deletecollection' | 'get' | 'list' | 'patch' | 'update' | 'watch';

export const allVerbs: readonly Verb[] = [
  'create',
  'delete',
  'deletecollection',
  'get',
  'list',
  'patch',
  'update',
  'watch',
];

export interface Subresource {
  /** `status`, `scale`, `binding`, `log` … */
  readonly name: string;
  readonly verbs: readonly Verb[];
  /** The kind of its bodies when that is not the parent's own, for instance autoscaling/v1 Scale. */
  readonly body?: { readonly group: string; readonly version: string; readonly kind: string };
}

/** What discovery says of a resource, and what people may call it. */
export interface ServedResource<T extends KubernetesObject = KubernetesObject> extends Resource<T> {
  readonly singular: string;
  readonly shortNames: readonly string[];
  readonly categories: readonly string[];
  readonly verbs: readonly Verb[];
  readonly subresources: readonly Subresource[];
}

/** Namespaced unless said otherwise. */
export function resource<T extends KubernetesObject>(
  identity: Omit<Resource<T>, 'namespaced'> & { readonly namespaced?: boolean },
): Resource<T> {
  return { namespaced: true, ...identity };
}

export type GroupVersion = Pick<Resource, 'group' | 'version'>;

type GroupResource = Pick<Resource, 'group' | 'plural'>;

/** Whether both are one resource, whatever the version. A custom resource may share the plural of another group's. */
export const isSameResource = (a: GroupResource, b: GroupResource): boolean =>
  a.plural === b.plural && a.group === b.group;

/** `v1`, `apps/v1`. */
export const apiVersionOf = ({ group, version }: GroupVersion): string =>
  group === '' ? version : `${group}/${version}`;

/** `deployments.apps`, or `pods` of the core group; of a kind: `Deployment.apps`. */
export const qualifiedName = (name: string, group: string): string => (group === '' ? name : `${name}.${group}`);

/** Where a version of a group is served: `/api/v1`, `/apis/apps/v1`. */
export const apiPathOf = (version: GroupVersion): string =>
  `/${version.group === '' ? 'api' : 'apis'}/${apiVersionOf(version)}`;

/** A key that two resources have in common only if they are one, in one version. */
export const resourceKeyOf = ({ group, version, plural }: GroupVersion & GroupResource): string =>
  `${group}/${version}/${plural}`;

/** `apps/v1` as its group and version, either of which may be empty; undefined for what has more parts. */
export function parseApiVersion(apiVersion: string): GroupVersion | undefined {
  const slash = apiVersion.indexOf('/');
  if (slash < 0) return { group: '', version: apiVersion };
  if (apiVersion.includes('/', slash + 1)) return undefined;
  return { group: apiVersion.slice(0, slash), version: apiVersion.slice(slash + 1) };
}
