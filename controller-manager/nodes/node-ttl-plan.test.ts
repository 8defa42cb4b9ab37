import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { ttlSeconds } from './node-ttl-plan.ts';

describe('how long kubelets may cache', () => {
  const cases: readonly (readonly [nodes: number, seconds: number])[] = [
    [0, 0],
    [100, 0],
    [101, 15],
    [500, 15],
    [501, 30],
    [1000, 30],
    [1001, 60],
    [2000, 60],
    [2001, 300],
  ];
  for (const [count, seconds] of cases)
    it(`${seconds} s in a cluster of ${count}`, () => assert.equal(ttlSeconds(count), seconds));
});
