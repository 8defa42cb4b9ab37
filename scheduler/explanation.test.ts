import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { decide } from './decision.ts';
import { createDefaultPlugins } from './default-plugins.ts';
import { computeDiagnosis, RecentDiagnoses } from './explanation.ts';
import { Nominations } from './nominations.ts';
import { TemplateMemory } from './template-results.ts';
import { listersOf, type NodePicture, nodeOf, type PodPicture, podOf, snapshotOf } from './testing/pictures.ts';

const observedAt = '2030-01-01T00:00:00Z';

/** Node name → the node and the pods on it. */
type Cluster = Readonly<Record<string, NodePicture & { readonly pods?: readonly PodPicture[] }>>;

function diagnose(picture: PodPicture, cluster: Cluster) {
  const { refused, nodes } = refusedIn(picture, cluster);
  return computeDiagnosis(refused, { nodes, observedAt });
}

function refusedIn(picture: PodPicture, cluster: Cluster) {
  const nodes = Object.entries(cluster).map(([name, { pods: _, ...node }]) => nodeOf(name, node));
  const placed = Object.entries(cluster).map(([name, { pods = [] }]) => {
    return [name, pods.map((pod, i) => podOf(`${name}-${i}`, pod))] as const;
  });
  const snapshot = snapshotOf(nodes, Object.fromEntries(placed));
  const pod = podOf('p', picture);
  const decision = decide(pod, {
    ...{ snapshot, plugins: createDefaultPlugins(listersOf()), templates: new TemplateMemory() },
    ...{ nominations: new Nominations(), random: () => 0 },
  });
  assert.ok(decision.type === 'unschedulable' && decision.because === 'nodes');
  return { pod, refused: decision.refused, nodes: snapshot.nodeCount };
}

describe('a diagnosis', () => {
  it('has every node in one group, and the nearest with all that stands in the way', () => {
    const taints = [{ key: 'gpu', value: 'true', effect: 'NoSchedule' }];
    const full = { requests: { cpu: '3' } };
    const { nodes, groups, nearest } = diagnose(
      { requests: { cpu: '1300m' } },
      {
        short: { pods: [full] },
        tainted: { taints },
        both: { taints, pods: [full] },
        small: { allocatable: { cpu: '1' } },
      },
    );
    assert.equal(nodes, 4);
    assert.deepEqual(
      groups.map(({ plugin, reasons, count, nodes: names, resolvable }) => [plugin, reasons, count, names, resolvable]),
      [
        ['TaintToleration', ['node(s) had untolerated taint(s)'], 2, ['both', 'tainted'], false],
        ['NodeResourcesFit', ['Insufficient cpu'], 1, ['short'], true],
        ['NodeResourcesFit', ['Insufficient cpu'], 1, ['small'], false],
      ],
    );
    const remove = 'remove taint gpu=true:NoSchedule, or tolerate it';
    assert.deepEqual(nearest, [
      { node: 'short', steps: ['needs 300m more cpu'] },
      { node: 'tainted', steps: [remove] },
      { node: 'both', steps: [remove, 'needs 300m more cpu'] },
    ]);
  });

  const onlyNode: readonly [name: string, pod: PodPicture, node: Cluster[string], steps: readonly string[]][] = [
    ['a cordoned node', {}, { unschedulable: true }, ['uncordon the node']],
    ['a label', { nodeSelector: { disk: 'ssd' } }, {}, ['label the node disk=ssd']],
    [
      'memory',
      { requests: { memory: '10Gi' } },
      {},
      ['needs 2Gi more memory: the pod asks for more than the node has (8Gi)'],
    ],
    [
      'a host port',
      { containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] },
      { pods: [{ containers: [{ name: 'c', ports: [{ containerPort: 80, hostPort: 80 }] }] }] },
      ['free host port 80/TCP'],
    ],
    [
      'a full topology',
      {
        labels: { app: 'a' },
        topologySpreadConstraints: [
          {
            maxSkew: 1,
            topologyKey: 'zone',
            whenUnsatisfiable: 'DoNotSchedule',
            labelSelector: { matchLabels: { app: 'a' } },
          },
        ],
      },
      {},
      ['give the node a label zone'],
    ],
    [
      'company',
      {
        affinity: {
          podAffinity: {
            requiredDuringSchedulingIgnoredDuringExecution: [
              { topologyKey: 'kubernetes.io/hostname', labelSelector: { matchLabels: { app: 'db' } } },
            ],
          },
        },
      },
      {},
      ['the pod wants the company of pods with app=db in the same kubernetes.io/hostname'],
    ],
  ];
  for (const [name, pod, node, steps] of onlyNode)
    it(`says what would help: ${name}`, () =>
      assert.deepEqual(diagnose(pod, { n: node }).nearest, [{ node: 'n', steps }]));

  it('names no more nodes than are good to store', () => {
    const cluster = Object.fromEntries(
      Array.from({ length: 1000 }, (_, i) => [`node-${i}`, { unschedulable: i % 2 === 0, allocatable: { cpu: '1' } }]),
    );
    const diagnosis = diagnose({ requests: { cpu: '2' } }, cluster);
    assert.deepEqual(
      diagnosis.groups.map(({ count }) => count),
      [500, 500],
    );
    assert.ok(JSON.stringify(diagnosis).length < 6_000);
  });

  it('is made once a second for all pods of a template, unless it depends on other pods', () => {
    const recent = new RecentDiagnoses();
    const cluster: Cluster = { n: { allocatable: { cpu: '1' } } };
    const ask = (picture: PodPicture, at: string) => {
      const { pod, refused, nodes } = refusedIn(picture, cluster);
      return recent.of(pod, refused, { nodes, observedAt: at });
    };
    const plain = { requests: { cpu: '2' } };
    const far = { requiredDuringSchedulingIgnoredDuringExecution: [{ topologyKey: 'zone' }] };
    assert.equal(ask(plain, '1'), ask(plain, '1'));
    assert.notEqual(ask(plain, '1'), ask({ requests: { cpu: '3' } }, '1'));
    assert.notEqual(ask(plain, '1'), ask(plain, '2'));
    const choosy = { ...plain, affinity: { podAntiAffinity: far } };
    assert.notEqual(ask(choosy, '3'), ask(choosy, '3'));
  });
});
