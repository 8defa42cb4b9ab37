import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { pods } from '../../../api/resources/core.ts';
import { storedObject } from '../../../client/testing/stored-object.ts';
import { failedRevisionAnnotation } from '../deployments/set-history.ts';
import { type DeploymentPicture, pictureDeployment, pictureSet } from '../deployments/testing/deployment-pictures.ts';
import { failureOf, rollbackTargetOf } from './failed-rollout-plan.ts';
import { failureWatchOf, rollBackAfterCrashesAnnotation, rollBackAnnotation } from './failure-watch.ts';

const asked = { [rollBackAnnotation]: 'true' };
const progress = (reason: string, name = 'new') => ({
  conditions: [{ type: 'Progressing', status: 'False', reason, message: `ReplicaSet "${name}" has …` }],
  observedGeneration: 1,
});
const pod = (restartCount: number, ready = 'False') =>
  storedObject(pods, {
    metadata: { name: 'p' },
    status: {
      conditions: [{ type: 'Ready', status: ready }],
      containerStatuses: [
        {
          name: 'c',
          image: 'i',
          imageID: 'i',
          ready: false,
          restartCount,
          state: { waiting: { reason: 'CrashLoopBackOff', message: 'back-off' } },
          lastState: { terminated: { exitCode: 3, reason: 'Error' } },
        },
      ],
    },
  });

describe('a rollout has failed', () => {
  const history = { current: pictureSet('new', { size: 4, available: 0 }), old: [] };
  const crashes = { [rollBackAfterCrashesAnnotation]: '3' };
  const cases: readonly (readonly [
    title: string,
    deployment: DeploymentPicture,
    pod: ReturnType<typeof pod>,
    failure: RegExp | undefined,
  ])[] = [
    [
      'its deadline is over',
      { annotations: asked, status: progress('ProgressDeadlineExceeded') },
      pod(0),
      /^ReplicaSet "new" has … Container c of pod p: CrashLoopBackOff: back-off$/,
    ],
    ['not when nobody asks', { status: progress('ProgressDeadlineExceeded') }, pod(9), undefined],
    [
      'not when the condition is of the set before',
      { annotations: asked, status: progress('ProgressDeadlineExceeded', 'before') },
      pod(0),
      undefined,
    ],
    [
      'not before the Deployment was looked at',
      { annotations: asked, status: progress('ProgressDeadlineExceeded'), generation: 2 },
      pod(0),
      undefined,
    ],
    [
      'not while it is paused',
      { annotations: asked, status: progress('ProgressDeadlineExceeded'), paused: true },
      pod(0),
      undefined,
    ],
    [
      'its containers crash',
      { annotations: crashes, status: progress('ReplicaSetUpdated') },
      pod(3),
      /^Container c of pod p has been restarted 3 times, last with exit code 3 \(Error\)\.$/,
    ],
    ['not so often yet', { annotations: crashes, status: progress('ReplicaSetUpdated') }, pod(2), undefined],
    [
      'not of a pod that is ready',
      { annotations: crashes, status: progress('ReplicaSetUpdated') },
      pod(5, 'True'),
      undefined,
    ],
    [
      'not once it has succeeded',
      { annotations: crashes, status: progress('NewReplicaSetAvailable') },
      pod(5),
      undefined,
    ],
  ];
  for (const [title, picture, one, failure] of cases)
    it(title, () => {
      const told = failureOf(pictureDeployment(picture), history, [one]);
      if (failure === undefined) assert.equal(told, undefined);
      else assert.match(told ?? '', failure);
    });

  it('is watched for what is asked', () => {
    const watch = (annotations: Record<string, string>) => failureWatchOf(pictureDeployment({ annotations }));
    assert.deepEqual(watch(asked), { deadline: true, crashes: undefined });
    assert.deepEqual(watch(crashes), { deadline: false, crashes: 3 });
    for (const text of ['0', '-1', 'x', '', '1.5', '99999999999'])
      assert.equal(watch({ [rollBackAfterCrashesAnnotation]: text }), undefined);
    assert.equal(watch({ [rollBackAnnotation]: 'yes' }), undefined);
  });
});

describe('a failed rollout goes back', () => {
  const target = (...old: Parameters<typeof rollbackTargetOf>[0]['old']) =>
    rollbackTargetOf({ current: undefined, old })?.metadata.name;

  it('to what serves, then to the newest, never to what has failed as what it is', () => {
    const serving = pictureSet('serving', { size: 2, revision: 1 });
    const newer = pictureSet('newer', { revision: 3 });
    const failed = pictureSet('failed', { revision: 4, annotations: { [failedRevisionAnnotation]: '4' } });
    const again = pictureSet('again', { revision: 5, annotations: { [failedRevisionAnnotation]: '2' } });
    assert.equal(target(serving, newer, failed), 'serving');
    assert.equal(target(pictureSet('older', { revision: 2 }), newer, failed), 'newer');
    assert.equal(target(newer, failed, again), 'again');
    assert.equal(target(failed), undefined);
    assert.equal(target(pictureSet('bare', { size: 1 })), undefined);
  });
});
