import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Node } from '../../api/types/core/v1.ts';
import { AddressOrder, formOf } from './address-order.ts';

const at = (...addresses: string[]): Node => ({
  status: { addresses: addresses.map((address) => ({ type: 'InternalIP', address })) },
});

describe('who had an address first', () => {
  it('keeps it while he has it, and the next one has it then', () => {
    const order = new AddressOrder();
    order.begin();
    order.saw('b', at('10.0.0.2'));
    order.saw('a', at('10.0.0.1', '10.0.0.2'));
    const others = () => ['a', 'b'].map((name) => order.isAnothers('10.0.0.2', name));
    assert.deepEqual(others(), [true, false]);
    order.saw('b', at('10.0.0.2'));
    assert.deepEqual(others(), [true, false]);
    order.saw('b', at('10.0.0.7'));
    order.saw('b', at('10.0.0.2'));
    assert.deepEqual(others(), [false, true]);
    order.saw('a', undefined);
    assert.deepEqual(others(), [true, false]);
  });

  it('is not known of what was there before: nobody has it', () => {
    const order = new AddressOrder();
    order.saw('a', at('10.0.0.1'));
    order.saw('b', at('10.0.0.1', '10.0.0.2'));
    order.begin();
    order.saw('c', at('10.0.0.2'));
    const others = (address: string) => ['a', 'b', 'c'].map((name) => order.isAnothers(address, name));
    assert.deepEqual(others('10.0.0.1'), [true, true, true]);
    assert.deepEqual(others('10.0.0.2'), [true, false, true]);
    assert.deepEqual(others('10.0.0.3'), [false, false, false]);
  });

  it('has its name from the first', () => {
    const order = new AddressOrder();
    order.begin();
    order.saw('w2', at());
    order.saw('w1', at('w2'));
    assert.deepEqual([order.isAnothers('w2', 'w1'), order.isAnothers('w2', 'w2')], [true, false]);
  });

  it('may be written in other ways', () => {
    const same = [
      ['10.0.0.2', '::ffff:10.0.0.2'],
      ['2001:db8::1', '2001:DB8:0:0::1'],
      ['w2.lan', 'W2.lan.'],
    ] as const;
    for (const [one, other] of same) assert.equal(formOf(one), formOf(other));
    assert.notEqual(formOf('::10.0.0.2'), formOf('::ffff:10.0.0.2'));
  });
});
