import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { CidrPool } from './cidr-pool.ts';

describe('cidr pool', () => {
  it('hands out every part once, those that were free for longest first', () => {
    const pool = new CidrPool('10.244.0.0/22', 24);
    pool.occupy('10.244.1.0/24', 'a');
    assert.deepEqual([pool.take('b'), pool.take('c')], ['10.244.0.0/24', '10.244.2.0/24']);
    pool.release('b');
    assert.deepEqual([pool.take('d'), pool.take('e'), pool.take('f')], ['10.244.3.0/24', '10.244.0.0/24', undefined]);
  });

  it('refuses what cannot be divided', () => {
    assert.throws(() => new CidrPool('10.244.0.0/24', 16), /prefix/);
    assert.throws(() => new CidrPool('10.244.0.0.0/24', 26), /Not an IPv4 network/);
  });

  it('takes what is used already, whoever tells, as often as it is told', () => {
    const pool = new CidrPool('10.0.0.0/30', 30);
    pool.occupy('10.0.0.0/30', 'a');
    pool.occupy('10.0.0.0/30', 'a');
    assert.equal(pool.take('b'), undefined);
    pool.release('a');
    assert.equal(pool.take('b'), '10.0.0.0/30');
  });

  const claims: readonly (readonly [claim: string, left: number])[] = [
    ['10.244.8.0/21', 8],
    ['10.244.9.128/25', 15],
    ['10.244.9.77/32', 15],
    ['10.244.0.0/20', 0],
    // None of them is inside, so nobody is given anything for it.
    ...['0.0.0.0/1', '0.0.0.0/0', '10.244.0.0/19', '10.243.255.0/24', '10.244.16.0/24', '127.0.0.0/24'].map(
      (outside) => [outside, 16] as const,
    ),
    ...['fd00::/64', 'nonsense', ''].map((other) => [other, 16] as const),
  ];
  for (const [claim, left] of claims)
    it(`leaves ${left} of 16 parts beside ${claim || 'nothing'}, and all once it is gone`, () => {
      const pool = new CidrPool('10.244.0.0/20', 24);
      const takeAll = (holder: string) => {
        let taken = 0;
        while (pool.take(holder) !== undefined) taken += 1;
        return taken;
      };
      pool.occupy(claim, 'a');
      assert.equal(takeAll('b'), left);
      pool.release('b');
      pool.release('a');
      assert.equal(takeAll('c'), 16);
    });

  it('frees nothing that another still holds', () => {
    const pool = new CidrPool('10.0.0.0/23', 24);
    pool.occupy('10.0.0.0/24', 'a');
    pool.occupy('10.0.0.0/23', 'b');
    pool.release('b');
    assert.deepEqual([pool.take('c'), pool.take('c')], ['10.0.1.0/24', undefined]);
    pool.release('unknown');
    assert.equal(pool.take('c'), undefined);
  });

  it('takes the address of a network for the network', () => {
    const pool = new CidrPool('10.244.9.9/16', 24);
    assert.equal(pool.take('a'), '10.244.0.0/24');
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
      for (let part = pool.take('a'); part !== undefined; part = pool.take('a')) parts.push(part);
      assert.deepEqual(
        [parts.length, parts[0], parts.at(-1)],
        [2 ** (prefix - Number(cidr.split('/')[1])), first, last],
      );
      assert.equal(new Set(parts).size, parts.length);
    });
});
