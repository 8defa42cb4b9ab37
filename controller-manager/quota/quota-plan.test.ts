import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { readAmounts, writeAmounts } from '../../api/amounts.ts';
import { quotaUsageOf } from '../../api/quota/quota-usages.ts';
import type { Pod, ResourceQuota } from '../../api/types/core/v1.ts';
import { countUsed, planStatus } from './quota-plan.ts';

const usageOf = (group: string, plural: string) => {
  const usage = quotaUsageOf({ group, plural });
  assert.ok(usage);
  return usage;
};

describe('countUsed', () => {
  it('adds up what belongs to the scopes, and says 0 of what is not there', () => {
    const quota: ResourceQuota = {
      spec: { hard: { pods: '5', 'requests.memory': '1Gi', 'count/pods': '9', other: '1' }, scopes: ['Terminating'] },
    };
    const podOf = (memory: string, activeDeadlineSeconds?: number): Pod => ({
      spec: {
        containers: [{ name: 'c', image: 'a', resources: { requests: { memory } } }],
        ...(activeDeadlineSeconds !== undefined && { activeDeadlineSeconds }),
      },
    });
    const objects = [podOf('64Mi', 5), podOf('64Mi', 5), podOf('1Gi')];
    const used = countUsed(quota, [{ usage: usageOf('', 'pods'), objects }], 0);
    assert.deepEqual(writeAmounts(used), { pods: '2', 'requests.memory': '128Mi', 'count/pods': '2' });
  });

  it('counts what has no scopes in no quota that has some', () => {
    const quota: ResourceQuota = { spec: { hard: { secrets: '5' }, scopes: ['BestEffort'] } };
    assert.deepEqual(writeAmounts(countUsed(quota, [{ usage: usageOf('', 'secrets'), objects: [{}] }], 0)), {
      secrets: '0',
    });
  });
});

describe('planStatus', () => {
  type Figures = Readonly<Record<string, string>>;
  const cases: readonly [string, Figures | undefined, Figures, Figures, Figures | undefined][] = [
    ['a new quota says what is there', undefined, { pods: '3' }, {}, { pods: '3' }],
    ['what is true is not written again', { pods: '3' }, { pods: '3' }, {}, undefined],
    ['what went is given back', { pods: '3' }, { pods: '1' }, {}, { pods: '1' }],
    ['but not what is on its way', { pods: '3' }, { pods: '1' }, { pods: '1' }, { pods: '2' }],
    ['nor more than was used', { pods: '3' }, { pods: '2' }, { pods: '4' }, undefined],
    ['what was never charged counts', { pods: '3' }, { pods: '5' }, { pods: '1' }, { pods: '5' }],
    ['of what nobody has, what is known stays', { pods: '3' }, {}, {}, undefined],
    ['what is limited no more goes', { pods: '3', secrets: '1' }, { pods: '3' }, {}, { pods: '3' }],
  ];
  for (const [name, before, counted, pending, expected] of cases) {
    it(name, () => {
      const quota: ResourceQuota = {
        spec: { hard: { pods: '10' } },
        status: before === undefined ? {} : { hard: { pods: '10' }, used: { ...before } },
      };
      const status = planStatus(quota, readAmounts(counted), readAmounts(pending));
      assert.deepEqual(status?.used, expected);
    });
  }

  it('takes over the limits of the spec', () => {
    const quota: ResourceQuota = {
      spec: { hard: { pods: '2' } },
      status: { hard: { pods: '5' }, used: { pods: '3' } },
    };
    assert.deepEqual(planStatus(quota, readAmounts({ pods: '3' }), new Map()), {
      hard: { pods: '2' },
      used: { pods: '3' },
    });
  });
});
