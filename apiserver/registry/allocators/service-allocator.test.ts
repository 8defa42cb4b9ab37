/** How the tables of addresses and ports are brought back in step with the Services. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../../api/object.ts';
import type { Service } from '../../../api/types/core/v1.ts';
import { silentLogger } from '../../../base/logger.ts';
import { FakeClock } from '../../../base/testing/fake-clock.ts';
import { MemoryStore } from '../../store/testing/memory-store.ts';
import { encodeObject } from '../storage-format.ts';
import { AddressRange } from './address-range.ts';
import { ServiceAllocator } from './service-allocator.ts';

const later = 10 * 60_000;
const portKey = (port: number): string => `/registry/longshore.dev/node-ports/${port}`;
const serviceKey = (name: string): string => `/registry/core/services/default/${name}`;

const service = (name: string, nodePort: number): Stored<Service> => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: { name, namespace: 'default', uid: name, resourceVersion: '', creationTimestamp: '2030-01-01T00:00:00Z' },
  spec: { type: 'NodePort', ports: [{ port: 80, nodePort }] },
});

function given() {
  const store = new MemoryStore();
  const clock = new FakeClock();
  const allocator = new ServiceAllocator({
    ...{ store, clock, logger: silentLogger },
    addresses: new AddressRange('10.96.0.0/24'),
    nodePorts: { first: 30_000, last: 30_100 },
  });
  return { store, clock, allocator };
}

describe('a repair of the allocations', () => {
  it('frees what belongs to no Service, once it is too old to be on its way', async () => {
    const { store, clock, allocator } = given();
    await allocator.allocate(service('lost', 30_001), undefined, false);
    await clock.advance(later);
    await allocator.allocate(service('coming', 30_002), undefined, false);
    const [addresses, ports] = await allocator.repair();
    assert.deepEqual([addresses?.dropped.length, ports?.dropped], [1, ['30001']]);
    assert.notEqual(await store.get(portKey(30_002)), undefined);
  });

  it('leaves what a Service uses, and frees what it uses no more', async () => {
    const { store, clock, allocator } = given();
    const kept = service('kept', 30_001);
    await allocator.allocate(kept, undefined, false);
    await allocator.allocate(service('kept', 30_002), undefined, false);
    await store.create(serviceKey('kept'), encodeObject(kept));
    await clock.advance(later);
    const [, ports] = await allocator.repair();
    assert.deepEqual(ports, { dropped: ['30002'], added: [], disputed: [] });
    assert.deepEqual((await allocator.repair())[1], { dropped: [], added: [], disputed: [] });
  });

  it('allocates what a Service uses, and says whose is not its own', async () => {
    const { store, allocator } = given();
    await allocator.allocate(service('first', 30_001), undefined, false);
    await store.create(serviceKey('second'), encodeObject(service('second', 30_001)));
    await store.create(serviceKey('third'), encodeObject(service('third', 30_003)));
    const [, ports] = await allocator.repair();
    assert.deepEqual(ports, { dropped: [], added: ['30003'], disputed: ['30001'] });
    await assert.rejects(allocator.allocate(service('other', 30_003), undefined, false), { code: 422 });
  });
});
