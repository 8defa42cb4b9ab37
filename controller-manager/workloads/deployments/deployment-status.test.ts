import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeploymentCondition } from '../../../api/types/apps/v1.ts';
import { computeRolloutStatus, computeStatus, msUntilDeadline } from './deployment-status.ts';
import { type DeploymentPicture, pictureDeployment, pictureSet } from './testing/deployment-pictures.ts';

const now = Date.UTC(2030, 0, 2);
const at = (seconds: number) => new Date(now + seconds * 1000).toISOString().replace('.000', '');
const progressing = (reason: string, secondsAgo = 0, status = 'True'): DeploymentCondition => ({
  type: 'Progressing',
  status,
  reason,
  message: 'before',
  lastUpdateTime: at(-secondsAgo),
  lastTransitionTime: at(-1000),
});

interface Sets {
  readonly current?: Parameters<typeof pictureSet>[1];
  readonly old?: Parameters<typeof pictureSet>[1];
}

function question(picture: DeploymentPicture, { current, old }: Sets) {
  const deployment = pictureDeployment(picture);
  return {
    deployment,
    history: { current: current && pictureSet('new', current), old: old ? [pictureSet('old', old)] : [] },
    conditions: deployment.status?.conditions ?? [],
    collisionCount: deployment.status?.collisionCount,
    now,
  };
}

describe('counts of a Deployment', () => {
  it('are those of its sets; 0 is left out, except of terminating pods', () => {
    const sets = { current: { size: 3, available: 1 }, old: { size: 2, available: 2 } };
    const { conditions, ...counts } = computeStatus(question({ replicas: 4, generation: 7 }, sets));
    assert.deepEqual(counts, {
      replicas: 5,
      updatedReplicas: 3,
      readyReplicas: 3,
      availableReplicas: 3,
      unavailableReplicas: 2,
      terminatingReplicas: 0,
      observedGeneration: 7,
    });
    assert.equal(conditions?.length, 1);
    const none = computeStatus(question({ replicas: 0 }, {}));
    assert.deepEqual({ ...none, conditions: [] }, { terminatingReplicas: 0, observedGeneration: 1, conditions: [] });
  });

  it('do not tell of terminating pods when one set does not', () => {
    const { current } = question({}, { current: { size: 1 } }).history;
    assert.ok(current?.status);
    const { terminatingReplicas: _, ...status } = current.status;
    const asked = { ...question({}, {}), history: { current: { ...current, status }, old: [] } };
    assert.equal(computeStatus(asked).terminatingReplicas, undefined);
  });

  for (const [available, reason] of [
    [3, 'MinimumReplicasAvailable'],
    [2, 'MinimumReplicasUnavailable'],
  ] as const)
    it(`${available} of 4 with 1 that may be missing: ${reason}`, () => {
      const { conditions } = computeStatus(question({ replicas: 4 }, { current: { size: 4, available } }));
      assert.deepEqual(
        conditions?.map((condition) => condition.reason),
        [reason],
      );
    });
});

