import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { pods } from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import type { PodDisruptionBudgetSpec, PodDisruptionBudgetStatus } from '../../api/types/policy/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { failedStatus, msUntilStale, planBudget } from './budget-plan.ts';

const now = Date.UTC(2030, 0, 2);
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString().replace('.000Z', 'Z');
const budget = (spec: PodDisruptionBudgetSpec, status?: Partial<PodDisruptionBudgetStatus>) =>
  storedObject(podDisruptionBudgets, {
    metadata: { name: 'b', generation: 3 },
    spec,
    ...(status && {
      status: { currentHealthy: 0, desiredHealthy: 0, disruptionsAllowed: 0, expectedPods: 0, ...status },
    }),
  });
const pod = (name: string, { ready = true, going = false } = {}) =>
  storedObject(pods, {
    metadata: { name, ...(going && { deletionTimestamp: ago(1) }) },
    status: { conditions: [{ type: 'Ready', status: ready ? 'True' : 'False' }] },
  });
const several = (count: number) => Array.from({ length: count }, (_, i) => pod(`p${i}`));

describe('how many pods may be evicted', () => {
  const cases: readonly (readonly [
    title: string,
    spec: PodDisruptionBudgetSpec,
    pods: ReturnType<typeof pod>[],
    expected: number,
    desired: number,
    allowed: number,
  ])[] = [
    ['34 % of 7 are 3', { minAvailable: '34%' }, several(7), 7, 3, 4],
    ['100 %', { minAvailable: '100%' }, several(3), 3, 3, 0],
    ['a number', { minAvailable: 2 }, several(3), 3, 2, 1],
    ['one may be missing', { maxUnavailable: 1 }, several(3), 3, 2, 1],
    ['more than there are may be missing', { maxUnavailable: 5 }, several(3), 3, 0, 3],
    ['a share may be missing, rounded up', { maxUnavailable: '34%' }, several(3), 3, 1, 2],
    ['some are missing already', { maxUnavailable: 1 }, several(2), 3, 2, 0],
    ['what goes is not there', { minAvailable: 1 }, [pod('a'), pod('b', { going: true })], 2, 1, 0],
    ['what is not ready is not healthy', { minAvailable: 1 }, [pod('a'), pod('b', { ready: false })], 2, 1, 0],
    ['nothing is expected: nothing is allowed', { minAvailable: 0 }, [], 0, 0, 0],
    ['no rule', {}, several(2), 0, 0, 0],
  ];
  for (const [title, spec, list, expected, desired, allowed] of cases) {
    it(title, () => {
      const { status } = planBudget({ budget: budget(spec), pods: list, expected, now });
      assert.deepEqual([status.desiredHealthy, status.disruptionsAllowed], [desired, allowed]);
      const [condition] = status.conditions ?? [];
      assert.equal(condition?.reason, allowed > 0 ? 'SufficientPods' : 'InsufficientPods');
      assert.equal(status.observedGeneration, 3);
    });
  }

  it('evictions that were granted count until they are given up', () => {
    const disruptedPods = { p0: ago(30), p1: ago(130), gone: ago(30) };
    const plan = planBudget({
      budget: budget({ minAvailable: 1 }, { disruptedPods }),
      pods: several(3),
      expected: 3,
      now,
    });
    assert.equal(plan.status.currentHealthy, 2);
    assert.deepEqual(plan.status.disruptedPods, { p0: ago(30) });
    assert.deepEqual(
      plan.notDeleted.map(({ metadata }) => metadata.name),
      ['p1'],
    );
    assert.equal(plan.requeueAfterMs, 90_001);
  });

  it('is nothing while it is not known how many there should be', () => {
    const status = failedStatus(
      budget({ maxUnavailable: 1 }, { disruptionsAllowed: 4, currentHealthy: 5 }),
      'why',
      now,
    );
    assert.equal(status.disruptionsAllowed, 0);
    assert.equal(status.currentHealthy, 5);
    assert.deepEqual([status.conditions?.[0]?.reason, status.conditions?.[0]?.message], ['SyncFailed', 'why']);
  });

  it('never lets the healthy become fewer than wanted', () => {
    const share = fc.oneof(
      fc.nat(12),
      fc.nat(100).map((percent) => `${percent}%`),
    );
    const spec = fc.oneof(fc.record({ minAvailable: share }), fc.record({ maxUnavailable: share }));
    const list = fc.array(fc.record({ ready: fc.boolean(), going: fc.boolean() }), { maxLength: 12 });
    fc.assert(
      fc.property(spec, list, fc.nat(12), (rule, pictures, expected) => {
        const all = pictures.map((picture, i) => pod(`p${i}`, picture));
        const { status } = planBudget({ budget: budget(rule), pods: all, expected, now });
        const { disruptionsAllowed: allowed = -1, currentHealthy = 0, desiredHealthy = 0 } = status;
        assert.ok(allowed >= 0);
        if (allowed > 0) assert.ok(currentHealthy - allowed >= desiredHealthy);
        const again = planBudget({ budget: { ...budget(rule), status }, pods: all, expected, now: now + 5000 });
        assert.deepEqual(again.status, status, 'nothing is written twice');
      }),
      { numRuns: 300 },
    );
  });
});

describe('a pod that was to be evicted', () => {
  const disrupted = (seconds: number, reason = 'EvictionByEvictionAPI') =>
    storedObject(pods, {
      metadata: { name: 'p' },
      status: {
        phase: 'Running',
        conditions: [{ type: 'DisruptionTarget', status: 'True', reason, lastTransitionTime: ago(seconds) }],
      },
    });
  it('is given two minutes', () => assert.equal(msUntilStale(disrupted(100), now), 20_000));
  it('is then no longer said to be', () => assert.equal(msUntilStale(disrupted(200), now), 0));
  it('is believed when a kubelet says so', () =>
    assert.equal(msUntilStale(disrupted(200, 'TerminationByKubelet'), now), undefined));
});
