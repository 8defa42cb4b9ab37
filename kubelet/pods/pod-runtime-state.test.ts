import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { PodRuntimeState } from './pod-runtime-state.ts';

describe('what a pod worker knows', () => {
  it('holds sandboxes back, longer each time in a row, until one starts', () => {
    const known = new PodRuntimeState();
    assert.ok(known.sandboxHeldBackMs(0) <= 0);
    known.sandboxFailed(10_000);
    const first = known.sandboxHeldBackMs(10_000);
    known.sandboxFailed(20_000);
    const second = known.sandboxHeldBackMs(20_000);
    assert.ok(first > 0 && first <= 1_000 && second > 1_000 && second <= 2_000, `${first}, ${second}`);
    known.sandboxStarted();
    assert.ok(known.sandboxHeldBackMs(20_000) <= 0);
  });

  it('has volumes looked at each minute, and at once when what they show changed', () => {
    const known = new PodRuntimeState();
    assert.ok(known.volumesDueInMs(0) <= 0);
    known.volumesChecked(5_000);
    assert.equal(known.volumesDueInMs(15_000), 50_000);
    known.volumesOutdated();
    assert.ok(known.volumesDueInMs(15_000) <= 0);
  });

  it('has a container whose hook failed stopped, until it has ended', () => {
    const known = new PodRuntimeState();
    known.hookFailed('c');
    known.stopBegins('c');
    known.stopEnds('c', { done: false });
    assert.deepEqual([...known.stopReasons], [['c', 'PostStartHookFailed']]);
    known.stopEnds('c', { done: true });
    assert.equal(known.stopReasons.size, 0);
  });
});
