import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { PodObject } from '../model/pod.ts';
import { makeContainerStatus, makePod } from '../testing/make-pod.ts';
import { NodeAdmission } from './node-admission.ts';

const podNamed = (name: string, status?: PodObject['status']): PodObject => {
  const one = makePod({ containers: [{ name: 'a', resources: { requests: { cpu: '1' } } }] });
  return { ...one, metadata: { ...one.metadata, name, uid: name }, ...(status && { status }) };
};

const nodeWith = (labels: Record<string, string>) => ({
  name: 'n',
  node: { metadata: { labels } },
  allocatable: { cpu: '1', pods: '10' },
});

function makeAdmission(
  pods: readonly PodObject[],
  labels = {},
  labelsNow = labels,
  preempt = async (_: readonly PodObject[]) => {},
): NodeAdmission {
  return new NodeAdmission({
    isHere: () => false,
    preempt,
    allocatable: nodeWith({}).allocatable,
    pods: () => pods,
    lastSeenNode: () => nodeWith(labels),
    readNode: async () => nodeWith(labelsNow),
    refusalOf: () => undefined,
  });
}

it('two pods that come at once are not promised the same room; what ended gives it back', async () => {
  const pods = [podNamed('first'), podNamed('second')] as const;
  const admission = makeAdmission(pods);
  const refusals = await Promise.all(pods.map((pod) => admission.admit(pod)));
  assert.deepEqual(
    refusals.map((refusal) => refusal?.reason),
    [undefined, 'OutOfcpu'],
  );
  admission.release('first');
  assert.equal(await admission.admit(pods[1]), undefined);
});

it('a pod that was begun stays, and holds its room', async () => {
  const [begun, late] = [podNamed('begun', { startTime: '2026-01-01T00:00:00Z' }), podNamed('late')];
  const admission = makeAdmission([begun, late]);
  assert.equal((await admission.admit(late))?.reason, 'OutOfcpu');
  assert.equal(await admission.admit(begun), undefined);
});

it('finished pods hold no room', async () => {
  const done = podNamed('done', { phase: 'Succeeded', startTime: '2026-01-01T00:00:00Z' });
  assert.equal(await makeAdmission([done]).admit(podNamed('next')), undefined);
});

describe('a critical pod that finds no room', () => {
  const critical = (spec: object = {}): PodObject => {
    const one = podNamed('critical');
    return { ...one, spec: { containers: [], ...one.spec, priority: 2_000_000_000, ...spec } };
  };
  const plain = podNamed('plain', { startTime: '2026-01-01T00:00:00Z', qosClass: 'Burstable' });

  async function admit(pod: PodObject, others: readonly PodObject[]) {
    const ended: string[] = [];
    const preempt = async (victims: readonly PodObject[]) => {
      ended.push(...victims.map(({ metadata }) => metadata.name));
    };
    return { refusal: await makeAdmission([pod, ...others], {}, {}, preempt).admit(pod), ended };
  }

  it('ends another one for it', async () => {
    assert.deepEqual(await admit(critical(), [plain]), { refusal: undefined, ended: ['plain'] });
  });

  it('ends nobody where it could not be anyway', async () => {
    const { refusal, ended } = await admit(critical({ nodeSelector: { disk: 'ssd' } }), [plain]);
    assert.deepEqual([refusal?.reason, ended], ['NodeAffinity', []]);
  });

  it('is refused when nobody can go', async () => {
    const { refusal, ended } = await admit(critical(), [
      { ...critical(), metadata: { ...plain.metadata, name: 'other', uid: 'other' }, status: plain.status ?? {} },
    ]);
    assert.deepEqual(
      [refusal, ended],
      [
        {
          reason: 'UnexpectedAdmissionError',
          message:
            'Unexpected error while attempting to recover from admission failure: preemption: error finding a set of pods to preempt: no set of running pods found to reclaim resources: [(res: cpu, q: 1000), ]',
        },
        [],
      ],
    );
  });
});

it('labels that were set a moment ago count', async () => {
  const pod = makePod({ nodeSelector: { disk: 'ssd' } });
  assert.equal(await makeAdmission([], {}, { disk: 'ssd' }).admit(pod), undefined);
  assert.equal((await makeAdmission([], {}, {}).admit(pod))?.reason, 'NodeAffinity');
});

describe('a pod that asks for more while it runs', () => {
  const grown = (name: string, cpu: string): PodObject => {
    const pod = podNamed(name, { startTime: '2026-01-01T00:00:00Z' });
    return { ...pod, spec: { ...pod.spec, containers: [{ name: 'a', resources: { requests: { cpu } } }] } };
  };
  const cases = [
    ['gets what the node has', [grown('p', '1')], undefined],
    [
      'never gets what the node has not',
      [grown('p', '2')],
      ['Infeasible', 'Infeasible', "Node didn't have enough capacity: cpu, requested: 2000, capacity: 1000"],
    ],
    [
      'waits for what others have',
      [grown('p', '500m'), grown('q', '600m')],
      ['Deferred', 'OutOfcpu', "Node didn't have enough resource: cpu, requested: 500, used: 600, capacity: 1000"],
    ],
  ] as const;
  for (const [what, pods, expected] of cases)
    it(what, () => {
      const refusal = makeAdmission(pods).resizeRefusalOf(pods[0]);
      assert.deepEqual(refusal && [refusal.reason, refusal.cause, refusal.message], expected);
    });

  it('holds no more than it was given while it waits', () => {
    const status: PodObject['status'] = {
      conditions: [{ type: 'PodResizePending', status: 'True' }],
      containerStatuses: [makeContainerStatus({ allocatedResources: { cpu: '100m' } })],
      startTime: '2026-01-01T00:00:00Z',
    };
    const waiting = { ...grown('waiting', '900m'), status };
    assert.equal(makeAdmission([waiting]).resizeRefusalOf(grown('p', '800m')), undefined);
  });
});
