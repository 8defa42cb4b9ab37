import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { planScaling } from './scaling-plan.ts';
import {
  type DeploymentPicture,
  pictureDeployment,
  pictureSet,
  type SetPicture,
} from './testing/deployment-pictures.ts';

const rolling = (maxSurge: number) => ({
  strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge, maxUnavailable: 1 } },
});

function sizes(deployment: DeploymentPicture, current: SetPicture | undefined, old: SetPicture[]): string[] {
  const history = {
    current: current && pictureSet('new', { madeAt: 60, ...current }),
    old: old.map((picture, i) => pictureSet(`old${i}`, { madeAt: i, ...picture })),
  };
  const plan = planScaling(pictureDeployment(deployment), history);
  return plan.map(({ set, from, to }) => `${set.metadata.name} ${from}→${to}`);
}

describe('a Deployment is scaled', () => {
  const cases: readonly (readonly [
    title: string,
    deployment: DeploymentPicture,
    current: SetPicture | undefined,
    old: SetPicture[],
    plan: string[],
  ])[] = [
    ['the only set gets it all', { replicas: 6 }, { size: 4, desired: 4 }, [{ size: 0 }], ['new 4→6']],
    ['an old one that is alone too', { replicas: 6 }, undefined, [{ size: 4, desired: 4 }], ['old0 4→6']],
    ['from none, the newest', { replicas: 3 }, { size: 0 }, [{ size: 0 }], ['new 0→3']],
    ['from none, without one of the template', { replicas: 3 }, undefined, [{}, {}], ['old1 0→3']],
    ['there is none at all', { replicas: 3 }, undefined, [], []],
    ['it has the size and knows it', { replicas: 4 }, { size: 4, desired: 4 }, [], []],
    ['it has the size by hand and does not know it', { replicas: 5 }, { size: 5, desired: 4 }, [], ['new 5→5']],
    ['the new one is all there: the old go', { replicas: 4 }, { size: 4, desired: 4 }, [{ size: 2 }], ['old0 2→0']],
    [
      'in the middle of a rollout all grow by their share',
      { replicas: 15, ...rolling(3) },
      { size: 5, available: 2, desired: 10, max: 13 },
      [{ size: 8, desired: 10, max: 13 }],
      ['old0 8→11', 'new 5→7'],
    ],
    [
      'and shrink by it',
      { replicas: 5, ...rolling(3) },
      { size: 5, available: 2, desired: 10, max: 13 },
      [{ size: 8, desired: 10, max: 13 }],
      ['old0 8→5', 'new 5→3'],
    ],
    [
      'to nothing',
      { replicas: 0, ...rolling(3) },
      { size: 5, available: 2, desired: 10, max: 13 },
      [{ size: 8, desired: 10, max: 13 }],
      ['old0 8→0', 'new 5→0'],
    ],
    [
      'of equals the newest grows first',
      { replicas: 3, ...rolling(0) },
      { size: 1, available: 0, desired: 2, max: 2 },
      [{ size: 1, desired: 2, max: 2 }],
      ['new 1→2', 'old0 1→1'],
    ],
    [
      'of equals the oldest shrinks first',
      { replicas: 3, ...rolling(0) },
      { size: 2, available: 0, desired: 4, max: 4 },
      [{ size: 2, desired: 4, max: 4 }],
      ['old0 2→1', 'new 2→2'],
    ],
    [
      'without a note the status tells how many there were',
      { replicas: 8, ...rolling(0), status: { replicas: 4 } },
      { size: 2, available: 0 },
      [{ size: 2 }],
      ['new 2→4', 'old0 2→4'],
    ],
    ['Recreate shares nothing out', { replicas: 8, strategy: { type: 'Recreate' } }, { size: 1 }, [{ size: 2 }], []],
  ];
  for (const [title, deployment, current, old, plan] of cases)
    it(title, () => assert.deepEqual(sizes(deployment, current, old), plan));

  it('gets what it asks for, whatever its sets are', () => {
    const set = fc.record({ size: fc.integer({ min: 1, max: 40 }), max: fc.option(fc.nat(60), { nil: undefined }) });
    const scenario = fc.record({
      replicas: fc.nat(60),
      surge: fc.nat(9),
      sets: fc.array(set, { minLength: 2, maxLength: 6 }),
    });
    fc.assert(
      fc.property(scenario, ({ replicas, surge, sets }) => {
        const old = sets.map(({ size, max }, i) =>
          pictureSet(`s${i}`, { size, madeAt: i, available: 0, ...(max !== undefined && { max }) }),
        );
        const plan = planScaling(pictureDeployment({ replicas, ...rolling(surge) }), { current: undefined, old });
        assert.equal(plan.length, sets.length);
        const before = sets.reduce((sum, { size }) => sum + size, 0);
        const after = plan.reduce((sum, { to }) => sum + to, 0);
        const allowed = replicas === 0 ? 0 : replicas + surge;
        assert.ok(plan.every(({ to }) => to >= 0));
        if (before <= allowed) assert.equal(after, allowed);
        else assert.ok(after >= allowed && after <= before, `${before} → ${after}, allowed ${allowed}`);
      }),
      { numRuns: 3000 },
    );
  });
});
