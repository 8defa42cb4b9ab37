import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../../api/resources/core.ts';
import type { PodFailurePolicyRule, SuccessPolicyRule } from '../../../api/types/batch/v1.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { IndexSet } from './index-set.ts';
import { judgeFailure, matchSuccess } from './job-policies.ts';

function failedPod(exitCode: number, conditions: { type: string; status: string }[] = []) {
  const state = { terminated: { exitCode, reason: 'Error' } };
  const container = { name: 'c', image: '', imageID: '', ready: false, restartCount: 0, state };
  return storedObject(pods, {
    metadata: { name: 'p' },
    status: { phase: 'Failed', containerStatuses: [container], conditions },
  });
}

describe('pod failure policies', () => {
  const onExit = (action: string, operator: string, ...values: number[]): PodFailurePolicyRule => ({
    action,
    onExitCodes: { operator, values },
  });
  const disruption = [{ type: 'DisruptionTarget', status: 'True' }];
  const cases: readonly (readonly [
    title: string,
    rules: PodFailurePolicyRule[],
    pod: ReturnType<typeof failedPod>,
    verdict: ReturnType<typeof judgeFailure>,
  ])[] = [
    ['no rule: counts', [], failedPod(1), { counts: true }],
    ['no rule matches: counts', [onExit('Ignore', 'In', 5)], failedPod(1), { counts: true }],
    [
      'FailJob says why',
      [onExit('Ignore', 'In', 5), onExit('FailJob', 'In', 42)],
      failedPod(42),
      {
        action: 'FailJob',
        counts: true,
        message: 'Container c for pod default/p failed with exit code 42 matching FailJob rule at index 1',
      },
    ],
    [
      'the first that matches speaks',
      [onExit('Ignore', 'In', 5), onExit('FailJob', 'In', 5)],
      failedPod(5),
      { action: 'Ignore', counts: false },
    ],
    ['NotIn', [onExit('FailIndex', 'NotIn', 1, 2)], failedPod(7), { action: 'FailIndex', counts: true }],
    ['success is no failure', [onExit('Ignore', 'NotIn', 1)], failedPod(0), { counts: true }],
    [
      'another container',
      [{ action: 'Ignore', onExitCodes: { containerName: 'd', operator: 'In', values: [1] } }],
      failedPod(1),
      { counts: true },
    ],
    [
      'a condition',
      [{ action: 'Ignore', onPodConditions: [{ type: 'DisruptionTarget', status: 'True' }] }],
      failedPod(1, disruption),
      { action: 'Ignore', counts: false },
    ],
    [
      'a condition that fails the Job',
      [{ action: 'FailJob', onPodConditions: [{ type: 'DisruptionTarget' }] }],
      failedPod(1, disruption),
      {
        action: 'FailJob',
        counts: true,
        message: 'Pod default/p has condition DisruptionTarget matching FailJob rule at index 0',
      },
    ],
  ];
  for (const [title, rules, pod, verdict] of cases) {
    it(title, () => assert.deepEqual(judgeFailure({ rules }, pod), verdict));
  }
});

describe('success policies', () => {
  const succeeded = IndexSet.from([1, 3]);
  const cases: readonly (readonly [title: string, rules: SuccessPolicyRule[], message: string | undefined])[] = [
    ['all of the indexes', [{ succeededIndexes: '1,3' }], 'Matched rules at index 0'],
    ['not all of them', [{ succeededIndexes: '1-3' }], undefined],
    ['enough of them', [{ succeededIndexes: '0-1', succeededCount: 1 }], 'Matched rules at index 0'],
    ['enough of any', [{ succeededCount: 3 }, { succeededCount: 2 }], 'Matched rules at index 1'],
    ['no policy', [], undefined],
  ];
  for (const [title, rules, message] of cases) {
    it(title, () => assert.equal(matchSuccess({ rules }, 4, succeeded), message));
  }
});
