import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Stored } from '../../api/object.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { deletionCostAnnotation, rankForDeletion } from './pod-ranking.ts';

const now = Date.UTC(2030, 0, 2);
const ago = (seconds: number) => new Date(now - seconds * 1000).toISOString();

interface Picture {
  node?: string;
  phase?: string;
  readyFor?: number;
  age?: number;
  cost?: string;
  restarts?: number;
}

function pod(name: string, picture: Picture = {}): Stored<Pod> {
  const { node = 'n1', phase = 'Running', readyFor, age = 1000, cost, restarts = 0 } = picture;
  const containerStatuses = [{ name: 'c', image: '', imageID: '', ready: true, restartCount: restarts }];
  const conditions =
    readyFor === undefined ? [] : [{ type: 'Ready', status: 'True', lastTransitionTime: ago(readyFor) }];
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      uid: name,
      resourceVersion: '1',
      creationTimestamp: ago(age),
      ...(cost !== undefined && { annotations: { [deletionCostAnnotation]: cost } }),
    },
    spec: { containers: [], ...(node !== '' && { nodeName: node }) },
    status: { phase, conditions, containerStatuses },
  };
}

describe('which pod goes first', () => {
  const cases: { rule: string; first: Picture; second: Picture }[] = [
    { rule: 'unassigned before assigned', first: { node: '', readyFor: 9 }, second: { phase: 'Pending' } },
    { rule: 'Pending before Unknown', first: { phase: 'Pending' }, second: { phase: 'Unknown' } },
    { rule: 'Unknown before Running', first: { phase: 'Unknown', readyFor: 9 }, second: {} },
    { rule: 'not ready before ready, whatever the cost', first: { cost: '100' }, second: { readyFor: 9, cost: '-5' } },
    { rule: 'lower cost first', first: { readyFor: 900, cost: '-1' }, second: { readyFor: 9 } },
    { rule: 'a cost that is no number counts as 0', first: { readyFor: 9, cost: '+7' }, second: { readyFor: 900 } },
    { rule: 'ready for a shorter time first', first: { readyFor: 10 }, second: { readyFor: 100, restarts: 9 } },
    { rule: 'more restarts first', first: { restarts: 3 }, second: { restarts: 1, age: 1 } },
    { rule: 'younger first', first: { age: 10 }, second: { age: 1000 } },
  ];
  for (const { rule, first, second } of cases) {
    it(rule, () => {
      for (const [a, b] of [
        ['a', 'b'],
        ['b', 'a'],
      ] as const) {
        const ranked = rankForDeletion([pod(b, second), pod(a, first)], { now, related: [] });
        assert.equal(ranked[0]?.metadata.name, a);
      }
    });
  }

  it('ages within one power of two are equal: the uid decides', () => {
    const ranked = rankForDeletion([pod('b', { age: 600 }), pod('a', { age: 1000 })], { now, related: [] });
    assert.equal(ranked[0]?.metadata.name, 'a');
  });

  it('a pod on a crowded node goes first, but only related pods count', () => {
    const crowded = pod('a', { readyFor: 900, node: 'n1' });
    const alone = pod('b', { readyFor: 9, node: 'n2' });
    const related = [crowded, alone, pod('c', { node: 'n1' })];
    assert.equal(rankForDeletion([alone, crowded], { now, related })[0]?.metadata.name, 'a');
    assert.equal(rankForDeletion([alone, crowded], { now, related: [] })[0]?.metadata.name, 'b');
  });
});
