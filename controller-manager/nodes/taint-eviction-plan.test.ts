import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { nodes, pods } from '../../api/resources/core.ts';
import type { PodStatus, Taint, Toleration } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { type Deadline, planEviction, toleratedMs } from './taint-eviction-plan.ts';

const forever = Number.POSITIVE_INFINITY;
const noExecute = (key: string, value?: string): Taint => ({
  key,
  effect: 'NoExecute',
  ...(value !== undefined && { value }),
});
const exists = (key: string, tolerationSeconds?: number): Toleration => ({
  key,
  operator: 'Exists',
  effect: 'NoExecute',
  ...(tolerationSeconds !== undefined && { tolerationSeconds }),
});

describe('how long a pod may stay with taints', () => {
  const cases: readonly (readonly [title: string, tolerations: Toleration[], taints: Taint[], ms: number])[] = [
    ['no taint', [], [], forever],
    ['only NoSchedule', [], [{ key: 'k', effect: 'NoSchedule' }], forever],
    ['only PreferNoSchedule', [], [{ key: 'k', effect: 'PreferNoSchedule' }], forever],
    ['no toleration', [], [noExecute('k')], 0],
    [
      'a toleration of NoSchedule does not help',
      [{ key: 'k', operator: 'Exists', effect: 'NoSchedule' }],
      [noExecute('k')],
      0,
    ],
    ['without an end', [exists('k')], [noExecute('k')], forever],
    ['for five seconds', [exists('k', 5)], [noExecute('k')], 5_000],
    ['of two taints the shortest counts', [exists('k', 5), exists('l', 60)], [noExecute('k'), noExecute('l')], 5_000],
    ['a short one of a taint that is not there', [exists('k', 5), exists('l', 1)], [noExecute('k')], 5_000],
    ['zero', [exists('k', 0)], [noExecute('k')], 0],
    ['negative is zero', [exists('k', -5)], [noExecute('k')], 0],
    ['one of two taints', [exists('k', 5)], [noExecute('k'), noExecute('l')], 0],
    ['everything', [{ operator: 'Exists' }], [noExecute('k'), noExecute('l', 'v')], forever],
    ['another value', [{ key: 'k', value: 'x' }], [noExecute('k')], 0],
    ['the first that covers a taint speaks for it', [exists('k', 60), exists('k', 5)], [noExecute('k')], 60_000],
    ['also when it has no end', [{ operator: 'Exists' }, exists('k', 5)], [noExecute('k')], forever],
    [
      'a number above the limit',
      [{ key: 'sla', operator: 'Gt', value: '900', effect: 'NoExecute' }],
      [noExecute('sla', '950')],
      forever,
    ],
    [
      'a number below the limit',
      [{ key: 'sla', operator: 'Gt', value: '900', effect: 'NoExecute' }],
      [noExecute('sla', '800')],
      0,
    ],
  ];
  for (const [title, tolerations, taints, ms] of cases)
    it(title, () => assert.equal(toleratedMs(tolerations, taints), ms));
});

interface PodState {
  readonly status?: PodStatus;
  readonly deletionTimestamp?: string;
}

