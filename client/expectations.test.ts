import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FakeClock } from '../base/testing/fake-clock.ts';
import { Expectations } from './expectations.ts';

describe('expectations', () => {
  it('are fulfilled when every creation and deletion was seen', () => {
    const expectations = new Expectations(new FakeClock());
    assert.ok(expectations.fulfilled('a'));
    expectations.expectCreations('a', 2);
    expectations.expectDeletions('a', ['u1', 'u2']);
    expectations.observedCreation('a');
    expectations.observedDeletion('a', 'u1');
    expectations.observedDeletion('a', 'u1');
    expectations.observedCreation('a');
    assert.ok(!expectations.fulfilled('a'));
    expectations.observedDeletion('a', 'u2');
    assert.ok(expectations.fulfilled('a'));
  });

  it('do not count what was not expected', () => {
    const expectations = new Expectations(new FakeClock());
    expectations.observedCreation('a');
    expectations.expectCreations('a', 1);
    assert.ok(!expectations.fulfilled('a'));
    assert.ok(expectations.fulfilled('b'));
  });

  it('are given up after their time', async () => {
    const clock = new FakeClock();
    const expectations = new Expectations(clock, 1000);
    expectations.expectCreations('a', 1);
    await clock.advance(999);
    assert.ok(!expectations.fulfilled('a'));
    await clock.advance(1);
    assert.ok(expectations.fulfilled('a'));
  });
});
