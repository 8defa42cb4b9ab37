import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { replicaSets, statefulSets } from '../../api/resources/apps.ts';
import { replicationControllers, services } from '../../api/resources/core.ts';
import type { TopologySpreadConstraint } from '../../api/types/core/v1.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import {
  listersOf,
  type NodePicture,
  nodeOf,
  type PodPicture,
  podOf,
  refusalsBy,
  scoresBy,
  snapshotOf,
} from '../testing/pictures.ts';
import { createTopologySpread } from './topology-spread.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const crowded = "node(s) didn't match pod topology spread constraints";
const noLabel = `${crowded} (missing required label) !`;

const overZones: TopologySpreadConstraint = {
  topologyKey: zone,
  maxSkew: 1,
  whenUnsatisfiable: 'DoNotSchedule',
  labelSelector: { matchLabels: { app: 'web' } },
};
const overHosts: TopologySpreadConstraint = { ...overZones, topologyKey: hostname };

const web: PodPicture = { labels: { app: 'web' } };
const spread = (...topologySpreadConstraints: TopologySpreadConstraint[]): PodPicture => ({
  ...web,
  topologySpreadConstraints,
});

const plugin = createTopologySpread(listersOf());

interface Case {
  readonly title: string;
  /** Node → its labels and taints; its zone is the letter that its name begins with. */
  readonly nodes?: Readonly<Record<string, NodePicture>>;
  /** Node → pods of `app: web` on it, or what they look like. */
  readonly placed?: Readonly<Record<string, number | readonly PodPicture[]>>;
  readonly pod: PodPicture;
  readonly answers: Readonly<Record<string, string>>;
}

const threeNodes = { a1: {}, a2: {}, b1: {} };

function clusterOf({ nodes = threeNodes, placed = {} }: Pick<Case, 'nodes' | 'placed'>) {
  const all = Object.entries(nodes).map(([name, picture]) =>
    nodeOf(name, { ...picture, labels: { [zone]: name.slice(0, 1), ...picture.labels } }),
  );
  const there = Object.entries(placed).map(([node, pods]) => {
    const pictures = typeof pods === 'number' ? Array.from({ length: pods }, () => web) : pods;
    return [node, pictures.map((picture, i) => podOf(`on-${node}-${i}`, picture))] as const;
  });
  return snapshotOf(all, Object.fromEntries(there));
}

