import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { AddressRange } from './address-range.ts';

describe('address range', () => {
  it('leaves out the first and the last address', () => {
    const range = new AddressRange('10.96.0.0/29');
    assert.equal(range.size, 6);
    assert.equal(range.first, '10.96.0.1');
    assert.equal(range.at(5), '10.96.0.6');
    assert.ok(!range.contains('10.96.0.0'));
    assert.ok(!range.contains('10.96.0.7'));
    assert.ok(range.contains('10.96.0.6'));
  });

  it('knows what is no address of it', () => {
    const range = new AddressRange('10.96.0.0/16');
    for (const text of ['', '10.97.0.1', '10.96.0.01', '10.96.0.256', 'fd00::1', '10.96.0'])
      assert.ok(!range.contains(text));
  });

  it('refuses what is no block', () => {
    for (const cidr of ['', '10.96.0.0', '10.96.0.0/31', 'fd00::/64']) assert.throws(() => new AddressRange(cidr));
  });
});
