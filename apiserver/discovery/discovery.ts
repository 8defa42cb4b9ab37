/** Discovery in its legacy form: `/api`, `/apis`, one list for each group and version. Made of the kinds alone. */

import { createHash } from 'node:crypto';
import { apiVersionOf, isSameResource, type Resource, type Subresource } from '../../api/resource.ts';
import {
  mutatingAdmissionPolicies,
  mutatingAdmissionPolicyBindings,
} from '../../api/resources/admissionregistration.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { GroupVersions } from './served-apis.ts';

export const apiVersions = (address: string) => ({
  kind: 'APIVersions',
  versions: ['v1'],
  serverAddressByClientCIDRs: [{ clientCIDR: '0.0.0.0/0', serverAddress: address }],
});

export function apiGroup({ name, versions }: GroupVersions) {
  const all = versions.map((version) => ({ groupVersion: `${name}/${version}`, version }));
  return { name, versions: all, preferredVersion: all[0] };
}

export const apiGroupList = (groups: readonly GroupVersions[]) => ({
  kind: 'APIGroupList',
  apiVersion: 'v1',
  groups: groups.map(apiGroup),
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
    verbs: kind.toldVerbs ?? [...kind.verbs].sort(),
    ...(kind.shortNames.length > 0 && { shortNames: kind.shortNames }),
    ...(kind.categories.length > 0 && { categories: kind.categories }),
    ...(hasStorageHash(kind) && { storageVersionHash: storageVersionHash(kind) }),
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

/** Of a custom kind, that of the version that is stored. */
const hasStorageHash = ({ verbs, version, conversion }: Kind): boolean =>
  verbs.includes('watch') && (conversion === undefined || conversion.storageVersion === version);

/** Upstream's recipe: the hash of `group/version/kind` of what is stored. */
function storageVersionHash(kind: Kind): string {
  const { group } = kind.storedAs ?? kind;
  const version = storedInBeta.some((resource) => isSameResource(resource, kind))
    ? 'v1beta1'
    : (kind.storedAs ?? kind).version;
  return createHash('sha256').update(`${group}/${version}/${kind.kind}`).digest().subarray(0, 8).toString('base64');
}
