import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { type PlacedPod, Placement, type Room } from './placement.ts';
import { bestMove, type MoveSituation, planMove } from './rebalance-plan.ts';

const room = (name: string, more: Partial<Room> = {}): Room => ({ name, cpu: 1000, memory: 1000, pods: 10, ...more });
let uid = 0;
const pods = (set: string, node: string, count: number, more: Partial<PlacedPod> = {}): PlacedPod[] =>
  Array.from({ length: count }, () => {
    uid += 1;
    return { uid: String(uid), node, set, cpu: 100, memory: 10, ...more };
  });

describe('a pod is better placed elsewhere', () => {
  const cases: readonly (readonly [title: string, pods: PlacedPod[], gain: number | undefined])[] = [
    ['where its set has fewer', pods('web', 'a', 2), 1],
    ['much fewer', pods('web', 'a', 4), 3],
    ['not for one that is alone', pods('web', 'a', 1, { cpu: 0 }), undefined],
    ['where the node is emptier, with others around it', [...pods('web', 'a', 1), ...pods('db', 'a', 4)], 0],
    ['not where that is no emptier', [...pods('web', 'a', 1), ...pods('db', 'b', 4)], undefined],
    ['not where there is no room', [...pods('web', 'a', 3), ...pods('db', 'b', 1, { cpu: 950 })], undefined],
    ['not where its set has as many', [...pods('web', 'a', 2), ...pods('web', 'b', 2)], undefined],
    ['not for a difference of one', [...pods('web', 'a', 2), ...pods('web', 'b', 1)], undefined],
  ];
  for (const [title, all, gain] of cases)
    it(title, () => {
      const [pod] = all;
      assert.ok(pod);
      assert.equal(new Placement([room('a'), room('b')], all).gainOf(pod, 'b')?.spread, gain);
    });

  it('not on a node that is not there', () => {
    const all = pods('web', 'a', 3);
    assert.equal(all[0] && new Placement([room('a')], all).gainOf(all[0], 'gone'), undefined);
  });

  it('first the pods that are least spread, to the emptiest node', () => {
    const all = [...pods('web', 'a', 2), ...pods('db', 'a', 4), ...pods('log', 'b', 1)];
    const placement = new Placement([room('a'), room('b'), room('c')], all);
    const choice = { candidates: all, targets: ['a', 'b', 'c'], mayGo: () => true };
    const move = bestMove(placement, choice);
    assert.deepEqual([move?.pod.set, move?.to], ['db', 'c']);
    assert.equal(bestMove(placement, { ...choice, mayGo: (_, to) => to === 'b' })?.to, 'b');
    assert.equal(bestMove(placement, { ...choice, mayGo: () => false }), undefined);
  });
});

describe('a move that has begun', () => {
  const well: MoveSituation = { replicas: 2, others: 2, available: 2, isBetter: true, elapsedMs: 0 };
  const cases: readonly (readonly [title: string, change: Partial<MoveSituation>, step: string])[] = [
    ['ends with the eviction when the new pod serves', {}, 'evict'],
    ['waits for the new pod', { others: 1, available: 1, isBetter: undefined }, 'wait'],
    ['waits until it is available', { available: 1 }, 'wait'],
    ['waits for one of the others, too', { others: 2, available: 1, isBetter: true }, 'wait'],
    ['is given up when the workload changes', { replicas: undefined }, 'give up'],
    ['is given up when the scheduler chose a node that is no better', { isBetter: false }, 'give up'],
    ['is given up in the end', { available: 1, elapsedMs: 600_001 }, 'give up'],
    ['also when only a budget keeps it', { elapsedMs: 600_001 }, 'give up'],
  ];
  for (const [title, change, step] of cases) it(title, () => assert.equal(planMove({ ...well, ...change }).type, step));
});
