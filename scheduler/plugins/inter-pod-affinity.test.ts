import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { namespaces } from '../../api/resources/core.ts';
import type { Affinity, PodAffinityTerm } from '../../api/types/core/v1.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { listersOf, nodeOf, type PodPicture, podOf, refusalsBy, scoresBy, snapshotOf } from '../testing/pictures.ts';
import { createInterPodAffinity } from './inter-pod-affinity.ts';

const zone = 'topology.kubernetes.io/zone';
const hostname = 'kubernetes.io/hostname';
const web: PodAffinityTerm = { labelSelector: { matchLabels: { app: 'web' } }, topologyKey: zone };

const near = (...terms: PodAffinityTerm[]): { affinity: Affinity } => ({
  affinity: { podAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});
const apart = (...terms: PodAffinityTerm[]): { affinity: Affinity } => ({
  affinity: { podAntiAffinity: { requiredDuringSchedulingIgnoredDuringExecution: terms } },
});

const notNear = "node(s) didn't match pod affinity rules !";
const tooNear = "node(s) didn't match pod anti-affinity rules";
const unwelcome = "node(s) didn't satisfy existing pods anti-affinity rules";

const teams = cacheOf(
  (['red', 'blue'] as const).map((name) => storedObject(namespaces, { metadata: { name, labels: { team: name } } })),
);
const plugin = createInterPodAffinity(listersOf({ namespaces: teams }));

/** Two hosts in the east, one in the west, one in no zone. */
const nodes = [
  nodeOf('e1', { labels: { [zone]: 'east' } }),
  nodeOf('e2', { labels: { [zone]: 'east' } }),
  nodeOf('w1', { labels: { [zone]: 'west' } }),
  nodeOf('nowhere'),
];

interface Case {
  readonly title: string;
  readonly pod: PodPicture;
  /** Node → the pod that is there. */
  readonly placed?: Readonly<Record<string, PodPicture>>;
  /** Of e1, e2, w1 and nowhere. */
  readonly answers: readonly [string, string, string, string];
}

const inNamespace = (namespace: string, labels = { app: 'web' }): PodPicture => ({ labels, metadata: { namespace } });
const everywhere = ['fits', 'fits', 'fits', 'fits'] as const;

describe('InterPodAffinity', () => {
  const cases: readonly Case[] = [
    {
      title: 'affinity: the whole topology of a matching pod',
      pod: near(web),
      placed: { e1: { labels: { app: 'web' } } },
      answers: ['fits', 'fits', notNear, notNear],
    },
    {
      title: 'affinity to a host: that host alone',
      pod: near({ ...web, topologyKey: hostname }),
      placed: { e1: { labels: { app: 'web' } } },
      answers: ['fits', notNear, notNear, notNear],
    },
    {
      title: 'affinity to what is nowhere',
      pod: near(web),
      placed: { e1: { labels: { app: 'db' } } },
      answers: [notNear, notNear, notNear, notNear],
    },
    {
      title: 'the first pod of a group with affinity to itself goes where the label is',
      pod: { labels: { app: 'web' }, ...near(web) },
      answers: ['fits', 'fits', 'fits', notNear],
    },
    {
      title: 'but the second goes to the first',
      pod: { labels: { app: 'web' }, ...near(web) },
      placed: { w1: { labels: { app: 'web' } } },
      answers: [notNear, notNear, 'fits', notNear],
    },
    {
      title: 'several terms are met by pods that match all of them',
      pod: near(web, { ...web, topologyKey: hostname }),
      placed: { e1: { labels: { app: 'web' } } },
      answers: ['fits', notNear, notNear, notNear],
    },
    {
      title: 'not by one pod for each term',
      pod: near(web, { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: zone }),
      placed: { e1: { labels: { app: 'web' } }, e2: { labels: { app: 'db' } } },
      answers: [notNear, notNear, notNear, notNear],
    },
    {
      title: 'anti-affinity: not in the topology of a matching pod, and where there is no label nobody is near',
      pod: apart(web),
      placed: { e1: { labels: { app: 'web' } } },
      answers: [tooNear, tooNear, 'fits', 'fits'],
    },
    {
      title: 'anti-affinity to oneself forbids nothing',
      pod: { labels: { app: 'web' }, ...apart(web) },
      answers: everywhere,
    },
    {
      title: 'each term of anti-affinity counts alone',
      pod: apart(
        { ...web, topologyKey: hostname },
        { labelSelector: { matchLabels: { app: 'db' } }, topologyKey: zone },
      ),
      placed: { e1: { labels: { app: 'web' } }, w1: { labels: { app: 'db' } } },
      answers: [tooNear, 'fits', tooNear, 'fits'],
    },
    {
      title: 'pods that are there may keep newcomers away',
      pod: { labels: { app: 'web' } },
      placed: { e1: apart(web) },
      answers: [unwelcome, unwelcome, 'fits', 'fits'],
    },
    {
      title: 'but not those whom their term does not mean',
      pod: { labels: { app: 'db' } },
      placed: { e1: apart(web) },
      answers: everywhere,
    },
    {
      title: 'affinity speaks before anti-affinity, and that before those who are there',
      pod: {
        labels: { app: 'web' },
        affinity: { ...near(web).affinity, ...apart({ ...web, topologyKey: hostname }).affinity },
      },
      placed: { e1: { labels: { app: 'web' }, ...apart(web) } },
      answers: [tooNear, unwelcome, notNear, notNear],
    },
    {
      title: 'pods that are ending count',
      pod: apart(web),
      placed: { e1: { labels: { app: 'web' }, metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } } },
      answers: [tooNear, tooNear, 'fits', 'fits'],
    },
    {
      title: 'a term means pods of its own namespace',
      pod: apart(web),
      placed: { e1: inNamespace('red') },
      answers: everywhere,
    },
    {
      title: 'or of the namespaces that it names',
      pod: apart({ ...web, namespaces: ['red'] }),
      placed: { e1: inNamespace('red'), w1: { labels: { app: 'web' } } },
      answers: [tooNear, tooNear, 'fits', 'fits'],
    },
    {
      title: 'or of those that it selects by label',
      pod: apart({ ...web, namespaceSelector: { matchLabels: { team: 'red' } } }),
      placed: { e1: inNamespace('red'), w1: inNamespace('blue') },
      answers: [tooNear, tooNear, 'fits', 'fits'],
    },
    {
      title: 'named and selected ones together',
      pod: apart({ ...web, namespaces: ['blue'], namespaceSelector: { matchLabels: { team: 'red' } } }),
      placed: { e1: inNamespace('red'), w1: inNamespace('blue') },
      answers: [tooNear, tooNear, tooNear, 'fits'],
    },
    {
      title: 'an empty selector of namespaces means all of them',
      pod: apart({ ...web, namespaceSelector: {} }),
      placed: { e1: inNamespace('elsewhere'), w1: { labels: { app: 'web' } } },
      answers: [tooNear, tooNear, tooNear, 'fits'],
    },
    {
      title: 'what is there selects the newcomer by its namespace too',
      pod: inNamespace('red'),
      placed: { e1: apart({ ...web, namespaceSelector: { matchLabels: { team: 'red' } } }), w1: apart(web) },
      answers: [unwelcome, unwelcome, 'fits', 'fits'],
    },
    {
      title: 'a term without a selector means no pod, an empty one every pod',
      pod: apart({ topologyKey: zone }, { labelSelector: {}, topologyKey: hostname }),
      placed: { e1: { labels: { app: 'web' } } },
      answers: [tooNear, 'fits', 'fits', 'fits'],
    },
    {
      // The API server writes matchLabelKeys into the selector, as this term has it.
      title: 'matchLabelKeys: pods of the same revision alone',
      pod: {
        labels: { app: 'web', rev: '2' },
        ...apart({
          ...web,
          matchLabelKeys: ['rev'],
          labelSelector: {
            matchLabels: { app: 'web' },
            matchExpressions: [{ key: 'rev', operator: 'In', values: ['2'] }],
          },
        }),
      },
      placed: { e1: { labels: { app: 'web', rev: '1' } }, w1: { labels: { app: 'web', rev: '2' } } },
      answers: ['fits', 'fits', tooNear, 'fits'],
    },
  ];
  for (const { title, pod, placed = {}, answers } of cases)
    it(title, () => {
      const there = Object.entries(placed).map(([node, picture]) => [node, [podOf(`on-${node}`, picture)]] as const);
      const found = refusalsBy(plugin, podOf('p', pod), snapshotOf(nodes, Object.fromEntries(there)));
      assert.deepEqual(Object.values(found), answers);
    });

  it('follows pods that come and go', () => {
    const snapshot = snapshotOf(nodes, { e1: [podOf('there', { labels: { app: 'web' } })] });
    const answer = () => refusalsBy(plugin, podOf('p', apart(web)), snapshot).e2;
    assert.equal(answer(), tooNear);
    snapshot.removePod('default/there');
    assert.equal(answer(), 'fits');
    snapshot.setPod(podOf('there', { labels: { app: 'web' } }), 'e1');
    assert.equal(answer(), tooNear);
  });
});

