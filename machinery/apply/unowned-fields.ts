/** Fields that no manager ever owns: what identifies an object, and what a write through this endpoint cannot change. */

import type { DescribedResource } from '../schema/described-resource.ts';
import { type FieldSet, setOfAll } from './field-set.ts';

const metadataFields = [
  'name',
  'namespace',
  'creationTimestamp',
  'selfLink',
  'uid',
  'clusterName',
  'generation',
  'managedFields',
  'resourceVersion',
];

/** Taken out of every set, whatever the kind. */
export const identityFields: FieldSet = setOfAll([
  ['f:apiVersion'],
  ['f:kind'],
  ['f:metadata'],
  ...metadataFields.map((name) => ['f:metadata', `f:${name}`]),
]);

const spec = ['f:spec'];
const status = ['f:status'];
const labels = ['f:metadata', 'f:labels'];

/** Kinds whose `/status` also keeps other parts of the object as they are. */
const keptByStatus: Readonly<Record<string, readonly (readonly string[])[]>> = {
  deployments: [labels],
  pods: [
    ['f:metadata', 'f:deletionTimestamp'],
    ['f:metadata', 'f:ownerReferences'],
  ],
};

const statusOfMain = setOfAll([status]);
/** A signing request is what was asked once. */
const allOfMain: Readonly<Record<string, FieldSet>> = { certificatesigningrequests: setOfAll([spec, status]) };
const none: FieldSet = {};
const bySubresource = new Map<string, FieldSet>();

/** What a write to this kind and subresource leaves alone, and therefore does not own. Sets of whole subtrees. */
export function untouchedFields(
  { plural, subresources }: DescribedResource,
  subresource: string | undefined,
): FieldSet {
  const hasStatus = subresources.some(({ name }) => name === 'status');
  if (!hasStatus) return none;
  if (subresource === 'scale') return none;
  if (subresource !== 'status') return allOfMain[plural] ?? statusOfMain;
  let set = bySubresource.get(plural);
  if (set === undefined) {
    set = setOfAll([spec, ...(keptByStatus[plural] ?? [])]);
    bySubresource.set(plural, set);
  }
  return set;
}
