import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { type History, limitReplicas, noHistory, type Wish, withChange, withStart } from './scaling-limits.ts';

const wish = (changes: Partial<Wish>): Wish => ({
  current: 4,
  desired: 4,
  min: 1,
  max: 10,
  behavior: undefined,
  now: 1_000_000,
  ...changes,
});
const asked = (...recommendations: [secondsAgo: number, replicas: number][]): History => ({
  ...noHistory,
  recommendations: recommendations.map(([seconds, replicas]) => ({ at: 1_000_000 - seconds * 1000, replicas })),
});
const changed = (...changes: [secondsAgo: number, by: number][]): History => ({
  ...noHistory,
  changes: changes.map(([seconds, by]) => ({ at: 1_000_000 - seconds * 1000, by })),
});
const up = (value: number, type = 'Pods', periodSeconds = 60) => ({
  scaleUp: { policies: [{ type, value, periodSeconds }] },
});
const down = (value: number, type = 'Pods', periodSeconds = 60) => ({
  scaleDown: { stabilizationWindowSeconds: 0, policies: [{ type, value, periodSeconds }] },
});

describe('what becomes of a number of replicas', () => {
  const cases: readonly (readonly [
    title: string,
    wish: Partial<Wish>,
    history: History,
    replicas: number,
    able: string,
    limited: string,
  ])[] = [
    ['as it is', {}, noHistory, 4, 'ReadyForNewScale', 'DesiredWithinRange'],
    ['up', { desired: 6 }, noHistory, 6, 'ReadyForNewScale', 'DesiredWithinRange'],
    ['not above the maximum', { desired: 12, current: 8 }, noHistory, 10, 'ReadyForNewScale', 'TooManyReplicas'],
    ['not below the minimum', { desired: 0, min: 2 }, noHistory, 2, 'ReadyForNewScale', 'TooFewReplicas'],
    ['twice as many at most', { desired: 50, max: 100 }, noHistory, 8, 'ReadyForNewScale', 'ScaleUpLimit'],
    ['down only as far as of late', { desired: 1 }, asked([60, 3]), 3, 'ScaleDownStabilized', 'DesiredWithinRange'],
    ['what was long ago does not count', { desired: 1 }, asked([301, 3]), 1, 'ReadyForNewScale', 'DesiredWithinRange'],
    ['by rules: so many more', { desired: 9, behavior: up(2) }, noHistory, 6, 'ReadyForNewScale', 'ScaleUpLimit'],
    [
      'by rules: less what there was',
      { desired: 9, behavior: up(2) },
      changed([30, 1]),
      5,
      'ReadyForNewScale',
      'ScaleUpLimit',
    ],
    [
      'by rules: a share more',
      { desired: 9, behavior: up(50, 'Percent') },
      noHistory,
      6,
      'ReadyForNewScale',
      'ScaleUpLimit',
    ],
    [
      'by rules: not at all',
      { desired: 9, behavior: { scaleUp: { selectPolicy: 'Disabled', policies: [] } } },
      noHistory,
      4,
      'ReadyForNewScale',
      'ScaleUpLimit',
    ],
    ['by rules: so many fewer', { desired: 1, behavior: down(1) }, noHistory, 3, 'ReadyForNewScale', 'ScaleDownLimit'],
    [
      'by rules: up waits',
      {
        desired: 9,
        behavior: {
          scaleUp: { stabilizationWindowSeconds: 60, policies: [{ type: 'Pods', value: 9, periodSeconds: 15 }] },
        },
      },
      asked([30, 5]),
      5,
      'ScaleUpStabilized',
      'DesiredWithinRange',
    ],
  ];
  for (const [title, change, history, replicas, able, limited] of cases) {
    it(title, () => {
      const result = limitReplicas(wish(change), history);
      assert.deepEqual([result.replicas, result.able.reason, result.limited.reason], [replicas, able, limited]);
    });
  }

  it('stays between its bounds, goes no faster than it may, and comes to rest', () => {
    const policy = fc.record({
      type: fc.constantFrom('Pods', 'Percent'),
      value: fc.integer({ min: 1, max: 100 }),
      periodSeconds: fc.integer({ min: 15, max: 600 }),
    });
    const rules = fc.record({
      stabilizationWindowSeconds: fc.integer({ min: 0, max: 600 }),
      selectPolicy: fc.constantFrom('Max', 'Min'),
      policies: fc.array(policy, { minLength: 1, maxLength: 3 }),
    });
    const behaviors = fc.option(fc.record({ scaleUp: rules, scaleDown: rules }), { nil: undefined });
    const bounds = fc.tuple(fc.integer({ min: 1, max: 20 }), fc.integer({ min: 0, max: 30 }));
    const wishes = fc.array(fc.nat(80), { minLength: 1, maxLength: 40 });
    fc.assert(
      fc.property(behaviors, bounds, wishes, (behavior, [min, more], desires) => {
        let now = 0;
        let current = min;
        let history = withStart(noHistory, current, now);
        const last = desires.at(-1) ?? 0;
        // One pod in ten minutes is the slowest rule: fifty of them are so many looks away.
        for (const desired of [...desires, ...Array<number>(2_200).fill(last)]) {
          const one = { current, desired, min, max: min + more, behavior, now };
          const limited = limitReplicas(one, history);
          assert.ok(limited.replicas >= min && limited.replicas <= min + more, 'within its bounds');
          if (behavior === undefined) assert.ok(limited.replicas <= Math.max(2 * current, 4), 'not too fast');
          history = limited.history;
          if (limited.replicas !== current) history = withChange(history, one, limited.replicas);
          current = limited.replicas;
          now += 15_000;
        }
        const isFree =
          behavior === undefined ||
          behavior.scaleDown.policies.every(({ type, value }) => type === 'Pods' || value >= 50);
        if (isFree) assert.equal(current, Math.min(Math.max(last, min), min + more), 'as was asked for in the end');
        assert.ok(history.recommendations.length < 60, 'does not grow');
      }),
      { numRuns: 50 },
    );
  });
});
