import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { deleteProtection } from '../../api/devices/claims.ts';
import { pods } from '../../api/resources/core.ts';
import { resourceClaims, resourceClaimTemplates } from '../../api/resources/resource.ts';
import type { PodStatus } from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import type { ResourceClaimStatus } from '../../api/types/resource/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import {
  changedStatuses,
  claimFromTemplate,
  isPodDone,
  planClaim,
  planPodClaim,
  podClaimName,
  stateOfConsumer,
  statusWithConsumer,
} from './claim-plan.ts';

const gpu = { name: 'gpu', resourceClaimTemplateName: 't' };
const podOf = (status: PodStatus = {}, metadata: Partial<ObjectMeta> = {}, nodeName?: string) =>
  storedObject(pods, {
    metadata: { name: 'p', ...metadata },
    spec: { containers: [], resourceClaims: [gpu], ...(nodeName && { nodeName }) },
    status,
  });
const owner = { apiVersion: 'v1', kind: 'Pod', name: 'p', uid: 'p', controller: true };
const claimOf = (status: ResourceClaimStatus = {}, metadata: Partial<ObjectMeta> = {}) =>
  storedObject(resourceClaims, { metadata: { name: 'c', ...metadata }, spec: {}, status });
const consumer = { resource: 'pods', name: 'p', uid: 'p' };

describe('claims of templates', () => {
  const recorded = { resourceClaimStatuses: [{ name: 'gpu', resourceClaimName: 'c' }] };
  const own = claimOf({}, { ownerReferences: [owner], annotations: { [podClaimName]: 'gpu' } });
  const planOf = (pod: ReturnType<typeof podOf>, owned: ReturnType<typeof claimOf>[] = [], entry: object = gpu) =>
    planPodClaim(pod, { name: 'gpu', ...entry }, owned, (key) => owned.find(() => key === 'default/c'));

  it('are missing at first', () => assert.deepEqual(planOf(podOf()), { type: 'missing', templateName: 't' }));
  it('are not, where the pod names a claim', () =>
    assert.equal(planOf(podOf(), [], { resourceClaimTemplateName: undefined, resourceClaimName: 'c' }).type, 'named'));
  it('are there once they are written down', () =>
    assert.deepEqual(planOf(podOf(recorded), [own]), { type: 'made', name: 'c' }));
  it('are found when they were not written down', () =>
    assert.deepEqual(planOf(podOf(), [own]), { type: 'made', name: 'c' }));
  it('are made anew when they are gone', () => assert.equal(planOf(podOf(recorded)).type, 'missing'));
  it('are made anew when another one has their name', () =>
    assert.equal(planOf(podOf(recorded), [claimOf()]).type, 'missing'));

  const template = storedObject(resourceClaimTemplates, {
    metadata: { name: 't' },
    spec: { metadata: { labels: { a: 'b' }, annotations: { c: 'd' } }, spec: { devices: { requests: [] } } },
  });
  it('are the pod’s own', () => {
    const { metadata, spec } = claimFromTemplate(podOf(), 'gpu', template);
    assert.deepEqual(metadata, {
      ...{ namespace: 'default', generateName: 'p-gpu-', labels: { a: 'b' } },
      annotations: { c: 'd', [podClaimName]: 'gpu' },
      ownerReferences: [{ ...owner, blockOwnerDeletion: true }],
    });
    assert.deepEqual(spec, { devices: { requests: [] } });
  });
  it('keep something of both names', () => {
    const name = claimFromTemplate(podOf({}, { name: 'p'.repeat(60) }), 'g'.repeat(20), template).metadata
      ?.generateName;
    assert.equal(name, `${'p'.repeat(41)}-${'g'.repeat(13)}`);
  });
  it('are written down once', () => {
    assert.deepEqual(changedStatuses(podOf(), new Map([['gpu', 'c']])), recorded.resourceClaimStatuses);
    assert.equal(changedStatuses(podOf(recorded), new Map([['gpu', 'c']])), undefined);
  });
});

