import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import { resourceSlices } from '../../api/resources/resource.ts';
import type { ResourceSlice } from '../../api/types/resource/v1.ts';
import { changedCopy } from '../../client/changed-copy.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { type NodeDevice, nothingToHandOver } from './node-device.ts';
import { planSlices } from './slice-plan.ts';

const node = { name: 'n1', uid: 'node-uid' };
const device = (name: string, rest: Partial<NodeDevice> = {}): NodeDevice => ({
  ...{ name, attributes: {}, capacity: {}, isShared: false, handOver: nothingToHandOver },
  ...rest,
});
const many = (count: number) => Array.from({ length: count }, (_, i) => device(`d-${i}`));

type Slice = Stored<ResourceSlice>;

const stored = ({ metadata, spec }: ResourceSlice, name: string): Slice =>
  storedObject(resourceSlices, { metadata: { ...metadata, name: metadata?.name ?? name }, spec });

/** What the API server has once the plan is done. */
function applied(devices: readonly NodeDevice[], present: readonly Slice[] = []): Slice[] {
  const { create, update, remove } = planSlices({ node, devices, present });
  const isChanged = ({ metadata }: Slice) => [...remove, ...update].some((one) => one.metadata.name === metadata.name);
  return [
    ...present.filter((one) => !isChanged(one)),
    ...update.map((one) => changedCopy<ResourceSlice>(one, {})).map((one) => stored(one, '')),
    ...create.map((one, i) => stored(one, `new-${present.length + i}`)),
  ];
}
const isNoChange = (devices: readonly NodeDevice[], present: readonly Slice[]) => {
  const plan = planSlices({ node, devices, present });
  return Object.values(plan).every((list) => list.length === 0);
};
const poolsOf = (slices: readonly Slice[]) => slices.map(({ spec }) => spec.pool);
const namesOf = (slices: readonly Slice[]) => slices.map(({ spec }) => spec.devices?.map(({ name }) => name));

describe('planSlices', () => {
  it('publishes the devices of claims, and none that are counted by number', () => {
    const memory = { memory: { value: '40Gi', requestPolicy: { default: '10Gi' } } };
    const devices = [
      device('gpu', { isShared: true, capacity: memory, attributes: { model: { string: 'A' } } }),
      device('fuse', { extendedResource: 'example.com/fuse' }),
    ];
    const { create } = planSlices({ node, devices, present: [] });
    assert.deepEqual(create, [
      {
        metadata: {
          generateName: 'n1-docker.longshore.dev-',
          ownerReferences: [{ apiVersion: 'v1', kind: 'Node', name: 'n1', uid: 'node-uid', controller: true }],
        },
        spec: {
          driver: 'docker.longshore.dev',
          nodeName: 'n1',
          pool: { name: 'n1', generation: 1, resourceSliceCount: 1 },
          devices: [
            { name: 'gpu', attributes: { model: { string: 'A' } }, capacity: memory, allowMultipleAllocations: true },
          ],
        },
      },
    ]);
  });

  it('writes nothing when all is said', () => {
    for (const count of [0, 1, 128, 300]) assert.ok(isNoChange(many(count), applied(many(count))), `${count} devices`);
  });

  it('is another generation when anything changes, in all slices of the pool', () => {
    const first = applied(many(200));
    assert.deepEqual(poolsOf(first), Array(2).fill({ name: 'n1', generation: 1, resourceSliceCount: 2 }));
    const second = applied(many(300), first);
    assert.deepEqual(poolsOf(second), Array(3).fill({ name: 'n1', generation: 2, resourceSliceCount: 3 }));
    const third = applied(many(2), second);
    assert.deepEqual(poolsOf(third), [{ name: 'n1', generation: 3, resourceSliceCount: 1 }]);
    assert.deepEqual(namesOf(third), [['d-0', 'd-1']]);
    assert.deepEqual(applied([], third), []);
  });

  it('mends what somebody changed, doubled or deleted', () => {
    const [slice] = applied(many(2));
    assert.ok(slice);
    const other = { ...slice, spec: { ...slice.spec, devices: [{ name: 'x' }] } };
    const double = { ...slice, metadata: { ...slice.metadata, name: 'z-double', uid: 'z-double' } };
    for (const present of [[other], [slice, double], []]) {
      const mended = applied(many(2), present);
      assert.deepEqual(namesOf(mended), [['d-0', 'd-1']]);
      assert.ok(isNoChange(many(2), mended));
    }
  });

  it('makes its slices anew for a node that was made anew', () => {
    const old = applied(many(1));
    const { create, remove } = planSlices({ node: { ...node, uid: 'other' }, devices: many(1), present: old });
    assert.deepEqual(remove, old);
    assert.equal(create[0]?.spec.pool.generation, 2);
  });

  it('mends a pool that was written halfway', () => {
    const [first, second] = applied(many(200));
    assert.ok(first && second);
    const later = { ...second, spec: { ...second.spec, pool: { ...second.spec.pool, generation: 2 } } };
    const mended = applied(many(200), [first, later]);
    assert.deepEqual(poolsOf(mended), Array(2).fill({ name: 'n1', generation: 3, resourceSliceCount: 2 }));
  });
});
