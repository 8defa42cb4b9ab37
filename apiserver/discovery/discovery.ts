/** Discovery in its legacy form: `/api`, `/apis`, one list for each group and version. Made of the kinds alone. */

import { createHash } from 'node:crypto';
import { apiVersionOf, isSameResource, type Resource, type Subresource } from '../../api/resource.ts';
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
} from '../../api/resources/admissionregistration.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { compareText } from '../../base/compare.ts';
import type { Kind } from '../../kinds/kind.ts';

export interface GroupVersions {
  readonly name: string;
  /** Preferred first. */
  readonly versions: readonly string[];
}

/** Upstream's order: where two groups have a resource of one name, clients take the first. Others follow by name. */
const groupOrder: readonly string[] = [
  'apiregistration.k8s.io',
  'apps',
  'events.k8s.io',
  'authentication.k8s.io',
  'authorization.k8s.io',
  'autoscaling',
  'batch',
  'certificates.k8s.io',
  'networking.k8s.io',
  'policy',
  'rbac.authorization.k8s.io',
  'storage.k8s.io',
  'admissionregistration.k8s.io',
  'apiextensions.k8s.io',
  'scheduling.k8s.io',
  'coordination.k8s.io',
  'node.k8s.io',
  'discovery.k8s.io',
  'resource.k8s.io',
  'flowcontrol.apiserver.k8s.io',
];

const placeOf = (group: string): number => (groupOrder.includes(group) ? groupOrder.indexOf(group) : groupOrder.length);

/** All groups but the core group. */
export function namedGroups(kinds: readonly Kind[]): GroupVersions[] {
  const names = [...new Set(kinds.map((kind) => kind.group))].filter((name) => name !== '');
  return names
    .sort((a, b) => placeOf(a) - placeOf(b) || compareText(a, b))
    .map((name) => ({ name, versions: versionsOf(kinds, name) }));
}

/** `v2` before `v1`, stable before beta before alpha. */
function versionsOf(kinds: readonly Kind[], group: string): string[] {
  const versions = [...new Set(kinds.filter((kind) => kind.group === group).map((kind) => kind.version))];
  return versions.sort((a, b) => rank(b) - rank(a));
}

function rank(version: string): number {
  const [, major = '0', stage, minor = '0'] = /^v(\d+)(?:(alpha|beta)(\d+))?$/.exec(version) ?? [];
  const stability = stage === undefined ? 2 : stage === 'beta' ? 1 : 0;
  return stability * 1e6 + Number(major) * 1e3 + Number(minor);
}

export const apiVersions = (address: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

export function apiGroup({ name, versions }: GroupVersions) {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

export const apiGroupList = (kinds: readonly Kind[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: namedGroups(kinds).map(apiGroup),
});

/** Undefined: there is no such version. */
export function apiResourceList(kinds: readonly Kind[], group: string, version: string): object | undefined {
  const rows = kinds.filter((kind) => kind.group === group && kind.version === version);
  if (rows.length === 0) return undefined;
  return {
    kind: 'APIResourceList',
    ...(group !== '' && { apiVersion: 'v1' }),
    groupVersion: apiVersionOf({ group, version }),
    resources: rows.flatMap((kind) => [
      apiResource(kind),
      ...kind.subresources.filter(({ isHidden }) => !isHidden).map((sub) => apiSubresource(kind, sub)),
    ]),
  };
}

function apiResource(kind: Kind): object {
  return {
    name: kind.plural,
    singularName: kind.singular,
    namespaced: kind.namespaced,
    kind: kind.kind,
    verbs: [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(kind.verbs.includes('watch') && { storageVersionHash: storageVersionHash(kind) }),
  };
}

function apiSubresource(kind: Kind, { name, verbs, body }: Subresource): object {
  return {
    name: `${kind.plural}/${name}`,
    singularName: '',
    namespaced: kind.namespaced,
    ...(body && { group: body.group, version: body.version }),
    kind: body?.kind ?? kind.kind,
    verbs: [...verbs].sort(),
  };
}

/** Kinds that upstream still stores in an older version than it serves. */
const storedInBeta: readonly Resource[] = [
  customResourceDefinitions,
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
];

/** Upstream's recipe: the hash of `group/version/kind` of what is stored. */
function storageVersionHash(kind: Kind): string {
  const { group } = kind.storedAs ?? kind;
  const version = storedInBeta.some((resource) => isSameResource(resource, kind))
    ? 'v1beta1'
    : (kind.storedAs ?? kind).version;
  return createHash('sha256').update(`${group}/${version}/${kind.kind}`).digest().subarray(0, 8).toString('base64');
}
