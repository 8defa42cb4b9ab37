import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Container } from '../../api/types/core/v1.ts';
import {
  type NodePicture,
  nodeOf,
  type PodPicture,
  podOf,
  refusalsBy,
  scoresBy,
  snapshotOf,
} from '../testing/pictures.ts';
import { balancedAllocation } from './balanced-allocation.ts';
import { resourcesFit } from './resources-fit.ts';

const container = (name: string, requests: Record<string, string>, more: Partial<Container> = {}): Container => ({
  name,
  image: 'app:1',
  resources: { requests },
  ...more,
});
const sidecar = (name: string, requests: Record<string, string>): Container =>
  container(name, requests, { restartPolicy: 'Always' });

interface Case {
  readonly title: string;
  readonly node?: NodePicture;
  readonly pod: PodPicture;
  /** What is on the node already. */
  readonly placed?: readonly PodPicture[];
  readonly answer: string;
}

describe('NodeResourcesFit', () => {
  const cases: readonly Case[] = [
    { title: 'nothing requested fits on a full node', pod: {}, placed: [{ requests: { cpu: '4' } }], answer: 'fits' },
    {
      title: 'exactly what is left fits',
      pod: { requests: { cpu: '3' } },
      placed: [{ requests: { cpu: '1' } }],
      answer: 'fits',
    },
    {
      title: 'a thousandth more does not',
      pod: { requests: { cpu: '3001m' } },
      placed: [{ requests: { cpu: '1' } }],
      answer: 'Insufficient cpu',
    },
    { title: 'more than the node has can never fit', pod: { requests: { cpu: '5' } }, answer: 'Insufficient cpu !' },
    {
      title: 'each resource that is short is named',
      pod: { requests: { cpu: '4', memory: '8Gi' } },
      placed: [{ requests: { cpu: '1', memory: '1Gi' } }],
      answer: 'Insufficient cpu, Insufficient memory',
    },
    {
      title: 'one of them that can never fit is enough',
      pod: { requests: { cpu: '4', memory: '9Gi' } },
      placed: [{ requests: { cpu: '1' } }],
      answer: 'Insufficient cpu, Insufficient memory !',
    },
    {
      title: 'local storage counts',
      node: { allocatable: { 'ephemeral-storage': '10Gi' } },
      pod: { requests: { 'ephemeral-storage': '6Gi' } },
      placed: [{ requests: { 'ephemeral-storage': '5Gi' } }],
      answer: 'Insufficient ephemeral-storage',
    },
    {
      title: 'a resource that the node does not have',
      pod: { requests: { 'example.com/gpu': '1' } },
      answer: 'Insufficient example.com/gpu !',
    },
    { title: 'of which none is wanted', pod: { requests: { 'example.com/gpu': '0' } }, answer: 'fits' },
    {
      title: 'extended resources are counted',
      node: { allocatable: { 'example.com/gpu': '2' } },
      pod: { requests: { 'example.com/gpu': '1' } },
      placed: [{ requests: { 'example.com/gpu': '2' } }],
      answer: 'Insufficient example.com/gpu',
    },
    {
      title: 'huge pages are resources of their own',
      node: { allocatable: { 'hugepages-2Mi': '4Mi' } },
      pod: { requests: { 'hugepages-2Mi': '6Mi' } },
      answer: 'Insufficient hugepages-2Mi !',
    },
    {
      title: 'the number of pods is limited',
      node: { allocatable: { pods: '2' } },
      pod: {},
      placed: [{}, {}],
      answer: 'Too many pods',
    },
    {
      title: 'that comes beside resources that are short',
      node: { allocatable: { pods: '1' } },
      pod: { requests: { cpu: '4' } },
      placed: [{ requests: { cpu: '1' } }],
      answer: 'Too many pods, Insufficient cpu',
    },
    {
      title: 'containers are added up',
      pod: { containers: [container('a', { cpu: '2' }), container('b', { cpu: '2500m' })] },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'init containers run one after the other',
      pod: {
        initContainers: [container('i', { cpu: '4' }), container('j', { cpu: '4' })],
        containers: [container('a', { cpu: '1' })],
      },
      answer: 'fits',
    },
    {
      title: 'the largest init container has to fit as well',
      pod: { initContainers: [container('i', { cpu: '5' })], containers: [container('a', { cpu: '1' })] },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'sidecars run beside the containers',
      pod: { initContainers: [sidecar('s', { cpu: '2' })], containers: [container('a', { cpu: '3' })] },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'and beside the init containers that come after them',
      pod: {
        initContainers: [sidecar('s', { cpu: '2' }), container('i', { cpu: '3' })],
        containers: [container('a', { cpu: '1' })],
      },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'but not beside those before them',
      pod: {
        initContainers: [container('i', { cpu: '4' }), sidecar('s', { cpu: '2' })],
        containers: [container('a', { cpu: '1' })],
      },
      answer: 'fits',
    },
    {
      title: 'overhead comes on top',
      pod: { requests: { cpu: '4' }, overhead: { cpu: '100m' } },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'overhead of pods that are there counts too',
      pod: { requests: { cpu: '1' } },
      placed: [{ requests: { cpu: '3' }, overhead: { cpu: '100m' } }],
      answer: 'Insufficient cpu',
    },
    {
      title: 'what the pod requests as a whole stands for its containers',
      pod: { requests: { cpu: '1' }, resources: { requests: { cpu: '5' } } },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'overhead comes on top of that as well',
      pod: { resources: { requests: { cpu: '4' } }, overhead: { cpu: '1m' } },
      answer: 'Insufficient cpu !',
    },
    {
      title: 'pods that are ending still take their room',
      pod: { requests: { cpu: '1' } },
      placed: [{ requests: { cpu: '4' }, metadata: { deletionTimestamp: '2030-01-01T00:00:00Z' } }],
      answer: 'Insufficient cpu',
    },
  ];
  for (const { title, node, pod, placed = [], answer } of cases)
    it(title, () => {
      const there = placed.map((picture, i) => podOf(`there-${i}`, picture));
      const snapshot = snapshotOf([nodeOf('n', node)], { n: there });
      assert.deepEqual(refusalsBy(resourcesFit, podOf('p', pod), snapshot), { n: answer });
    });

  describe('scores what would be left', () => {
    const score = (pod: PodPicture, node: NodePicture = {}, placed: readonly PodPicture[] = []) =>
      scoresBy(
        resourcesFit,
        podOf('p', pod),
        snapshotOf([nodeOf('n', node)], { n: placed.map((picture, i) => podOf(`there-${i}`, picture)) }),
      )?.n;

    it('as the mean of CPU and memory', () => {
      assert.equal(score({ requests: { cpu: '1', memory: '2Gi' } }), 75);
      assert.equal(score({ requests: { cpu: '2', memory: '2Gi' } }), (50 + 75 - 1) / 2, 'rounded down');
      assert.equal(
        score({ requests: { cpu: '1', memory: '2Gi' } }, {}, [{ requests: { cpu: '1', memory: '2Gi' } }]),
        50,
      );
    });

    it('assuming 100m and 200Mi for a container that requests nothing', () => {
      assert.equal(score({}), 97, '97.5 of CPU and 97.56 of memory, each rounded down');
      assert.equal(score({}, { allocatable: { cpu: '200m', memory: '400Mi' } }), 50);
    });

    it('as 0 where more is taken than there is', () => {
      const crowd = Array.from({ length: 3 }, () => ({}));
      assert.equal(score({}, { allocatable: { cpu: '200m', memory: '400Mi' } }, crowd), 0);
    });

    it('leaving out what the node does not have', () => {
      assert.equal(score({ requests: { memory: '2Gi' } }, { allocatable: { cpu: '0' } }), 75);
      assert.equal(score({}, { allocatable: { cpu: '0', memory: '0' } }), 0);
    });
  });
});

