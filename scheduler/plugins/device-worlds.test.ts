import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { parseQuantity } from '../../api/quantity.ts';
import { deviceClasses, resourceClaims, resourceSlices } from '../../api/resources/resource.ts';
import type { AllocationResult, ResourceClaim } from '../../api/types/resource/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { nodeOf, snapshotOf } from '../testing/pictures.ts';
import { allocateDevices } from './device-allocation.ts';
import { Devices } from './devices.ts';

const driver = 'd';
const gpuClass = storedObject(deviceClasses, { metadata: { name: 'gpu' }, spec: {} });

interface Wish {
  readonly count: number;
  readonly all: boolean;
  readonly gigabytes: number;
  readonly admin: boolean;
}

const wishes = fc.record<Wish>({
  count: fc.integer({ min: 1, max: 3 }),
  all: fc.boolean(),
  gigabytes: fc.integer({ min: 0, max: 8 }),
  admin: fc.oneof({ weight: 5, arbitrary: fc.constant(false) }, fc.constant(true)),
});
const devices = fc.array(fc.record({ shared: fc.boolean(), slots: fc.integer({ min: 0, max: 2 }) }), { maxLength: 5 });
type Action =
  | { readonly type: 'allocate'; readonly wishes: Wish[]; readonly node: number; readonly written: boolean }
  | { readonly type: 'free'; readonly which: number };
const actions = fc.array(
  fc.oneof(
    fc.record<Action & { type: 'allocate' }>({
      type: fc.constant('allocate'),
      wishes: fc.array(wishes, { minLength: 1, maxLength: 2 }),
      node: fc.nat(1),
      written: fc.boolean(),
    }),
    fc.record<Action & { type: 'free' }>({ type: fc.constant('free'), which: fc.nat(10) }),
  ),
  { maxLength: 25 },
);

describe('devices in random worlds', () => {
  it('are never given out twice, nor more of them than they have', () => {
    fc.assert(
      fc.property(devices, devices, actions, (ofN1, ofN2, steps) => {
        const sliceOf = (nodeName: string, all: readonly { shared: boolean; slots: number }[]) =>
          storedObject(resourceSlices, {
            metadata: { name: nodeName },
            spec: {
              ...{ driver, nodeName, pool: { name: nodeName, generation: 1, resourceSliceCount: 1 } },
              sharedCounters: [{ name: 's', counters: { slots: { value: '3' } } }],
              devices: all.map(({ shared, slots }, index) => ({
                name: `g${index}`,
                capacity: { memory: { value: '10Gi' } },
                ...(shared && { allowMultipleAllocations: true }),
                ...(slots > 0 && {
                  consumesCounters: [{ counterSet: 's', counters: { slots: { value: `${slots}` } } }],
                }),
              })),
            },
          });
        const slices = [sliceOf('n1', ofN1), sliceOf('n2', ofN2)];
        const world = new Devices({
          resourceClaims: cacheOf<never>([]),
          resourceSlices: cacheOf(slices),
          deviceClasses: cacheOf([gpuClass]),
        });
        const nodes = [...snapshotOf([nodeOf('n1'), nodeOf('n2')]).nodes()];
        const live = new Map<
          string,
          { allocation: AllocationResult; written: boolean; claim: Cached<ResourceClaim> }
        >();
        for (const [index, step] of steps.entries()) {
          const node = step.type === 'allocate' ? nodes[step.node] : undefined;
          if (step.type === 'allocate' && node !== undefined) {
            const claim = claimOf(`c${index}`, step.wishes);
            const found = allocateDevices([claim], node, world);
            if (typeof found === 'string') continue;
            const allocation = structuredClone(found[0]) as AllocationResult;
            for (const result of allocation.devices?.results ?? [])
              if (result.consumedCapacity) result.shareID = `${index}`;
            world.ledger.assume(claim.metadata.uid, allocation);
            const allocated = {
              ...claim,
              metadata: { ...claim.metadata, resourceVersion: `${index + 2}` },
              status: { allocation },
            };
            if (step.written) world.ledger.written(allocated);
            live.set(claim.metadata.uid, { allocation, written: step.written, claim: allocated });
          } else if (step.type === 'free') {
            const [uid, one] = [...live][step.which % Math.max(1, live.size)] ?? [];
            if (uid === undefined || one === undefined) continue;
            if (one.written) world.ledger.claimChanged({ type: 'deleted', previous: one.claim });
            else world.ledger.forget(uid);
            live.delete(uid);
          }
          check(
            [...live.values()].map(({ allocation }) => allocation),
            slices,
          );
        }
      }),
      { numRuns: 300 },
    );
  });
});

function claimOf(name: string, all: readonly Wish[]) {
  return storedObject(resourceClaims, {
    metadata: { name },
    spec: {
      devices: {
        requests: all.map(({ count, all: everything, gigabytes, admin }, index) => ({
          name: `r${index}`,
          exactly: {
            deviceClassName: 'gpu',
            ...(everything ? { allocationMode: 'All' } : { allocationMode: 'ExactCount', count }),
            ...(gigabytes > 0 && { capacity: { requests: { memory: `${gigabytes}Gi` } } }),
            ...(admin && { adminAccess: true }),
          },
        })),
      },
    },
  });
}

function check(allocations: readonly AllocationResult[], slices: readonly ReturnType<typeof sliceShape>[]): void {
  const results = allocations
    .flatMap(({ devices: given }) => given?.results ?? [])
    .filter(({ adminAccess }) => adminAccess !== true);
  for (const { spec } of slices) {
    let slots = 0;
    for (const device of spec.devices ?? []) {
      const uses = results.filter((one) => one.pool === spec.pool.name && one.device === device.name);
      if (uses.length > 0) slots += Number(device.consumesCounters?.[0]?.counters.slots?.value ?? 0);
      if (device.allowMultipleAllocations !== true)
        assert.ok(uses.length <= 1, `${device.name} is given out ${uses.length} times`);
      const bytes = uses.reduce((sum, one) => sum + parseQuantity(one.consumedCapacity?.memory ?? '0'), 0);
      assert.ok(bytes <= 10 * 2 ** 30, `${device.name} gives ${bytes} bytes`);
    }
    assert.ok(slots <= 3, `${slots} slots`);
  }
}
const sliceShape = () =>
  storedObject(resourceSlices, {
    metadata: { name: '' },
    spec: { driver, pool: { name: '', generation: 1, resourceSliceCount: 1 } },
  });
