import assert from 'node:assert/strict';
import { it } from 'node:test';
import { nodes } from '../../api/resources/core.ts';
import { formatMicroTime } from '../../api/time.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { ClockSkews, clockSkewCondition, computeSkewCondition } from './clock-skew.ts';

const now = Date.UTC(2030, 0, 1);

it('a clock is wrong when three heartbeats in a row say so, and right again likewise', () => {
  const skews = new ClockSkews();
  const beat = (second: number, skewSeconds: number) =>
    skews.note('a', formatMicroTime(now + (second + skewSeconds) * 1000), now + second * 1000);
  const found = [beat(0, 3600), beat(10, 3600), beat(20, 3600), beat(30, 3600), beat(40, 0), beat(50, 0), beat(60, 1)];
  assert.deepEqual(found, [false, false, true, false, false, false, true]);
  assert.equal(skews.skewMsOf('a')?.skewed, false);
  assert.equal(skews.note('a', formatMicroTime(now + 61_000), now + 900_000), false, 'the same heartbeat, seen again');
  skews.forget('a');
  assert.equal(skews.skewMsOf('a'), undefined);
});

it('one heartbeat that was late says nothing', () => {
  const skews = new ClockSkews();
  for (const [second, late] of [0, 0, 60, 0, 60, 0].entries()) {
    const said = formatMicroTime(now + second * 10_000 - late * 1000);
    skews.note('a', said, now + second * 10_000);
  }
  assert.equal(skews.skewMsOf('a'), undefined);
});

it('only a node whose clock was once wrong has a condition, which changes when that does', () => {
  const node = (status?: string) =>
    storedObject(nodes, {
      metadata: { name: 'a' },
      status: { conditions: status === undefined ? [] : [{ type: clockSkewCondition, status }] },
    });
  const ahead = { skewed: true, skewMs: 86_400_000 };
  const right = { skewed: false, skewMs: 12 };
  assert.equal(computeSkewCondition(node(), right, now), undefined);
  assert.equal(computeSkewCondition(node('True'), ahead, now), undefined);
  assert.equal(computeSkewCondition(node('True'), right, now)?.status, 'False');
  const told = computeSkewCondition(node(), ahead, now);
  assert.equal(told?.message, "The node's clock is about 86400 s ahead of the control plane's");
});
