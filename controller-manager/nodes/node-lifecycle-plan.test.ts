import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import type { NodeSpec } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import {
  computeNotReadyConditions,
  computeOldLabels,
  countZones,
  disruptionOf,
  EvictionPace,
  type EvictionVerdict,
  intervalOf,
  judgeEviction,
  zoneOf,
} from './node-lifecycle-plan.ts';

const now = Date.UTC(2030, 0, 2);
const zoneLabel = 'topology.kubernetes.io/zone';

describe('eviction pace', () => {
  it('knows an outage from a lost node', () => {
    assert.equal(disruptionOf({ ready: 3, lost: 1 }), 'none');
    assert.equal(disruptionOf({ ready: 1, lost: 2 }), 'none');
    assert.equal(disruptionOf({ ready: 2, lost: 3 }), 'partial');
    assert.equal(disruptionOf({ ready: 0, lost: 1 }), 'full');
  });

  it('gives up nothing when no node at all is ready', () => {
    const gone = { ready: 0, lost: 5 };
    assert.equal(intervalOf(gone, [gone]), undefined);
    assert.equal(intervalOf(gone, [gone, { ready: 1, lost: 0 }]), 10_000);
    const half = { ready: 2, lost: 3 };
    assert.equal(intervalOf(half, [half]), undefined);
    const large = { ready: 40, lost: 60 };
    assert.equal(intervalOf(large, [large]), 100_000);
  });

  it('takes one node of a zone at a time', () => {
    const pace = new EvictionPace();
    assert.ok(pace.tryTake('a', 10_000, 0));
    assert.ok(!pace.tryTake('a', 10_000, 9_999));
    assert.ok(pace.tryTake('b', 10_000, 9_999));
    assert.ok(pace.tryTake('a', 10_000, 10_000));
    assert.ok(!pace.tryTake('a', undefined, 90_000));
  });
});

function node(name: string, ready: string, zone = 'a', spec: NodeSpec = {}) {
  const labels = { [zoneLabel]: zone };
  return storedObject(nodes, {
    metadata: { name, labels },
    spec,
    status: { conditions: [{ type: 'Ready', status: ready }] },
  });
}

const many = (count: number, ready: string, zone: string) =>
  Array.from({ length: count }, (_, i) => node(`${zone}-${ready}-${i}`, ready, zone));

describe('zones', () => {
  it('are nodes of one region and zone', () => {
    const labels = { [zoneLabel]: 'a', 'topology.kubernetes.io/region': 'r' };
    assert.equal(zoneOf(storedObject(nodes, { metadata: { name: 'n', labels } })), 'r/a');
    assert.equal(zoneOf(storedObject(nodes, { metadata: { name: 'n' } })), '/');
  });

  it('have ready nodes, and lost ones: what is not ready for whatever reason', () => {
    const unheard = storedObject(nodes, { metadata: { name: 'new' } });
    const all = [...many(2, 'True', 'a'), ...many(1, 'False', 'a'), ...many(3, 'Unknown', 'b'), unheard];
    assert.deepEqual(Object.fromEntries(countZones(all)), {
      '/a': { ready: 2, lost: 1 },
      '/b': { ready: 0, lost: 3 },
      '/': { ready: 0, lost: 1 },
    });
  });
});

describe('whether pods may be driven from a node', () => {
  const silent = node('n', 'Unknown');
  const paced = (intervalMs: number | undefined): EvictionVerdict => ({ type: 'paced', zone: '/a', intervalMs });
  const cases: readonly (readonly [
    title: string,
    of: typeof silent,
    others: (typeof silent)[],
    verdict: EvictionVerdict,
  ])[] = [
    ['a ready node: nothing to ask', node('n', 'True'), [], { type: 'allowed' }],
    ['one node of a healthy zone: one in 10 s', silent, many(3, 'True', 'a'), paced(10_000)],
    ['a node that says itself that it is not ready', node('n', 'False'), many(3, 'True', 'a'), paced(10_000)],
    ['no node of the cluster is ready', silent, many(3, 'Unknown', 'a'), { type: 'refused' }],
    ['most of a small zone: none', silent, [...many(2, 'Unknown', 'a'), ...many(2, 'True', 'a')], paced(undefined)],
    [
      'most of a large zone: one in 100 s',
      silent,
      [...many(40, 'Unknown', 'a'), ...many(20, 'True', 'a')],
      paced(100_000),
    ],
    [
      'a whole zone, while others are well',
      silent,
      [...many(5, 'Unknown', 'a'), ...many(1, 'True', 'b')],
      paced(10_000),
    ],
    [
      'where they are driven away already they go on',
      node('n', 'Unknown', 'a', { taints: [{ key: 'node.kubernetes.io/unreachable', effect: 'NoExecute' }] }),
      many(3, 'True', 'a'),
      { type: 'allowed' },
    ],
    [
      'a taint of another reason does not say that',
      node('n', 'Unknown', 'a', { taints: [{ key: 'node.kubernetes.io/not-ready', effect: 'NoExecute' }] }),
      many(3, 'True', 'a'),
      paced(10_000),
    ],
  ];
  for (const [title, of, others, verdict] of cases)
    it(title, () => assert.deepEqual(judgeEviction(of, countZones([of, ...others])), verdict));
});

describe('old labels of a node', () => {
  const labelled = (labels: Record<string, string>) => storedObject(nodes, { metadata: { name: 'n', labels } });
  const cases: readonly (readonly [
    title: string,
    labels: Record<string, string>,
    wanted: Record<string, string> | undefined,
  ])[] = [
    [
      'follow those of today',
      { 'kubernetes.io/os': 'linux', 'kubernetes.io/arch': 'amd64' },
      { 'beta.kubernetes.io/os': 'linux', 'beta.kubernetes.io/arch': 'amd64' },
    ],
    [
      'are mended',
      { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'plan9' },
      { 'beta.kubernetes.io/os': 'linux' },
    ],
    ['are left when they are right', { 'kubernetes.io/os': 'linux', 'beta.kubernetes.io/os': 'linux' }, undefined],
    ['are left where there is none of today', { 'beta.kubernetes.io/os': 'linux' }, undefined],
    ['are not made of nothing', {}, undefined],
  ];
  for (const [title, labels, wanted] of cases)
    it(title, () => assert.deepEqual(computeOldLabels(labelled(labels)), wanted));
});

describe('a pod on a silent node', () => {
  const pod = (ready: string | undefined) =>
    storedObject(pods, {
      metadata: { name: 'p' },
      status: {
        conditions: [
          { type: 'Initialized', status: 'True' },
          ...(ready === undefined ? [] : [{ type: 'Ready', status: ready, reason: 'x' }]),
        ],
      },
    });

  it('is ready no more, as of now', () => {
    assert.deepEqual(computeNotReadyConditions(pod('True'), now), [
      { type: 'Initialized', status: 'True' },
      { type: 'Ready', status: 'False', reason: 'x', lastTransitionTime: '2030-01-02T00:00:00Z' },
    ]);
  });

  it('is left when it is not ready anyway', () => {
    assert.equal(computeNotReadyConditions(pod('False'), now), undefined);
    assert.equal(computeNotReadyConditions(pod(undefined), now), undefined);
  });
});
