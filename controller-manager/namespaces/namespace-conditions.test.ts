import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { computeNamespaceConditions } from './namespace-conditions.ts';

const now = Date.UTC(2030, 0, 2);
const configMaps = {
  kind: { plural: 'configmaps', group: '' },
  objects: [
    { metadata: { finalizers: ['example.com/f'] } },
    { metadata: { finalizers: ['example.com/f', 'example.com/g'] } },
  ],
};

describe('conditions of a namespace that goes', () => {
  it('name what is left and which finalizers hold it', () => {
    const conditions = computeNamespaceConditions([], { leftovers: [configMaps], failures: [], now });
    const message = (type: string) => conditions.find((condition) => condition.type === type)?.message;
    assert.equal(
      message('NamespaceContentRemaining'),
      'Some resources are remaining: configmaps. has 2 resource instances',
    );
    assert.equal(
      message('NamespaceFinalizersRemaining'),
      'Some content in the namespace has finalizers remaining: ' +
        'example.com/f in 2 resource instances, example.com/g in 1 resource instances',
    );
  });

  it('keep their time while they say the same', () => {
    const first = computeNamespaceConditions([], { leftovers: [configMaps], failures: [], now });
    const second = computeNamespaceConditions(first, { leftovers: [configMaps], failures: [], now: now + 60_000 });
    assert.deepEqual(second, first);
    const third = computeNamespaceConditions(first, { leftovers: [], failures: ['no'], now: now + 60_000 });
    const changed = third.filter(({ lastTransitionTime }) => lastTransitionTime !== '2030-01-02T00:00:00Z');
    assert.equal(changed.length, 3);
  });

  it('leave those of others as they are', () => {
    const other = { type: 'example.com/Archived', status: 'True', lastTransitionTime: '2030-01-01T00:00:00Z' };
    const conditions = computeNamespaceConditions([other], { leftovers: [], failures: [], now });
    assert.deepEqual(conditions[0], other);
    assert.equal(conditions.length, 6);
  });
});
