import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointSlices } from '../../api/resources/discovery.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { managedByLabel, sliceManager } from './endpoint-slice-plan.ts';
import { computeDeparture, type Departure } from './pod-drain-plan.ts';
import { podOf, serviceOf } from './testing/endpoint-pictures.ts';

/** `terminating` of each endpoint by the uid of its pod. */
const sliceOf = (
  resourceVersion: string,
  endpoints: Readonly<Record<string, boolean>>,
  manager = sliceManager,
): Cached<EndpointSlice> =>
  storedObject(endpointSlices, {
    metadata: { name: `s-${resourceVersion}`, resourceVersion, labels: { [managedByLabel]: manager } },
    addressType: 'IPv4',
    endpoints: Object.entries(endpoints).map(([uid, terminating]) => ({
      addresses: ['10.0.0.1'],
      conditions: { ready: !terminating, serving: true, terminating },
      targetRef: { kind: 'Pod', namespace: 'default', name: uid, uid },
    })),
  });

describe('a pod that ends', () => {
  const ending = podOf('p', { terminating: true });
  const cases: readonly (readonly [string, readonly Cached<EndpointSlice>[], Departure])[] = [
    ['has left when its slice says so', [sliceOf('7', { p: true, q: false })], { type: 'left', revision: 7 }],
    [
      'has not while its slice says that it is ready',
      [sliceOf('7', { p: false })],
      { type: 'pending', services: ['s'] },
    ],
    [
      'has not while one of two slices does',
      [sliceOf('7', { p: true }), sliceOf('8', { p: false })],
      { type: 'pending', services: ['s'] },
    ],
    [
      'has with the newest slice that names it',
      [sliceOf('7', { p: true }), sliceOf('12', { p: true }), sliceOf('99', { q: false })],
      { type: 'left', revision: 12 },
    ],
    [
      'may be about to be written when no slice names it',
      [sliceOf('7', { q: false })],
      { type: 'pending', services: ['s'] },
    ],
    [
      'is not held up by slices of users',
      [sliceOf('7', { p: true }), sliceOf('8', { p: false }, 'me')],
      { type: 'left', revision: 7 },
    ],
  ];
  for (const [title, slices, departure] of cases)
    it(title, () =>
      assert.deepEqual(
        computeDeparture(ending, [serviceOf()], () => slices),
        departure,
      ),
    );

  it('has left nothing where no Service leads to it, or it never had an address', () => {
    const slices = () => [sliceOf('7', { p: false })];
    assert.deepEqual(computeDeparture(ending, [], slices), { type: 'none' });
    assert.deepEqual(computeDeparture(ending, [serviceOf({ selector: { app: 'db' } })], slices), { type: 'none' });
    const addressless = podOf('p', { terminating: true, ips: [] });
    assert.deepEqual(computeDeparture(addressless, [serviceOf()], slices), { type: 'none' });
  });
});
