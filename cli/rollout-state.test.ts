import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { DeploymentStatus, StatefulSetStatus } from '../api/types/apps/v1.ts';
import { daemonSetState, deploymentState, statefulSetState } from './rollout-state.ts';

const template = { spec: { containers: [] } };
const selector = {};

describe('the state of a rollout', () => {
  const deployments: readonly (readonly [status: DeploymentStatus, type: string, message: string])[] = [
    [{}, 'waiting', 'Waiting for deployment spec update to be observed...'],
    [
      { observedGeneration: 2, replicas: 4, updatedReplicas: 1 },
      'waiting',
      'Waiting for deployment "web" rollout to finish: 1 out of 3 new replicas have been updated...',
    ],
    [
      { observedGeneration: 2, replicas: 4, updatedReplicas: 3 },
      'waiting',
      'Waiting for deployment "web" rollout to finish: 1 old replicas are pending termination...',
    ],
    [
      { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 2 },
      'waiting',
      'Waiting for deployment "web" rollout to finish: 2 of 3 updated replicas are available...',
    ],
    [
      { observedGeneration: 2, replicas: 3, updatedReplicas: 3, availableReplicas: 3 },
      'done',
      'deployment "web" successfully rolled out',
    ],
    [
      {
        observedGeneration: 2,
        conditions: [{ type: 'Progressing', status: 'False', reason: 'ProgressDeadlineExceeded' }],
      },
      'failed',
      'error: deployment "web" exceeded its progress deadline',
    ],
  ];
  for (const [status, type, message] of deployments)
    it(message, () => {
      const deployment = {
        metadata: { name: 'web', generation: 2 },
        spec: { replicas: 3, selector, template },
        status,
      };
      assert.deepEqual(deploymentState(deployment), { type, message });
    });

  const sets: readonly (readonly [
    status: Partial<StatefulSetStatus>,
    partition: number | undefined,
    message: string,
  ])[] = [
    [{}, 0, 'Waiting for statefulset spec update to be observed...'],
    [{ observedGeneration: 1, readyReplicas: 1 }, 0, 'Waiting for 2 pods to be ready...'],
    [
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 1 },
      1,
      'Waiting for partitioned roll out to finish: 1 out of 2 new pods have been updated...',
    ],
    [
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 3 },
      0,
      'partitioned roll out complete: 3 new pods have been updated...',
    ],
    [
      { observedGeneration: 1, readyReplicas: 3, updatedReplicas: 2, updateRevision: 'b', currentRevision: 'a' },
      undefined,
      'waiting for statefulset rolling update to complete 2 pods at revision b...',
    ],
    [
      { observedGeneration: 1, readyReplicas: 3, currentReplicas: 3, updateRevision: 'b', currentRevision: 'b' },
      undefined,
      'statefulset rolling update complete 3 pods at revision b...',
    ],
  ];
  for (const [status, partition, message] of sets)
    it(message, () => {
      const updateStrategy = {
        type: 'RollingUpdate',
        ...(partition !== undefined && { rollingUpdate: { partition } }),
      };
      const set = {
        metadata: { name: 'db', generation: 1 },
        spec: { replicas: 3, selector, template, updateStrategy },
        status: { replicas: 3, ...status },
      };
      assert.equal(statefulSetState(set).message, message);
    });

  it('of a DaemonSet', () => {
    const set = (updated: number, available: number, type = 'RollingUpdate') =>
      daemonSetState({
        metadata: { name: 'log', generation: 1 },
        spec: { selector, template, updateStrategy: { type } },
        status: {
          observedGeneration: 1,
          desiredNumberScheduled: 3,
          updatedNumberScheduled: updated,
          numberAvailable: available,
          currentNumberScheduled: 3,
          numberMisscheduled: 0,
          numberReady: 0,
        },
      });
    const begin = 'Waiting for daemon set "log" rollout to finish:';
    assert.equal(set(1, 3).message, `${begin} 1 out of 3 new pods have been updated...`);
    assert.equal(set(3, 2).message, `${begin} 2 of 3 updated pods are available...`);
    assert.deepEqual(set(3, 3), { type: 'done', message: 'daemon set "log" successfully rolled out' });
    assert.equal(set(3, 3, 'OnDelete').type, 'failed');
  });
});
