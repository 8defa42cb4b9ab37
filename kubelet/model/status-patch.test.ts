import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { mergeConditions, patchOfConditions, replacedList } from './status-patch.ts';

const own = new Set(['Ready', 'Resize']);
const ready = { type: 'Ready', status: 'True' };
const unready = { type: 'Ready', status: 'False', reason: 'ContainersNotReady', message: 'not yet' };
const gate = { type: 'example.com/gate', status: 'False' };

describe('patchOfConditions', () => {
  it('names what is its own, takes back words that are not true any more, and removes what it says no longer', () => {
    assert.deepEqual(patchOfConditions([ready], own), [
      { type: 'Ready', status: 'True', reason: null, message: null },
      { $patch: 'delete', type: 'Resize' },
    ]);
    assert.deepEqual(patchOfConditions([unready, { type: 'Resize', status: 'True' }], own), [
      unready,
      { type: 'Resize', status: 'True', reason: null, message: null },
    ]);
  });
});

describe('replacedList', () => {
  it('is a list that takes the place of another', () => {
    assert.deepEqual(replacedList([{ ip: '10.0.0.1' }]), [{ $patch: 'replace' }, { ip: '10.0.0.1' }]);
  });
});

describe('mergeConditions', () => {
  it('keeps what others said, and of its own only what it says now', () => {
    const present = [unready, gate, { type: 'Resize', status: 'True' }];
    assert.deepEqual(mergeConditions([ready], present, own), [ready, gate]);
  });
});
