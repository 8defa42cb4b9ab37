import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import type { NodeSpec, PodStatus } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { isSurplus, type PodGarbagePlan, type PodGarbageSituation, planPodGarbage } from './pod-garbage-plan.ts';

interface Picture {
  readonly nodeName?: string;
  readonly going?: boolean;
  readonly status?: PodStatus;
  readonly createdAt?: string;
}

const pod = (name: string, { nodeName, going = false, status, createdAt }: Picture = {}) =>
  storedObject(pods, {
    metadata: {
      name,
      ...(createdAt !== undefined && { creationTimestamp: createdAt }),
      ...(going && { deletionTimestamp: '2030-01-01T00:00:00Z' }),
    },
    spec: { containers: [], ...(nodeName !== undefined && { nodeName }) },
    ...(status && { status }),
  });

const node = (ready: string, spec: NodeSpec = {}) =>
  storedObject(nodes, { metadata: { name: 'n' }, spec, status: { conditions: [{ type: 'Ready', status: ready }] } });

const outOfService: NodeSpec = { taints: [{ key: 'node.kubernetes.io/out-of-service', effect: 'NoExecute' }] };
const keep: PodGarbagePlan = { type: 'keep' };
const remove: PodGarbagePlan = { type: 'delete' };

describe('a pod is removed', () => {
  const gone: PodGarbagePlan = { type: 'fail', message: 'PodGC: node no longer exists', unlessNodeExists: 'n' };
  const off: PodGarbagePlan = { type: 'fail', message: 'PodGC: node is out of service' };
  const cases: readonly (readonly [
    title: string,
    pod: Picture,
    situation: Partial<PodGarbageSituation>,
    plan: PodGarbagePlan,
  ])[] = [
    ['not while it waits for a node', {}, {}, keep],
    ['when it is deleted before it had one', { going: true }, {}, remove],
    ['not while it runs', { nodeName: 'n' }, { node: node('True') }, keep],
    ['not while its kubelet ends it', { nodeName: 'n', going: true }, { node: node('True') }, keep],
    ['not while its kubelet is silent', { nodeName: 'n', going: true }, { node: node('Unknown') }, keep],
    ['not at once when its node is missed', { nodeName: 'n' }, {}, { type: 'wait', leftMs: 40_000 }],
    ['but when it is for long', { nodeName: 'n' }, { missingForMs: 39_000 }, { type: 'wait', leftMs: 1_000 }],
    ['namely for 40 seconds', { nodeName: 'n' }, { missingForMs: 40_000 }, gone],
    ['also when it was deleted', { nodeName: 'n', going: true }, { missingForMs: 40_000 }, gone],
    ['also when it had ended', { nodeName: 'n', status: { phase: 'Failed' } }, { missingForMs: 40_000 }, gone],
    [
      'when it is deleted on a node that is off',
      { nodeName: 'n', going: true },
      { node: node('Unknown', outOfService) },
      off,
    ],
    ['whether silent or only not ready', { nodeName: 'n', going: true }, { node: node('False', outOfService) }, off],
    ['not while that node is ready', { nodeName: 'n', going: true }, { node: node('True', outOfService) }, keep],
    ['nor unless it is deleted', { nodeName: 'n' }, { node: node('Unknown', outOfService) }, keep],
    ['as one of too many finished', { nodeName: 'n' }, { node: node('True'), surplus: true }, remove],
    ['which may never have had a node', {}, { surplus: true }, remove],
    ['but not when it goes already', { nodeName: 'n', going: true }, { node: node('True'), surplus: true }, keep],
  ];
  for (const [title, picture, situation, plan] of cases)
    it(title, () => {
      const full = { node: undefined, missingForMs: 0, surplus: false, ...situation };
      assert.deepEqual(planPodGarbage(pod('p', picture), full), plan);
    });
});

describe('of too many finished pods', () => {
  const failed = (name: string, day: number, reason?: string) =>
    pod(name, { createdAt: `2030-01-0${day}T00:00:00Z`, status: { phase: 'Failed', ...(reason && { reason }) } });
  const surplus = (all: ReturnType<typeof failed>[], kept: number) =>
    all.filter((one) => isSurplus(one, all, kept)).map(({ metadata }) => metadata.name);

  it('none goes while they are not too many', () => {
    assert.deepEqual(surplus([failed('a', 1), failed('b', 2)], 2), []);
    assert.deepEqual(surplus([], 2), []);
  });

  it('the oldest go', () => {
    assert.deepEqual(surplus([failed('c', 3), failed('a', 1), failed('b', 2)], 1), ['a', 'b']);
  });

  it('evicted ones before all others', () => {
    assert.deepEqual(surplus([failed('old', 1), failed('evicted', 3, 'Evicted'), failed('b', 2)], 2), ['evicted']);
  });

  it('as many as needed, also of one age', () => {
    assert.deepEqual(surplus([failed('a', 1), failed('b', 1), failed('c', 1)], 2), ['a']);
  });
});
