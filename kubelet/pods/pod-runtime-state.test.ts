import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PodRuntimeState } from './pod-runtime-state.ts';

describe('what a pod worker tells', () => {
  it('is told at once, and again each minute while it lasts', () => {
    const known = new PodRuntimeState();
    const told = [0, 1_000, 59_000, 60_000, 90_000, 120_000].map((now) => known.isDueToTell('c Error: no image', now));
    assert.deepEqual(told, [true, false, false, true, false, true]);
    assert.equal(known.isDueToTell('c Error: something else', 120_000), true);
  });
});
