import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import type { RolloutBounds } from './rollout-bounds.ts';
import { planRollingUpdate, planStoppingOld, type Resize } from './rollout-plan.ts';
import { pictureSet, type SetPicture } from './testing/deployment-pictures.ts';

const told = (resizes: readonly Resize[]) => resizes.map(({ set, from, to }) => `${set.metadata.name} ${from}→${to}`);
const bounds = (replicas: number, maxSurge: number, maxUnavailable: number) => ({ replicas, maxSurge, maxUnavailable });

describe('a step of a rolling update', () => {
  const cases: readonly (readonly [
    title: string,
    bounds: RolloutBounds,
    current: SetPicture,
    old: SetPicture[],
    steps: string[],
  ])[] = [
    ['the new set grows first', bounds(10, 3, 2), { size: 0 }, [{ size: 10 }], ['new 0→3']],
    ['then old pods go', bounds(10, 3, 2), { size: 3, available: 0 }, [{ size: 10 }], ['old0 10→8']],
    ['nothing moves while new pods are not available', bounds(10, 3, 2), { size: 5, available: 0 }, [{ size: 8 }], []],
    ['one for each that is', bounds(10, 3, 2), { size: 5, available: 1 }, [{ size: 8 }], ['old0 8→7']],
    ['a new set that is too large shrinks', bounds(2, 1, 0), { size: 5 }, [], ['new 5→2']],
    ['no surge: an old one goes first', bounds(4, 0, 1), { size: 0 }, [{ size: 4 }], ['old0 4→3']],
    [
      'pods that do not serve go first',
      bounds(4, 1, 1),
      { size: 1, available: 0 },
      [{ size: 4, available: 2 }],
      ['old0 4→3'],
    ],
    [
      'of several old sets, the oldest first',
      bounds(4, 1, 1),
      { size: 2, available: 2 },
      [{ size: 2 }, { size: 1 }],
      ['old0 2→0'],
    ],
    [
      'a status from before a set shrank does not count twice',
      bounds(10, 3, 2),
      { size: 5, available: 1 },
      [{ size: 8, available: 10 }],
      ['old0 8→7'],
    ],
    ['done', bounds(4, 1, 1), { size: 4 }, [{ size: 0 }], []],
    ['none are wanted', bounds(0, 0, 0), { size: 0 }, [{ size: 3 }], ['old0 3→0']],
  ];
  for (const [title, limits, current, old, steps] of cases)
    it(title, () => {
      const sets = old.map((picture, i) => pictureSet(`old${i}`, picture));
      assert.deepEqual(told(planRollingUpdate({ current: pictureSet('new', current), old: sets }, limits)), steps);
    });

  it('Recreate stops all old ones at once', () => {
    const old = [pictureSet('a', { size: 3 }), pictureSet('b'), pictureSet('c', { size: 1 })];
    assert.deepEqual(told(planStoppingOld(old)), ['a 3→0', 'c 1→0']);
  });
});

/** A set as it is, and what its status tells, which may be older. */
interface World {
  size: number;
  pods: number;
  available: number;
  told: number;
}

describe('whatever happens in a rollout', () => {
  const world = fc.record({ size: fc.nat(12), missing: fc.nat(12) });
  const scenario = fc.record({
    replicas: fc.nat(12),
    maxSurge: fc.nat(5),
    maxUnavailable: fc.nat(5),
    old: fc.array(world, { maxLength: 4 }),
    current: world,
    happenings: fc.array(fc.record({ set: fc.nat(4), what: fc.constantFrom('pods', 'ready', 'status', 'plan') }), {
      maxLength: 60,
    }),
  });

  const begin = ({ size, missing }: { size: number; missing: number }): World => {
    const available = Math.max(0, size - missing);
    return { size, pods: size, available, told: available };
  };
  const asSet = ({ size, told: available }: World, name: string) => pictureSet(name, { size, available });
  const sum = (worlds: readonly World[], of: (world: World) => number) => worlds.reduce((all, w) => all + of(w), 0);
  /** What is left once the ReplicaSet controller has done what is asked for: it takes those that do not serve first. */
  const serving = ({ size, available }: World) => Math.min(size, available);
  /** Of them those that the status tells of: a pod that has just become ready is not known, and may go. */
  const knownServing = (one: World) => Math.min(serving(one), one.told);

  /** Does one planned step, and holds it to the bounds. */
  function step(worlds: World[], limits: RolloutBounds): boolean {
    const [current, ...old] = worlds.map((w, i) => asSet(w, `${i}`));
    const plan = planRollingUpdate({ current, old }, limits);
    const [sizeBefore, servingBefore] = [sum(worlds, ({ size }) => size), sum(worlds, knownServing)];
    for (const { set, from, to } of plan) {
      const one = worlds[Number(set.metadata.name)];
      assert.ok(one);
      assert.equal(from, one.size);
      assert.ok(to >= 0 && to !== from);
      one.size = to;
    }
    const { replicas, maxSurge, maxUnavailable } = limits;
    const size = sum(worlds, (w) => w.size);
    assert.ok(size <= Math.max(sizeBefore, replicas + maxSurge), `${size} pods`);
    // Those that are surplus of the template that is wanted are no rollout: they may go.
    const [first] = worlds;
    if (first !== undefined && Number(current?.spec?.replicas) > replicas) return plan.length > 0;
    assert.ok(sum(worlds, knownServing) >= Math.min(servingBefore, replicas - maxUnavailable), 'too few serve');
    return plan.length > 0;
  }

  function happen(world: World, what: string): void {
    if (what === 'pods') {
      world.available = serving(world);
      world.pods = world.size;
    } else if (what === 'ready') world.available = Math.min(world.pods, world.available + 1);
    else world.told = world.available;
  }

  it('its bounds are kept, with statuses that are late, and it ends', () => {
    fc.assert(
      fc.property(scenario, ({ replicas, maxSurge, maxUnavailable, old, current, happenings }) => {
        const missing = Math.min(replicas, maxSurge === 0 && maxUnavailable === 0 ? 1 : maxUnavailable);
        const limits = { replicas, maxSurge, maxUnavailable: missing };
        const worlds = [current, ...old].map(begin);
        for (const { set, what } of happenings) {
          const one = worlds[set % worlds.length];
          if (what === 'plan') step(worlds, limits);
          else if (one !== undefined) happen(one, what);
        }
        let steps = 0;
        for (let moved = true; moved; steps += 1) {
          assert.ok(steps < 200, 'it does not end');
          const before = JSON.stringify(worlds);
          for (const one of worlds) for (const what of ['pods', 'ready', 'status']) happen(one, what);
          moved = step(worlds, limits) || JSON.stringify(worlds) !== before;
        }
        assert.deepEqual(
          worlds.map(({ size }) => size),
          [replicas, ...old.map(() => 0)],
        );
      }),
      { numRuns: 3000 },
    );
  });
});
