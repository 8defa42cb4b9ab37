import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CidrPool } from './cidr-pool.ts';

describe('cidr pool', () => {
  it('hands out every part once, those that were free for longest first', () => {
    const pool = new CidrPool('10.244.0.0/22', 24);
    pool.occupy('10.244.1.0/24');
    pool.occupy('192.168.0.0/24');
    pool.occupy('fd00::/64');
    assert.deepEqual([pool.take(), pool.take()], ['10.244.0.0/24', '10.244.2.0/24']);
    pool.release('10.244.0.0/24');
    assert.deepEqual([pool.take(), pool.take(), pool.take()], ['10.244.3.0/24', '10.244.0.0/24', undefined]);
  });

  it('refuses what cannot be divided', () => {
    assert.throws(() => new CidrPool('10.244.0.0/24', 16), /prefix/);
    assert.throws(() => new CidrPool('10.244.0.0.0/24', 26), /Not an IPv4 network/);
  });

  it('takes what is used already, whoever tells, as often as it is told', () => {
    const pool = new CidrPool('10.0.0.0/30', 30);
    pool.occupy('10.0.0.0/30');
    pool.occupy('10.0.0.0/30');
    assert.equal(pool.take(), undefined);
    pool.release('10.0.0.0/30');
    assert.equal(pool.take(), '10.0.0.0/30');
  });

  it('leaves parts of other networks alone', () => {
    const pool = new CidrPool('10.244.0.0/23', 24);
    for (const other of ['10.243.255.0/24', '10.244.2.0/24', 'fd00::/64', 'nonsense', '']) {
      pool.occupy(other);
      pool.release(other);
    }
    assert.deepEqual([pool.take(), pool.take(), pool.take()], ['10.244.0.0/24', '10.244.1.0/24', undefined]);
  });

  it('takes the address of a network for the network', () => {
    const pool = new CidrPool('10.244.9.9/16', 24);
    assert.equal(pool.take(), '10.244.0.0/24');
  });

  const sizes: readonly (readonly [cidr: string, prefix: number, first: string, last: string])[] = [
    ['10.244.0.0/16', 24, '10.244.0.0/24', '10.244.255.0/24'],
    ['192.168.0.0/24', 26, '192.168.0.0/26', '192.168.0.192/26'],
    ['255.255.255.0/24', 28, '255.255.255.0/28', '255.255.255.240/28'],
    ['10.0.0.0/24', 24, '10.0.0.0/24', '10.0.0.0/24'],
  ];
  for (const [cidr, prefix, first, last] of sizes)
    it(`divides ${cidr} into parts of /${prefix}`, () => {
      const pool = new CidrPool(cidr, prefix);
      const parts: string[] = [];
      for (let part = pool.take(); part !== undefined; part = pool.take()) parts.push(part);
      assert.deepEqual(
        [parts.length, parts[0], parts.at(-1)],
        [2 ** (prefix - Number(cidr.split('/')[1])), first, last],
      );
      assert.equal(new Set(parts).size, parts.length);
    });
});
