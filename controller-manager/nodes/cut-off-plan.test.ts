import assert from 'node:assert/strict';
import { it } from 'node:test';
import { cutOffAfterMs, endsWhenCutOffCondition, movesAfterMs } from '../../api/cut-off.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { planCutOff } from './cut-off-plan.ts';

const nodeOf = (status: string) =>
  storedObject(nodes, { metadata: { name: 'a' }, status: { conditions: [{ type: 'Ready', status }] } });
const podOf = (promised: string, graceSeconds = 30) =>
  storedObject(pods, {
    metadata: { name: 'web-0' },
    spec: { containers: [], nodeName: 'a', terminationGracePeriodSeconds: graceSeconds },
    status: { conditions: [{ type: endsWhenCutOffCondition, status: promised }] },
  });

it('a pod is made anew only when its kubelet promised to end it, and it has ended for certain', () => {
  const silent = { node: nodeOf('Unknown'), silentForMs: 120_000, hasReadyNode: true };
  assert.deepEqual(planCutOff(podOf('True'), silent), { type: 'remove' });
  assert.deepEqual(planCutOff(podOf('True'), { ...silent, silentForMs: 119_000 }), { type: 'wait', leftMs: 1_000 });
  assert.deepEqual(planCutOff(podOf('True', 600), silent), { type: 'wait', leftMs: 570_000 });
  assert.deepEqual(planCutOff(podOf('False'), silent), { type: 'keep' });
  for (const status of ['True', 'False'])
    assert.deepEqual(planCutOff(podOf('True'), { ...silent, node: nodeOf(status) }), { type: 'keep' });
  assert.deepEqual(planCutOff(podOf('True'), { ...silent, node: undefined }), { type: 'keep' });
  assert.deepEqual(planCutOff(podOf('True'), { ...silent, hasReadyNode: false }), { type: 'wait', leftMs: 10_000 });
});

it('the time for that is longer than what the kubelet takes, also where a deletion gave more of it', () => {
  const pod = podOf('True', 5);
  assert.ok(movesAfterMs(pod) > cutOffAfterMs + 5_000);
  const deleted = { ...pod, metadata: { ...pod.metadata, deletionGracePeriodSeconds: 300 } };
  assert.ok(movesAfterMs(deleted) > cutOffAfterMs + 300_000);
});
