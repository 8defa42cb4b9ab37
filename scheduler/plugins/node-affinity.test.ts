import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchesTerm, namesOf } from '../../api/node-selection.ts';
import type { NodeSelectorRequirement, NodeSelectorTerm } from '../../api/types/core/v1.ts';
import { nodeOf, podOf, refusalsBy, scoresBy, snapshotOf } from '../testing/pictures.ts';
import { nodeAffinity } from './node-affinity.ts';
import { nodeName } from './node-name.ts';

const refused = "node(s) didn't match Pod's node affinity/selector !";
const required = (...nodeSelectorTerms: NodeSelectorTerm[]) => ({
  nodeAffinity: { requiredDuringSchedulingIgnoredDuringExecution: { nodeSelectorTerms } },
});

describe('a node selector requirement', () => {
  const cases: readonly (readonly [
    operator: string,
    values: string[] | undefined,
    label: string | undefined,
    matches: boolean,
  ])[] = [
    ['In', ['a', 'b'], 'b', true],
    ['In', ['a', 'b'], 'c', false],
    ['In', ['a'], undefined, false],
    ['NotIn', ['a', 'b'], 'c', true],
    ['NotIn', ['a', 'b'], 'a', false],
    ['NotIn', ['a'], undefined, true],
    ['Exists', undefined, '', true],
    ['Exists', undefined, undefined, false],
    ['DoesNotExist', undefined, undefined, true],
    ['DoesNotExist', undefined, 'a', false],
    ['Gt', ['5'], '6', true],
    ['Gt', ['5'], '5', false],
    ['Gt', ['9'], '10', true],
    ['Gt', ['-1'], '0', true],
    ['Gt', ['5'], undefined, false],
    ['Gt', ['5'], 'six', false],
    ['Gt', ['5'], '6.5', false],
    ['Gt', ['five'], '6', false],
    ['Gt', ['1'], '9223372036854775808', false],
    ['Lt', ['5'], '4', true],
    ['Lt', ['5'], '5', false],
    ['Lt', ['10'], '9', true],
    ['Lt', ['5'], undefined, false],
    ['Lt', ['5'], '', false],
  ];
  for (const [operator, values, label, matches] of cases) {
    const requirement: NodeSelectorRequirement = { key: 'k', operator, ...(values && { values }) };
    it(`${operator} ${values?.join() ?? ''} ${matches ? 'takes' : 'refuses'} ${label ?? 'no label'}`, () => {
      const labels = label === undefined ? {} : { k: label };
      assert.equal(matchesTerm({ matchExpressions: [requirement] }, { name: 'n', labels }), matches);
    });
  }
});

describe('a node selector term', () => {
  const node = { name: 'n1', labels: { a: '1', b: '2' } };
  const has = (key: string): NodeSelectorRequirement => ({ key, operator: 'Exists' });
  const named = (...values: string[]): NodeSelectorRequirement => ({ key: 'metadata.name', operator: 'In', values });

  it('asks for all of its requirements, labels and fields', () => {
    assert.equal(matchesTerm({ matchExpressions: [has('a'), has('b')] }, node), true);
    assert.equal(matchesTerm({ matchExpressions: [has('a'), has('c')] }, node), false);
    assert.equal(matchesTerm({ matchExpressions: [has('a')], matchFields: [named('n1')] }, node), true);
    assert.equal(matchesTerm({ matchExpressions: [has('a')], matchFields: [named('n2')] }, node), false);
    assert.equal(matchesTerm({ matchFields: [{ ...named('n1'), operator: 'NotIn' }] }, node), false);
  });

  it('matches nothing when it is empty', () => assert.equal(matchesTerm({}, node), false));

  it('knows no other field than the name', () => {
    assert.equal(matchesTerm({ matchFields: [{ key: 'spec.podCIDR', operator: 'In', values: [''] }] }, node), false);
  });

  it('names the nodes that it allows', () => {
    assert.deepEqual(namesOf({ matchFields: [named('n1')] }), ['n1']);
    assert.deepEqual(namesOf({ matchFields: [named('n1', 'n2'), named('n2', 'n3')] }), ['n2']);
    assert.deepEqual(namesOf({ matchFields: [named('n1'), named('n2')] }), []);
    assert.equal(namesOf({ matchExpressions: [has('a')] }), undefined);
    assert.equal(namesOf({ matchFields: [{ ...named('n1'), operator: 'NotIn' }] }), undefined);
  });
});