describe('the progress of a rollout', () => {
  const cases: readonly (readonly [
    title: string,
    deployment: DeploymentPicture,
    sets: Sets,
    expected: readonly [status: string, reason: string, message: string, updated: string] | undefined,
  ])[] = [
    [
      'is complete when all are new and available',
      { replicas: 2, status: { conditions: [progressing('ReplicaSetUpdated', 5)] } },
      { current: { size: 2 }, old: { size: 0 } },
      ['True', 'NewReplicaSetAvailable', 'ReplicaSet "new" has successfully progressed.', at(0)],
    ],
    [
      'goes on when more are ready',
      {
        replicas: 2,
        status: { replicas: 2, updatedReplicas: 2, conditions: [progressing('NewReplicaSetCreated', 5)] },
      },
      { current: { size: 2, available: 1 } },
      ['True', 'ReplicaSetUpdated', 'ReplicaSet "new" is progressing.', at(0)],
    ],
    [
      'that goes on is told again, with a new time',
      { replicas: 2, status: { replicas: 2, updatedReplicas: 2, conditions: [progressing('ReplicaSetUpdated', 5)] } },
      { current: { size: 2, available: 1 } },
      ['True', 'ReplicaSetUpdated', 'ReplicaSet "new" is progressing.', at(0)],
    ],
    [
      'stays as it was told while nothing happens and it is early',
      {
        replicas: 2,
        status: { replicas: 2, updatedReplicas: 2, conditions: [progressing('NewReplicaSetCreated', 599)] },
      },
      { current: { size: 2, available: 0 } },
      ['True', 'NewReplicaSetCreated', 'before', at(-599)],
    ],
    [
      'has failed when nothing happened for the deadline',
      {
        replicas: 2,
        status: { replicas: 2, updatedReplicas: 2, conditions: [progressing('NewReplicaSetCreated', 601)] },
      },
      { current: { size: 2, available: 0 } },
      ['False', 'ProgressDeadlineExceeded', 'ReplicaSet "new" has timed out progressing.', at(0)],
    ],
    [
      'that has failed is told once',
      { replicas: 2, status: { replicas: 2, conditions: [progressing('ProgressDeadlineExceeded', 900, 'False')] } },
      { current: { size: 2, available: 0, status: { replicas: 0 } }, old: { size: 2, available: 0 } },
      ['False', 'ProgressDeadlineExceeded', 'before', at(-900)],
    ],
    [
      'that was complete is not judged again when pods are lost',
      {
        replicas: 2,
        status: { replicas: 2, updatedReplicas: 2, conditions: [progressing('NewReplicaSetAvailable', 9000)] },
      },
      { current: { size: 2, available: 0 } },
      ['True', 'NewReplicaSetAvailable', 'before', at(-9000)],
    ],
    [
      'is of no interest without a deadline',
      { replicas: 2, progressDeadlineSeconds: 2 ** 31 - 1, status: { conditions: [progressing('ReplicaSetUpdated')] } },
      { current: { size: 2 } },
      undefined,
    ],
  ];
  for (const [title, picture, sets, expected] of cases)
    it(title, () => {
      const { conditions = [] } = computeRolloutStatus(question(picture, sets));
      const told = conditions.find(({ type }) => type === 'Progressing');
      assert.deepEqual(told && [told.status, told.reason, told.message, told.lastUpdateTime], expected);
    });

  it('is looked at again a second after the deadline, unless nothing is waited for', () => {
    const due = (picture: DeploymentPicture) => {
      const deployment = pictureDeployment(picture);
      return msUntilDeadline(deployment, deployment.status ?? {}, now);
    };
    assert.equal(due({ status: { conditions: [progressing('ReplicaSetUpdated', 100)] } }), 501_000);
    assert.equal(due({ status: { conditions: [progressing('ReplicaSetUpdated', 700)] } }), 1_000);
    assert.equal(due({ status: { conditions: [progressing('ProgressDeadlineExceeded', 700, 'False')] } }), undefined);
    assert.equal(due({ status: {} }), undefined);
  });
});

describe('a failure to make pods', () => {
  const failure = (message: string) => ({
    conditions: [
      { type: 'ReplicaFailure', status: 'True', reason: 'FailedCreate', message, lastTransitionTime: at(-5) },
    ],
  });
  const told = (picture: DeploymentPicture, sets: Sets) =>
    computeRolloutStatus(question(picture, sets)).conditions?.find(({ type }) => type === 'ReplicaFailure');

  it('of the current set comes first, and goes when it is over', () => {
    const both = { current: { size: 1, status: failure('mine') }, old: { size: 1, status: failure('old') } };
    assert.deepEqual(told({}, both), {
      type: 'ReplicaFailure',
      status: 'True',
      reason: 'FailedCreate',
      message: 'mine',
      lastTransitionTime: at(-5),
      lastUpdateTime: at(-5),
    });
    assert.equal(told({}, { current: { size: 1 }, old: { size: 1, status: failure('old') } })?.message, 'old');
    const status = { conditions: failure('before').conditions };
    assert.equal(told({ status }, { current: { size: 1 } }), undefined);
  });
});
