/**
 * How the API's ResourceSlices of this node are brought to say what devices there are. All of them are one pool; another
 * content is another generation, so that a scheduler that sees only some of its slices waits for the rest. Pure.
 */

import { isDeepStrictEqual } from 'node:util';
import { kubeletDriver } from '../../api/devices/claims.ts';
import { sortedJson } from '../../api/json-record.ts';
import type { OwnerReference } from '../../api/types/meta/v1.ts';
import type { Device, ResourceSlice } from '../../api/types/resource/v1.ts';
import { sentAsIs } from '../../client/changed-copy.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { NodeDevice } from './node-device.ts';

/** Upstream's bound. */
const mostOfSlice = 128;

export interface SlicePlan {
  readonly create: readonly ResourceSlice[];
  readonly update: readonly Cached<ResourceSlice>[];
  readonly remove: readonly Cached<ResourceSlice>[];
}

export interface SliceQuestion {
  /** With uid: the slices go with it. */
  readonly node: { readonly name: string; readonly uid: string };
  readonly devices: readonly NodeDevice[];
  /** Those of this node and driver that the API has. */
  readonly present: readonly Cached<ResourceSlice>[];
}

export function planSlices({ node, devices, present }: SliceQuestion): SlicePlan {
  const wanted = chunksOf(devices.filter(({ extendedResource }) => extendedResource === undefined).map(apiDeviceOf));
  const own = present.filter(
    ({ metadata, spec }) =>
      spec.pool.name === node.name && metadata.ownerReferences?.some(({ uid }) => uid === node.uid),
  );
  const newest = Math.max(0, ...present.map(({ spec }) => spec.pool.generation));
  const kept = own.toSorted((a, b) => (a.metadata.name < b.metadata.name ? -1 : 1)).slice(0, wanted.length);
  const remove = present.filter((slice) => !kept.includes(slice));
  if (saysAll(wanted, kept)) return { create: [], update: [], remove };
  const spec = (content: readonly Device[]) => ({
    driver: kubeletDriver,
    nodeName: node.name,
    pool: { name: node.name, generation: newest + 1, resourceSliceCount: wanted.length },
    devices: [...content],
  });
  return {
    create: wanted.slice(kept.length).map((content) => ({
      metadata: { generateName: generateName(node.name), ownerReferences: [ownerOf(node)] },
      spec: spec(content),
    })),
    update: kept.map((slice, i) => ({ ...slice, spec: spec(wanted[i] ?? []) })),
    remove,
  };
}

/** All slices are of one generation, complete, and have these devices and nothing else. */
function saysAll(wanted: readonly (readonly Device[])[], kept: readonly Cached<ResourceSlice>[]): boolean {
  const generations = new Set(kept.map(({ spec }) => spec.pool.generation));
  return (
    kept.length === wanted.length &&
    generations.size <= 1 &&
    kept.every(({ spec }) => spec.pool.resourceSliceCount === wanted.length) &&
    isDeepStrictEqual(
      kept.map(({ spec }) => sortedJson(spec.devices ?? [])).toSorted(byFirstDevice),
      wanted.map((content) => sortedJson(content)).toSorted(byFirstDevice),
    )
  );
}

const byFirstDevice = (a: unknown, b: unknown): number => (JSON.stringify(a) < JSON.stringify(b) ? -1 : 1);

const chunksOf = (devices: readonly Device[]): Device[][] =>
  Array.from({ length: Math.ceil(devices.length / mostOfSlice) }, (_, i) =>
    devices.slice(i * mostOfSlice, (i + 1) * mostOfSlice),
  );

const apiDeviceOf = ({ name, attributes, capacity, isShared }: NodeDevice): Device =>
  sentAsIs<Device>({
    name,
    ...(Object.keys(attributes).length > 0 && { attributes }),
    ...(Object.keys(capacity).length > 0 && { capacity }),
    ...(isShared && { allowMultipleAllocations: true }),
  });

/** The server cuts what is too long. */
const generateName = (nodeName: string): string => `${nodeName}-${kubeletDriver}-`;

const ownerOf = ({ name, uid }: SliceQuestion['node']): OwnerReference => ({
  apiVersion: 'v1',
  kind: 'Node',
  name,
  uid,
  controller: true,
});
