/** The rebalancer in a thousand random worlds, in which the scheduler puts the new pod where it likes. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Random } from '../../test/soak/random.ts';
import { type PlacedPod, Placement, type Room } from './placement.ts';
import { bestMove, planMove } from './rebalance-plan.ts';

const worlds = 1_000;

interface World {
  readonly rooms: readonly Room[];
  readonly pods: PlacedPod[];
}

function randomWorld(random: Random): World {
  const rooms = Array.from({ length: 2 + random.below(5) }, (_, index) => ({
    name: `n${index}`,
    cpu: 1_000 * (1 + random.below(4)),
    memory: 1_000 * (1 + random.below(4)),
    pods: 5 + random.below(20),
  }));
  // Nodes that came back have nothing.
  const full = rooms.slice(0, 1 + random.below(rooms.length));
  const pods = Array.from({ length: 1 + random.below(30) }, (_, index) => ({
    uid: `p${index}`,
    node: random.pick(full)?.name ?? '',
    set: `s${random.below(6)}`,
    cpu: random.below(4) * 100,
    memory: random.below(4) * 100,
  }));
  return { rooms, pods };
}

const textOf = (pods: readonly PlacedPod[]): string => pods.map(({ uid, node }) => `${uid}@${node}`).join();

/** The sum of the squares of the counts of each set on each node. */
function crowding(pods: readonly PlacedPod[]): number {
  const counts = new Map<string, number>();
  for (const { set, node } of pods) counts.set(`${set}@${node}`, (counts.get(`${set}@${node}`) ?? 0) + 1);
  return [...counts.values()].reduce((sum, count) => sum + count ** 2, 0);
}

describe('rebalancing, in random worlds', () => {
  it('comes to an end, and never to a state in which it was', () => {
    for (let seed = 0; seed < worlds; seed += 1) {
      const random = new Random(seed);
      const { rooms, pods } = randomWorld(random);
      const targets = rooms.map(({ name }) => name);
      const seen = new Set([textOf(pods)]);
      for (let moves = 0; ; moves += 1) {
        assert.ok(moves < 500, `seed ${seed} never ends`);
        const placement = new Placement(rooms, pods);
        const move = bestMove(placement, { candidates: pods, targets, mayGo: () => true });
        if (move === undefined) break;
        const chosen = random.below(3) === 0 ? (random.pick(targets) ?? move.to) : move.to;
        // As the controller does: what is no better is given up, and leaves all as it was.
        const to = placement.gainOf(move.pod, chosen) === undefined ? move.to : chosen;
        const before = crowding(pods);
        pods[pods.indexOf(move.pod)] = { ...move.pod, node: to };
        assert.ok(crowding(pods) <= before, `seed ${seed}: less spread`);
        assert.ok(!seen.has(textOf(pods)), `seed ${seed}: back and forth`);
        seen.add(textOf(pods));
      }
    }
  });

  it('ends with no set that is two pods apart where there is room', () => {
    for (let seed = 0; seed < worlds; seed += 1) {
      const { rooms, pods } = randomWorld(new Random(seed));
      const roomy = rooms.map((room) => ({ ...room, cpu: 1e9, memory: 1e9, pods: 1e9 }));
      const targets = rooms.map(({ name }) => name);
      for (;;) {
        const move = bestMove(new Placement(roomy, pods), { candidates: pods, targets, mayGo: () => true });
        if (move === undefined) break;
        pods[pods.indexOf(move.pod)] = { ...move.pod, node: move.to };
      }
      const placement = new Placement(roomy, pods);
      for (const set of new Set(pods.map((pod) => pod.set))) {
        const counts = targets.map((node) => placement.count(set, node));
        assert.ok(Math.max(...counts) - Math.min(...counts) <= 1, `seed ${seed}: ${set} has ${counts.join()}`);
      }
    }
  });

  it('evicts only while as many as are asked for serve besides', () => {
    const random = new Random(1);
    for (let round = 0; round < 10 * worlds; round += 1) {
      const situation = {
        replicas: random.pick([undefined, 1, 2, 3, 4]),
        others: random.below(6),
        available: random.below(6),
        isBetter: random.pick([undefined, true, false]),
        elapsedMs: random.below(1_200_000),
      };
      if (planMove(situation).type !== 'evict') continue;
      assert.ok(situation.replicas !== undefined && situation.available >= situation.replicas);
      assert.ok(situation.isBetter);
    }
  });
});