describe('InterPodAffinity scores', () => {
  const prefers = (weight: number, term: PodAffinityTerm): { affinity: Affinity } => ({
    affinity: { podAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term }] } },
  });
  const avoids = (weight: number, term: PodAffinityTerm): { affinity: Affinity } => ({
    affinity: {
      podAntiAffinity: { preferredDuringSchedulingIgnoredDuringExecution: [{ weight, podAffinityTerm: term }] },
    },
  });
  const scores = (pod: PodPicture, placed: Readonly<Record<string, readonly PodPicture[]>>) => {
    const there = Object.entries(placed).map(
      ([node, pictures]) => [node, pictures.map((picture, i) => podOf(`on-${node}-${i}`, picture))] as const,
    );
    return scoresBy(plugin, podOf('p', pod), snapshotOf(nodes, Object.fromEntries(there)));
  };
  const labelled = { labels: { app: 'web' } };

  it('what the pod prefers, for each pod that is there', () => {
    assert.deepEqual(scores(prefers(10, web), { e1: [labelled], w1: [labelled, labelled] }), {
      e1: 50,
      e2: 50,
      w1: 100,
      nowhere: 0,
    });
  });

  it('what it would rather avoid', () => {
    assert.deepEqual(scores(avoids(10, web), { e1: [labelled] }), { e1: 0, e2: 0, w1: 100, nowhere: 100 });
  });

  it('what those prefer who are there', () => {
    assert.deepEqual(scores(labelled, { e1: [prefers(5, web)] }), { e1: 100, e2: 100, w1: 0, nowhere: 0 });
    assert.deepEqual(scores(labelled, { e1: [avoids(5, web)] }), { e1: 0, e2: 0, w1: 100, nowhere: 100 });
  });

  it('what those require who are there, with a weight of 1', () => {
    assert.deepEqual(scores(labelled, { e1: [near(web)], w1: [prefers(4, web)] }), {
      e1: 25,
      e2: 25,
      w1: 100,
      nowhere: 0,
    });
  });

  it('not at all when nobody cares', () => {
    assert.equal(scores(labelled, { e1: [labelled] }), undefined);
    assert.equal(scores(prefers(10, web), { e1: [{ labels: { app: 'db' } }] }), undefined);
  });
});