describe('the eviction of a pod', () => {
  const noon = Date.parse('2030-01-01T12:00:00Z');
  const podWith = (seconds: number | undefined, { status, deletionTimestamp }: PodState = {}) =>
    storedObject(pods, {
      metadata: { name: 'p', ...(deletionTimestamp !== undefined && { deletionTimestamp }) },
      spec: { containers: [], tolerations: [exists('k', seconds)] },
      ...(status !== undefined && { status }),
    });
  const tainted = storedObject(nodes, { metadata: { name: 'n' }, spec: { taints: [noExecute('k')] } });
  const clean = storedObject(nodes, { metadata: { name: 'n' } });
  const deadline = (changes: Partial<Deadline> = {}): Deadline => ({
    uid: 'p',
    toleratedMs: 5_000,
    since: 100,
    ...changes,
  });
  const plan = (
    pod: ReturnType<typeof podWith>,
    node: typeof clean | undefined,
    known?: Deadline,
    monotonicNow = 100,
  ) => planEviction(pod, { node, known, monotonicNow, now: noon });

  it('is not due on a node without taints, nor on one that is not known', () => {
    assert.deepEqual(plan(podWith(5), clean), { type: 'stay' });
    assert.deepEqual(plan(podWith(5), undefined), { type: 'stay' });
  });

  it('never comes for a pod that is going, or has ended', () => {
    assert.deepEqual(plan(podWith(0, { deletionTimestamp: '2030-01-01T00:00:00Z' }), tainted), { type: 'stay' });
    for (const phase of ['Succeeded', 'Failed'])
      assert.deepEqual(plan(podWith(0, { status: { phase } }), tainted), { type: 'stay' });
  });

  it('comes at once where nothing is tolerated', () => {
    assert.deepEqual(plan(podWith(0), tainted), { type: 'evict' });
  });

  it('waits for what is tolerated, from when the taint was first seen', () => {
    assert.deepEqual(plan(podWith(5), tainted), { type: 'wait', deadline: deadline(), leftMs: 5_000 });
    assert.deepEqual(plan(podWith(5), tainted, deadline(), 3_100), {
      type: 'wait',
      deadline: deadline(),
      leftMs: 2_000,
    });
    assert.deepEqual(plan(podWith(5), tainted, deadline(), 5_100), { type: 'evict' });
  });

  describe('that another controller manager waited for', () => {
    const cases: readonly (readonly [title: string, timeAdded: string | undefined, boundAt: string, left: number])[] = [
      ['goes on from when the taint was added', '11:59:58', '11:00:00', 3_000],
      ['not from before the pod was there', '11:00:00', '11:59:59', 4_000],
      ['is whole where the taint does not say when', undefined, '11:00:00', 5_000],
      ['is never longer, whatever the clocks say', '12:30:00', '11:00:00', 5_000],
      ['is over', '11:59:00', '11:00:00', 0],
    ];
    for (const [title, timeAdded, boundAt, left] of cases)
      it(title, () => {
        const taint: Taint = { ...noExecute('k'), ...(timeAdded && { timeAdded: `2030-01-01T${timeAdded}Z` }) };
        const node = storedObject(nodes, { metadata: { name: 'n' }, spec: { taints: [taint] } });
        const conditions = [{ type: 'PodScheduled', status: 'True', lastTransitionTime: `2030-01-01T${boundAt}Z` }];
        const expected =
          left === 0 ? { type: 'evict' } : { type: 'wait', deadline: deadline({ since: left - 4_900 }), leftMs: left };
        assert.deepEqual(plan(podWith(5, { status: { conditions } }), node), expected);
      });

    it('ends with the taint that is over first, not with the shortest that is tolerated', () => {
      const pod = storedObject(pods, {
        metadata: { name: 'p' },
        spec: { containers: [], tolerations: [exists('k', 5), exists('l', 60)] },
        status: {
          conditions: [{ type: 'PodScheduled', status: 'True', lastTransitionTime: '2030-01-01T11:00:00Z' }],
        },
      });
      const taints = [noExecute('k'), { ...noExecute('l'), timeAdded: '2030-01-01T11:59:02Z' }];
      const node = storedObject(nodes, { metadata: { name: 'n' }, spec: { taints } });
      assert.deepEqual(plan(pod, node), { type: 'wait', deadline: deadline({ since: -2_900 }), leftMs: 2_000 });
    });
  });

  it('counts anew when the tolerated time changed, and for another pod of the name', () => {
    const fresh = { type: 'wait', deadline: deadline({ since: 4_000 }), leftMs: 5_000 };
    assert.deepEqual(plan(podWith(5), tainted, deadline({ toleratedMs: 60_000 }), 4_000), fresh);
    assert.deepEqual(plan(podWith(5), tainted, deadline({ uid: 'old' }), 4_000), fresh);
  });

  it('is called off when the taint goes or is tolerated for ever', () => {
    assert.deepEqual(plan(podWith(5), clean, deadline()), { type: 'stay' });
    assert.deepEqual(plan(podWith(undefined), tainted, deadline()), { type: 'stay' });
  });
});