describe('NodeResourcesBalancedAllocation', () => {
  const placed = (requests: Record<string, string>) => [podOf('there', { requests })];

  it('prefers the node whose CPU and memory come to the same share', () => {
    const snapshot = snapshotOf([nodeOf('full-of-memory'), nodeOf('full-of-cpu')], {
      'full-of-memory': placed({ memory: '6Gi' }),
      'full-of-cpu': placed({ cpu: '3' }).map((pod) => ({ ...pod, key: 'default/other' })),
    });
    const scores = scoresBy(balancedAllocation, podOf('p', { requests: { cpu: '1' } }), snapshot);
    assert.ok((scores?.['full-of-memory'] ?? 0) > (scores?.['full-of-cpu'] ?? 0), JSON.stringify(scores));
  });

  it('is indifferent to a pod that changes nothing about the balance', () => {
    const scores = scoresBy(
      balancedAllocation,
      podOf('p', { requests: { cpu: '1', memory: '2Gi' } }),
      snapshotOf([nodeOf('empty'), nodeOf('half')], { half: placed({ cpu: '2', memory: '4Gi' }) }),
    );
    assert.equal(scores?.empty, scores?.half);
  });

  it('does not score pods that request neither CPU nor memory', () => {
    const snapshot = snapshotOf([nodeOf('n')]);
    assert.equal(scoresBy(balancedAllocation, podOf('p'), snapshot), undefined);
    assert.equal(scoresBy(balancedAllocation, podOf('p', { requests: { cpu: '0' } }), snapshot), undefined);
  });
});
