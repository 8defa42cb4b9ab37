import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Taint, Toleration } from '../../api/types/core/v1.ts';
import { nodeOf, podOf, refusalsBy, scoresBy, snapshotOf } from '../testing/pictures.ts';
import { taintToleration } from './taints.ts';
import { unschedulable } from './unschedulable.ts';

const taint = (key: string, effect: string, value?: string): Taint => ({ key, effect, ...(value && { value }) });
const repelled = 'node(s) had untolerated taint(s) !';

describe('TaintToleration', () => {
  const cases: readonly (readonly [title: string, taints: Taint[], tolerations: Toleration[], answer: string])[] = [
    ['a node without taints', [], [], 'fits'],
    ['NoSchedule', [taint('k', 'NoSchedule')], [], repelled],
    ['NoExecute keeps new pods away too', [taint('k', 'NoExecute')], [], repelled],
    ['PreferNoSchedule forbids nothing', [taint('k', 'PreferNoSchedule')], [], 'fits'],
    ['tolerated by key and value', [taint('k', 'NoSchedule', 'v')], [{ key: 'k', value: 'v' }], 'fits'],
    ['tolerated by key', [taint('k', 'NoSchedule', 'v')], [{ key: 'k', operator: 'Exists' }], 'fits'],
    ['tolerated whatever it is', [taint('k', 'NoExecute', 'v')], [{ operator: 'Exists' }], 'fits'],
    ['another value', [taint('k', 'NoSchedule', 'v')], [{ key: 'k', value: 'w' }], repelled],
    ['another effect', [taint('k', 'NoSchedule')], [{ key: 'k', operator: 'Exists', effect: 'NoExecute' }], repelled],
    [
      'one of two taints',
      [taint('k', 'NoSchedule'), taint('l', 'NoSchedule')],
      [{ key: 'k', operator: 'Exists' }],
      repelled,
    ],
    [
      'tolerating for a time is tolerating',
      [taint('k', 'NoExecute')],
      [{ key: 'k', operator: 'Exists', effect: 'NoExecute', tolerationSeconds: 1 }],
      'fits',
    ],
    ['Gt that holds', [taint('sla', 'NoSchedule', '950')], [{ key: 'sla', operator: 'Gt', value: '900' }], 'fits'],
    ['Gt that does not', [taint('sla', 'NoSchedule', '800')], [{ key: 'sla', operator: 'Gt', value: '900' }], repelled],
    ['Lt that holds', [taint('cost', 'NoSchedule', '5')], [{ key: 'cost', operator: 'Lt', value: '10' }], 'fits'],
    ['Lt that does not', [taint('cost', 'NoSchedule', '15')], [{ key: 'cost', operator: 'Lt', value: '10' }], repelled],
  ];
  for (const [title, taints, tolerations, answer] of cases)
    it(title, () => {
      const snapshot = snapshotOf([nodeOf('n', { taints })]);
      assert.deepEqual(refusalsBy(taintToleration, podOf('p', { tolerations }), snapshot), { n: answer });
    });

  describe('scores PreferNoSchedule', () => {
    const prefer = (...keys: string[]) => keys.map((key) => taint(key, 'PreferNoSchedule'));
    const cluster = snapshotOf([
      nodeOf('none'),
      nodeOf('one', { taints: prefer('a') }),
      nodeOf('two', { taints: prefer('a', 'b') }),
    ]);

    it('by how many taints are not tolerated, out of the most', () => {
      assert.deepEqual(scoresBy(taintToleration, podOf('p'), cluster), { none: 100, one: 50, two: 0 });
    });

    it('leaving out tolerated ones', () => {
      const tolerations = [{ key: 'a', operator: 'Exists' }];
      assert.deepEqual(scoresBy(taintToleration, podOf('p', { tolerations }), cluster), {
        none: 100,
        one: 100,
        two: 0,
      });
    });

    it('taking no account of tolerations of other effects', () => {
      const tolerations = [{ key: 'a', operator: 'Exists', effect: 'NoSchedule' }];
      assert.deepEqual(scoresBy(taintToleration, podOf('p', { tolerations }), cluster), { none: 100, one: 50, two: 0 });
    });

    it('as 100 everywhere when no node has such taints', () => {
      const taints = [taint('k', 'NoSchedule')];
      const snapshot = snapshotOf([nodeOf('a'), nodeOf('b', { taints })]);
      assert.deepEqual(scoresBy(taintToleration, podOf('p'), snapshot), { a: 100, b: 100 });
    });
  });
});

describe('NodeUnschedulable', () => {
  const cordoned = snapshotOf([nodeOf('open'), nodeOf('cordoned', { unschedulable: true })]);
  const answer = (tolerations: Toleration[]) =>
    refusalsBy(unschedulable, podOf('p', { tolerations }), cordoned).cordoned;
  const key = 'node.kubernetes.io/unschedulable';

  it('refuses a cordoned node and no other', () => {
    assert.deepEqual(refusalsBy(unschedulable, podOf('p'), cordoned), {
      open: 'fits',
      cordoned: 'node(s) were unschedulable !',
    });
  });

  it('lets pods through that tolerate the taint of it', () => {
    assert.equal(answer([{ key, operator: 'Exists', effect: 'NoSchedule' }]), 'fits');
    assert.equal(answer([{ operator: 'Exists' }]), 'fits');
    assert.equal(answer([{ key, operator: 'Exists', effect: 'NoExecute' }]), 'node(s) were unschedulable !');
    assert.equal(answer([{ key, value: 'x' }]), 'node(s) were unschedulable !');
  });
});