describe('NodeAffinity', () => {
  const ssd = { key: 'disk', operator: 'In', values: ['ssd'] };
  const west = { key: 'zone', operator: 'In', values: ['west'] };
  const cluster = snapshotOf([
    nodeOf('plain'),
    nodeOf('ssd', { labels: { disk: 'ssd' } }),
    nodeOf('west', { labels: { zone: 'west' } }),
    nodeOf('both', { labels: { disk: 'ssd', zone: 'west' } }),
  ]);
  const fitting = (picture: Parameters<typeof podOf>[1]) =>
    Object.entries(refusalsBy(nodeAffinity, podOf('p', picture), cluster))
      .filter(([, answer]) => answer === 'fits')
      .map(([name]) => name);

  it('has nothing to say of pods that ask for nothing', () => {
    assert.equal(nodeAffinity.prepareFilter(podOf('p'), cluster), undefined);
  });

  it('asks for every label of nodeSelector', () => {
    assert.deepEqual(fitting({ nodeSelector: { disk: 'ssd' } }), ['ssd', 'both']);
    assert.deepEqual(fitting({ nodeSelector: { disk: 'ssd', zone: 'west' } }), ['both']);
    assert.equal(refusalsBy(nodeAffinity, podOf('p', { nodeSelector: { disk: 'ssd' } }), cluster).plain, refused);
  });

  it('asks for one of the terms', () => {
    assert.deepEqual(fitting({ affinity: required({ matchExpressions: [ssd] }, { matchExpressions: [west] }) }), [
      'ssd',
      'west',
      'both',
    ]);
    assert.deepEqual(fitting({ affinity: required({ matchExpressions: [ssd, west] }) }), ['both']);
    assert.deepEqual(fitting({ affinity: required({}) }), []);
  });

  it('asks for nodeSelector and affinity together', () => {
    assert.deepEqual(fitting({ nodeSelector: { disk: 'ssd' }, affinity: required({ matchExpressions: [west] }) }), [
      'both',
    ]);
  });

  it('looks only at the nodes that every term names', () => {
    const named = (name: string) => ({ matchFields: [{ key: 'metadata.name', operator: 'In', values: [name] }] });
    assert.deepEqual(refusalsBy(nodeAffinity, podOf('p', { affinity: required(named('ssd')) }), cluster), {
      plain: 'passed over',
      ssd: 'fits',
      west: 'passed over',
      both: 'passed over',
    });
    assert.deepEqual(fitting({ affinity: required(named('ssd'), named('west')) }), ['ssd', 'west']);
    assert.deepEqual(fitting({ affinity: required(named('ssd'), { matchExpressions: [west] }) }), [
      'ssd',
      'west',
      'both',
    ]);
  });

  it('says when terms name no node in common', () => {
    const name = (value: string) => ({ key: 'metadata.name', operator: 'In', values: [value] });
    const affinity = required({ matchFields: [name('ssd'), name('west')] });
    assert.equal(refusalsBy(nodeAffinity, podOf('p', { affinity }), cluster).ssd, 'pod affinity terms conflict !');
  });

  describe('scores preferences', () => {
    const preferred = (...terms: [weight: number, requirement: NodeSelectorRequirement][]) => ({
      nodeAffinity: {
        preferredDuringSchedulingIgnoredDuringExecution: terms.map(([weight, requirement]) => ({
          weight,
          preference: { matchExpressions: [requirement] },
        })),
      },
    });

    it('by the sum of the weights that match, out of the highest', () => {
      const pod = podOf('p', { affinity: preferred([1, ssd], [3, west]) });
      assert.deepEqual(scoresBy(nodeAffinity, pod, cluster), { plain: 0, ssd: 25, west: 75, both: 100 });
    });

    it('as 0 when none matches', () => {
      const pod = podOf('p', { affinity: preferred([1, { key: 'gpu', operator: 'Exists' }]) });
      assert.deepEqual(scoresBy(nodeAffinity, pod, cluster), { plain: 0, ssd: 0, west: 0, both: 0 });
    });

    it('not at all without any', () => {
      assert.equal(
        scoresBy(nodeAffinity, podOf('p', { affinity: required({ matchExpressions: [ssd] }) }), cluster),
        undefined,
      );
    });
  });
});

describe('NodeName', () => {
  const cluster = snapshotOf([nodeOf('a'), nodeOf('b')]);

  it('refuses every node but the one that the pod names', () => {
    assert.deepEqual(refusalsBy(nodeName, podOf('p', { nodeName: 'b' }), cluster), {
      a: "node(s) didn't match the requested node name !",
      b: 'fits',
    });
    assert.equal(nodeName.prepareFilter(podOf('p'), cluster), undefined);
  });
});