describe('who uses a claim', () => {
  const at = '2030-01-01T00:00:00Z';
  const table: readonly [what: string, pod: ReturnType<typeof podOf> | undefined, state: string, done: boolean][] = [
    ['a pod that runs', podOf({ phase: 'Running' }, {}, 'n'), 'keep', false],
    ['one that ends', podOf({ phase: 'Running' }, { deletionTimestamp: at }, 'n'), 'keep', false],
    ['one that ended', podOf({ phase: 'Failed' }, {}, 'n'), 'gone', true],
    ['one that goes and never had a node', podOf({}, { deletionTimestamp: at }), 'gone', true],
    ['another one of its name', podOf({}, { uid: 'q' }), 'gone', false],
    ['one that is not in the cache', undefined, 'ask', false],
  ];
  for (const [what, pod, state, done] of table)
    it(what, () =>
      assert.deepEqual([stateOfConsumer(consumer, pod), pod !== undefined && isPodDone(pod)], [state, done]),
    );
});

describe('a pod that came to its node past the scheduler', () => {
  const allocation = { devices: { results: [] } };
  const others = (count: number) =>
    Array.from({ length: count }, (_, i) => ({ ...consumer, name: `o${i}`, uid: `o${i}` }));

  it('is noted with a claim that has its devices', () => {
    const reservedFor = others(1);
    const next = statusWithConsumer(podOf({}, {}, 'n1'), claimOf({ allocation, reservedFor }));
    assert.deepEqual(next, { allocation, reservedFor: [...reservedFor, consumer] });
  });

  const rest: readonly (readonly [string, string | undefined, ResourceClaimStatus])[] = [
    ['has no node yet', undefined, { allocation }],
    ['is noted already', 'n1', { allocation, reservedFor: [consumer] }],
    ['names a claim without devices', 'n1', {}],
    ['names a claim that is full', 'n1', { allocation, reservedFor: others(256) }],
  ];
  for (const [what, nodeName, status] of rest)
    it(`is not, when it ${what}`, () =>
      assert.equal(statusWithConsumer(podOf({}, {}, nodeName), claimOf(status)), undefined));
});

describe('what becomes of a claim', () => {
  const finalizers = [deleteProtection];
  const used = { allocation: {}, reservedFor: [consumer] };
  const deletionTimestamp = '2030-01-01T00:00:00Z';

  it('nothing while it is used', () =>
    assert.deepEqual(planClaim(claimOf(used, { finalizers }), [consumer], undefined), {
      dropFinalizer: false,
      remove: false,
    }));
  it('it is freed when its last user is gone', () =>
    assert.deepEqual(planClaim(claimOf(used, { finalizers }), [], undefined), {
      ...{ status: {}, dropFinalizer: true, remove: false },
    }));
  it('it stays allocated by another allocator', () =>
    assert.deepEqual(planClaim(claimOf(used), [], undefined), {
      ...{ status: { allocation: {} }, dropFinalizer: false, remove: false },
    }));
  it('it keeps those that still use it', () => {
    const other = { ...consumer, uid: 'q' };
    const plan = planClaim(
      claimOf({ allocation: {}, reservedFor: [consumer, other] }, { finalizers }),
      [other],
      undefined,
    );
    assert.deepEqual(plan, { status: { allocation: {}, reservedFor: [other] }, dropFinalizer: false, remove: false });
  });
  it('one that nobody has used yet stays allocated', () =>
    assert.deepEqual(planClaim(claimOf({ allocation: {} }, { finalizers }), [], undefined), {
      ...{ dropFinalizer: false, remove: false },
    }));
  it('one that is deleted goes, allocated or not', () => {
    assert.deepEqual(planClaim(claimOf({ allocation: {} }, { finalizers, deletionTimestamp }), [], undefined), {
      ...{ status: {}, dropFinalizer: true, remove: false },
    });
    assert.deepEqual(planClaim(claimOf({}, { finalizers, deletionTimestamp }), [], undefined), {
      ...{ dropFinalizer: true, remove: false },
    });
  });
  it('one that is deleted and used waits', () =>
    assert.equal(
      planClaim(claimOf(used, { finalizers, deletionTimestamp }), [consumer], undefined).dropFinalizer,
      false,
    ));
  it('one that was made for a pod goes when that is done', () => {
    const claim = claimOf({}, { ownerReferences: [owner] });
    assert.equal(planClaim(claim, [], podOf({ phase: 'Succeeded' }, {}, 'n')).remove, true);
    assert.equal(planClaim(claim, [], podOf({}, {}, 'n')).remove, false);
    assert.equal(planClaim(claim, [], undefined).remove, false);
    assert.equal(planClaim(claimOf(), [], podOf({ phase: 'Succeeded' }, {}, 'n')).remove, false);
  });
});