describe('PodTopologySpread', () => {
  const cases: readonly Case[] = [
    { title: 'the first goes anywhere', pod: spread(overZones), answers: { a1: 'fits', a2: 'fits', b1: 'fits' } },
    {
      title: 'the second to another zone',
      placed: { a1: 1 },
      pod: spread(overZones),
      answers: { a1: crowded, a2: crowded, b1: 'fits' },
    },
    {
      title: 'a wider skew allows more',
      placed: { a1: 1 },
      pod: spread({ ...overZones, maxSkew: 2 }),
      answers: { a1: 'fits', a2: 'fits', b1: 'fits' },
    },
    {
      title: 'hosts are domains as well',
      placed: { a1: 1, b1: 1 },
      pod: spread(overHosts),
      answers: { a1: crowded, a2: 'fits', b1: crowded },
    },
    {
      title: 'all constraints have to hold',
      placed: { a1: 1, b1: 2 },
      pod: spread(overZones, overHosts),
      answers: { a1: crowded, a2: 'fits', b1: crowded },
    },
    {
      title: 'a pod whose own labels the selector does not mean adds nothing',
      placed: { a1: 1 },
      pod: { labels: { app: 'db' }, topologySpreadConstraints: [overZones] },
      answers: { a1: 'fits', a2: 'fits', b1: 'fits' },
    },
    {
      title: 'a node without the label',
      nodes: { a1: {}, b1: {}, c1: { labels: { [zone]: '' } } },
      pod: spread({ ...overZones, topologyKey: 'rack' }),
      answers: { a1: noLabel, b1: noLabel, c1: noLabel },
    },
    {
      title: 'pods that are ending, and pods of other namespaces, do not count',
      placed: {
        a1: [
          { ...web, metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } },
          { ...web, metadata: { namespace: 'other' } },
        ],
      },
      pod: spread(overZones),
      answers: { a1: 'fits', a2: 'fits', b1: 'fits' },
    },
    {
      title: 'minDomains: with too few domains the emptiest counts as empty',
      placed: { a1: 1, b1: 1 },
      pod: spread({ ...overZones, minDomains: 3 }),
      answers: { a1: crowded, a2: crowded, b1: crowded },
    },
    {
      title: 'minDomains that are there change nothing',
      placed: { a1: 1, b1: 1 },
      pod: spread({ ...overZones, minDomains: 2 }),
      answers: { a1: 'fits', a2: 'fits', b1: 'fits' },
    },
    {
      title: 'nodeAffinityPolicy Honor, the default: zones that the pod does not select are no domains',
      placed: { a1: 1 },
      pod: { ...spread(overZones), nodeSelector: { [zone]: 'a' } },
      answers: { a1: 'fits', a2: 'fits', b1: 'fits' },
    },
    {
      title: 'nodeAffinityPolicy Ignore: they are',
      placed: { a1: 1 },
      pod: { ...spread({ ...overZones, nodeAffinityPolicy: 'Ignore' }), nodeSelector: { [zone]: 'a' } },
      answers: { a1: crowded, a2: crowded, b1: 'fits' },
    },
    {
      title: 'nodeTaintsPolicy Ignore, the default: zones of tainted nodes are domains',
      nodes: { a1: {}, b1: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
      placed: { a1: 1 },
      pod: spread(overZones),
      answers: { a1: crowded, b1: 'fits' },
    },
    {
      title: 'nodeTaintsPolicy Honor: they are not',
      nodes: { a1: {}, b1: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
      placed: { a1: 1 },
      pod: spread({ ...overZones, nodeTaintsPolicy: 'Honor' }),
      answers: { a1: 'fits', b1: 'fits' },
    },
    {
      title: 'unless the pod tolerates the taint',
      nodes: { a1: {}, b1: { taints: [{ key: 'k', effect: 'NoSchedule' }] } },
      placed: { a1: 1 },
      pod: { ...spread({ ...overZones, nodeTaintsPolicy: 'Honor' }), tolerations: [{ operator: 'Exists' }] },
      answers: { a1: crowded, b1: 'fits' },
    },
    {
      title: 'matchLabelKeys: pods of another revision do not count',
      placed: { a1: [{ labels: { app: 'web', rev: '1' } }], b1: [{ labels: { app: 'web', rev: '2' } }] },
      pod: { ...spread({ ...overZones, matchLabelKeys: ['rev'] }), labels: { app: 'web', rev: '2' } },
      answers: { a1: 'fits', a2: 'fits', b1: crowded },
    },
    {
      title: 'matchLabelKeys that the pod lacks are left out',
      placed: { a1: [{ labels: { app: 'web', rev: '1' } }] },
      pod: spread({ ...overZones, matchLabelKeys: ['rev'] }),
      answers: { a1: crowded, a2: crowded, b1: 'fits' },
    },
    {
      title: 'nodes that lack one of the labels count for none of the constraints',
      nodes: { a1: { labels: { rack: 'r1' } }, b1: {}, c1: { labels: { rack: 'r2' } } },
      placed: { a1: 1, c1: 1 },
      pod: spread(overZones, { ...overZones, topologyKey: 'rack', maxSkew: 5 }),
      answers: { a1: 'fits', b1: noLabel, c1: 'fits' },
    },
  ];
  for (const { title, pod, answers, ...cluster } of cases)
    it(title, () => assert.deepEqual(refusalsBy(plugin, podOf('p', pod), clusterOf(cluster)), answers));

  it('leaves soft constraints to the score', () => {
    const pod = podOf('p', spread({ ...overZones, whenUnsatisfiable: 'ScheduleAnyway' }));
    assert.equal(plugin.prepareFilter(pod, clusterOf({ placed: { a1: 3 } })), undefined);
  });
});

describe('PodTopologySpread scores', () => {
  const softly = (...constraints: TopologySpreadConstraint[]): PodPicture =>
    spread(...constraints.map((constraint) => ({ ...constraint, whenUnsatisfiable: 'ScheduleAnyway' })));
  const scores = (pod: PodPicture, cluster: Pick<Case, 'nodes' | 'placed'>, listers = listersOf()) =>
    scoresBy(createTopologySpread(listers), podOf('p', pod), clusterOf(cluster));

  it('the emptiest zone best', () => {
    // Weight of a zone: ln(2 + 2); 2 pods are round(2 · 1.386 + 0) = 3, none 0.
    assert.deepEqual(scores(softly(overZones), { placed: { a1: 2 } }), { a1: 0, a2: 0, b1: 100 });
  });

  it('fuller zones by how full they are', () => {
    // 4 pods: round(5.545) = 6; 2 pods: 3. 100 · (6 + 3 − 3) / 6 and 100 · (6 + 3 − 6) / 6.
    assert.deepEqual(scores(softly(overZones), { placed: { a1: 2, a2: 2, b1: 2 } }), { a1: 50, a2: 50, b1: 100 });
  });

  it('100 for all when there is nothing to spread', () => {
    assert.deepEqual(scores(softly(overZones), {}), { a1: 100, a2: 100, b1: 100 });
  });

  it('0 for nodes that lack a label', () => {
    const nodes = { a1: { labels: { rack: 'r1' } }, b1: {} };
    assert.deepEqual(scores(softly({ ...overZones, topologyKey: 'rack' }), { nodes }), { a1: 100, b1: 0 });
  });

  it('not at all with hard constraints alone', () => {
    assert.equal(scores(spread(overZones), {}), undefined);
  });

  describe('pods without constraints, with those of their owner', () => {
    const ownedBy = (apiVersion: string, kind: string): PodPicture => ({
      ...web,
      metadata: { ownerReferences: [{ apiVersion, kind, name: 'web', uid: 'web', controller: true }] },
    });
    const selector = { matchLabels: { app: 'web' } };
    const template = { spec: { containers: [] } };
    const listers = listersOf({
      replicaSets: cacheOf([storedObject(replicaSets, { metadata: { name: 'web' }, spec: { selector } })]),
      statefulSets: cacheOf([
        storedObject(statefulSets, { metadata: { name: 'web' }, spec: { selector, template, serviceName: 'web' } }),
      ]),
      replicationControllers: cacheOf([
        storedObject(replicationControllers, { metadata: { name: 'web' }, spec: { selector: { app: 'web' } } }),
      ]),
    });
    const away = (pod: PodPicture) => {
      const found = scores(pod, { placed: { a1: 6 } }, listers);
      return found === undefined ? undefined : (found.b1 ?? 0) > (found.a2 ?? 0) && (found.a2 ?? 0) > (found.a1 ?? 0);
    };

    for (const [apiVersion, kind] of [
      ['apps/v1', 'ReplicaSet'],
      ['apps/v1', 'StatefulSet'],
      ['v1', 'ReplicationController'],
    ] as const)
      it(`a ${kind}: over hosts, and over zones`, () => assert.equal(away(ownedBy(apiVersion, kind)), true));

    it('of another kind: not at all', () => assert.equal(away(ownedBy('example.com/v1', 'ReplicaSet')), undefined));

    it('of none: not at all', () => assert.equal(away(web), undefined));

    it('a Service that selects them', () => {
      const service = storedObject(services, { metadata: { name: 's' }, spec: { selector: { app: 'web' } } });
      const found = scores(web, { placed: { a1: 6 } }, listersOf({ services: cacheOf([service]) }));
      assert.ok((found?.b1 ?? 0) > (found?.a1 ?? 0));
    });

    it('but not a Service of another namespace, or without a selector', () => {
      const all = [
        storedObject(services, { metadata: { name: 's', namespace: 'other' }, spec: { selector: { app: 'web' } } }),
        storedObject(services, { metadata: { name: 't' }, spec: {} }),
      ];
      assert.equal(scores(web, { placed: { a1: 6 } }, listersOf({ services: cacheOf(all) })), undefined);
    });
  });
});
