import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { Stored } from '../../api/object.ts';
import type { Endpoint, EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { endpointsPerSlice, planSlices, type SliceContent } from './slice-plan.ts';

const http = [{ name: 'http', protocol: 'TCP', port: 80 }];
const other = [{ name: 'http', protocol: 'TCP', port: 81 }];

const endpoint = (id: number, ready = true): Endpoint => ({
  addresses: [`10.0.${Math.floor(id / 250)}.${id % 250}`],
  conditions: { ready },
  targetRef: { kind: 'Pod', uid: `uid-${id}` },
});
const range = (from: number, to: number): Endpoint[] => Array.from({ length: to - from }, (_, i) => endpoint(from + i));

function slice(name: string, endpoints: Endpoint[], ports = http): Stored<EndpointSlice> {
  const metadata = { name, uid: name, resourceVersion: '1', creationTimestamp: '' };
  return { apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', metadata, addressType: 'IPv4', endpoints, ports };
}

const shape = (existing: Cached<EndpointSlice>[], endpoints: Endpoint[], ports = http) => {
  const plan = planSlices(existing, [{ ports, endpoints }]);
  return {
    create: plan.create.map((content) => content.endpoints.length),
    update: plan.update.map(({ slice: { metadata }, content }) => `${metadata.name}: ${content.endpoints.length}`),
    delete: plan.delete.map(({ metadata }) => metadata.name),
  };
};

describe('slice plan', () => {
  it('writes nothing when nothing changed', () => {
    assert.deepEqual(shape([slice('a', range(0, 5))], range(0, 5)), { create: [], update: [], delete: [] });
  });

  it('starts with full slices and a rest', () => {
    assert.deepEqual(shape([], range(0, 250)), { create: [100, 100, 50], update: [], delete: [] });
  });

  it('makes one empty slice for a Service without endpoints, and keeps it', () => {
    const plan = planSlices([], []);
    assert.deepEqual(plan.create, [{ ports: [], endpoints: [] }]);
    assert.deepEqual(shape([slice('a', [], [])], []), { create: [], update: [], delete: [] });
  });

  it('fills the empty slice when the first endpoint comes, and empties the last when the last goes', () => {
    assert.deepEqual(shape([slice('a', [], [])], range(0, 1)), { create: [], update: ['a: 1'], delete: [] });
    assert.deepEqual(shape([slice('a', range(0, 1))], []), { create: [], update: ['a: 0'], delete: [] });
  });

  it('puts new endpoints where there is room', () => {
    const existing = [slice('full', range(0, 100)), slice('half', range(100, 150))];
    assert.deepEqual(shape(existing, range(0, 151)), { create: [], update: ['half: 51'], delete: [] });
  });

  it('prefers a slice that is written anyway', () => {
    const existing = [slice('a', range(0, 50)), slice('b', range(50, 100))];
    const desired = [...range(0, 50), ...range(51, 101)];
    assert.deepEqual(shape(existing, desired), { create: [], update: ['b: 50'], delete: [] });
  });

  it('deletes a slice that is empty', () => {
    const existing = [slice('a', range(0, 3)), slice('b', range(3, 6))];
    assert.deepEqual(shape(existing, range(0, 3)), { create: [], update: [], delete: ['b'] });
  });

  it('uses the slices of old ports for new ones', () => {
    assert.deepEqual(shape([slice('a', range(0, 3))], range(0, 3), other), {
      create: [],
      update: ['a: 3'],
      delete: [],
    });
  });

  it('always ends with exactly what is desired, in slices that are not too large', () => {
    const ids = fc.uniqueArray(fc.nat(400), { maxLength: 350 });
    fc.assert(
      fc.property(ids, ids, fc.nat(3), (before, after, seed) => {
        const chunks: Endpoint[][] = [];
        before.forEach((id, i) => {
          const at = (i * (seed + 1)) % 5;
          chunks[at] = [...(chunks[at] ?? []), endpoint(id)];
        });
        const existing = chunks.filter(Boolean).map((chunk, i) => slice(`s${i}`, chunk.slice(0, endpointsPerSlice)));
        const plan = planSlices(existing, [{ ports: http, endpoints: after.map((id) => endpoint(id, false)) }]);
        const result = new Map<string, SliceContent['endpoints']>();
        for (const { metadata, endpoints = [] } of existing) result.set(metadata.name, endpoints);
        for (const { slice: old, content } of plan.update) result.set(old.metadata.name, content.endpoints);
        for (const { metadata } of plan.delete) result.delete(metadata.name);
        plan.create.forEach((content, i) => {
          result.set(`new${i}`, content.endpoints);
        });
        const all = [...result.values()];
        const uids = all.flat().map(({ targetRef }) => targetRef?.uid);
        assert.deepEqual([...uids].sort(), after.map((id) => `uid-${id}`).sort());
        assert.ok(all.every((endpoints) => endpoints.length <= endpointsPerSlice));
        assert.ok(result.size > 0);
      }),
      { numRuns: 60 },
    );
  });
});
