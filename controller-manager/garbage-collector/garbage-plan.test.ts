import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import {
  blocksDeletionOf,
  describeOutOfReach,
  type GarbagePlan,
  isOutOfReach,
  type OwnerState,
  planGarbage,
  waitsForDependents,
} from './garbage-plan.ts';

const going = '2030-01-01T00:00:00Z';
const foreground = 'foregroundDeletion';
const object = (metadata: ObjectMeta = {}) => ({ metadata });
const remove = (propagationPolicy: 'Orphan' | 'Foreground' | 'Background', unblockOwners = false): GarbagePlan => ({
  type: 'delete',
  propagationPolicy,
  unblockOwners,
});

describe('an object becomes garbage', () => {
  const keep: GarbagePlan = { type: 'keep' };
  const idle = object();
  const deletedInForeground = object({ deletionTimestamp: going, finalizers: [foreground] });
  const deletedInBackground = object({ deletionTimestamp: going });
  const cases: readonly (readonly [
    title: string,
    owners: readonly OwnerState[],
    dependents: readonly ReturnType<typeof object>[],
    plan: GarbagePlan,
  ])[] = [
    ['not without owners', [], [], keep],
    ['not while its owner is there', ['solid'], [], keep],
    ['when its owner is gone', ['absent'], [], remove('Background')],
    ['when all its owners are gone', ['absent', 'absent'], [idle], remove('Background')],
    [
      'not while one owner is left: it forgets the other',
      ['solid', 'absent'],
      [],
      { type: 'dropReferences', ownerUids: ['1'] },
    ],
    [
      'nor does it make an owner wait while it has another',
      ['waiting', 'solid'],
      [],
      { type: 'dropReferences', ownerUids: ['0'] },
    ],
    ['not while nobody knows the kind of an owner', ['unknown'], [], keep],
    ['not even when the others are gone', ['absent', 'unknown'], [], keep],
    ['when its owner waits for it', ['waiting'], [], remove('Background')],
    ['with its own dependents first, when its owner waits', ['waiting'], [idle], remove('Foreground')],
    ['also when only one of its owners waits', ['absent', 'waiting'], [idle], remove('Foreground')],
    ['and lets owners go in a circle of waiting', ['waiting'], [idle, deletedInForeground], remove('Foreground', true)],
    ['a dependent that goes anyway is no circle', ['waiting'], [deletedInBackground], remove('Foreground')],
  ];
  for (const [title, states, dependents, plan] of cases)
    it(title, () => {
      const owners = states.map((state, i) => ({ uid: String(i), state }));
      assert.deepEqual(planGarbage(object(), { owners, dependents }), plan);
    });

  it('by the policy that its own finalizers ask for', () => {
    const owners = [{ uid: '0', state: 'absent' as const }];
    const policy = (...finalizers: string[]) => planGarbage(object({ finalizers }), { owners, dependents: [] });
    assert.deepEqual(policy('orphan'), remove('Orphan'));
    assert.deepEqual(policy(foreground), remove('Foreground'));
    assert.deepEqual(policy('example.com/other'), remove('Background'));
    assert.deepEqual(policy(foreground, 'orphan'), remove('Orphan'));
  });
});

describe('deletion in the foreground', () => {
  it('is under way while the finalizer is there', () => {
    assert.equal(waitsForDependents(object({ deletionTimestamp: going, finalizers: [foreground] })), true);
    assert.equal(waitsForDependents(object({ finalizers: [foreground] })), false);
    assert.equal(waitsForDependents(object({ deletionTimestamp: going, finalizers: ['orphan'] })), false);
  });

  it('waits for those dependents that say so', () => {
    const dependent = (uid: string, blockOwnerDeletion?: boolean) =>
      object({
        ownerReferences: [
          {
            apiVersion: 'v1',
            kind: 'ConfigMap',
            name: 'o',
            uid,
            ...(blockOwnerDeletion !== undefined && { blockOwnerDeletion }),
          },
        ],
      });
    assert.equal(blocksDeletionOf('o', dependent('o', true)), true);
    assert.equal(blocksDeletionOf('o', dependent('o', false)), false);
    assert.equal(blocksDeletionOf('o', dependent('o')), false);
    assert.equal(blocksDeletionOf('o', dependent('other', true)), false);
  });
});

describe('an owner in a namespace', () => {
  const owner = object({ namespace: 'a' });
  const cases: readonly (readonly [
    title: string,
    owner: typeof owner | undefined,
    namespace: string | undefined,
    out: boolean,
  ])[] = [
    ['is in reach of its own namespace', owner, 'a', false],
    ['is out of reach of another', owner, 'b', true],
    ['and of objects that are in none', owner, undefined, true],
    ['a cluster-scoped owner is in reach of all', object(), 'b', false],
    ['of one that is not known nothing can be said', undefined, 'b', false],
  ];
  for (const [title, of, namespace, out] of cases) it(title, () => assert.equal(isOutOfReach(of, namespace), out));

  it('is told of in upstream’s words', () => {
    const reference = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web', uid: '1-2' };
    assert.equal(
      describeOutOfReach(reference, 'b'),
      'ownerRef [apps/v1/Deployment, namespace: b, name: web, uid: 1-2] does not exist in namespace "b"',
    );
    assert.match(describeOutOfReach(reference, undefined), /namespace: , name: .* does not exist in namespace ""$/);
  });
});
