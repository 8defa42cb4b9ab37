import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../../api/object.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import { computeReplicaStatus, type ReplicaObservation } from './replica-status.ts';

const now = Date.UTC(2030, 0, 2);

function pod(labels: Record<string, string>, readyForSeconds?: number): Stored<Pod> {
  const lastTransitionTime = new Date(now - (readyForSeconds ?? 0) * 1000).toISOString();
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { name: 'p', uid: 'u', resourceVersion: '1', creationTimestamp: '', labels },
    status: {
      conditions: readyForSeconds === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime }],
    },
  };
}

const observation = (changes: Partial<ReplicaObservation>): ReplicaObservation => ({
  previous: undefined,
  generation: 2,
  templateLabels: { app: 'web', tier: 'x' },
  minReadySeconds: 10,
  activePods: [],
  now,
  ...changes,
});

describe('replica status', () => {
  it('counts labels, readiness and availability', () => {
    const activePods = [pod({ app: 'web', tier: 'x' }, 20), pod({ app: 'web' }, 5), pod({ app: 'web', tier: 'x' })];
    assert.deepEqual(computeReplicaStatus(observation({ activePods, terminatingPods: 1 })), {
      replicas: 3,
      fullyLabeledReplicas: 2,
      readyReplicas: 2,
      availableReplicas: 1,
      terminatingReplicas: 1,
      observedGeneration: 2,
    });
  });

  it('leaves out counts of 0', () => {
    assert.deepEqual(computeReplicaStatus(observation({})), { replicas: 0, observedGeneration: 2 });
  });

  it('tells a failure once, and takes it back', () => {
    const failure = { reason: 'FailedCreate', message: 'quota' } as const;
    const failing = computeReplicaStatus(observation({ failure }));
    assert.deepEqual(failing.conditions, [
      { type: 'ReplicaFailure', status: 'True', lastTransitionTime: '2030-01-02T00:00:00Z', ...failure },
    ]);
    const again = { reason: 'FailedCreate', message: 'other words' } as const;
    const later = observation({ previous: failing, failure: again, now: now + 60_000 });
    assert.deepEqual(computeReplicaStatus(later).conditions, failing.conditions);
    assert.equal(computeReplicaStatus(observation({ previous: failing })).conditions, undefined);
  });
});
