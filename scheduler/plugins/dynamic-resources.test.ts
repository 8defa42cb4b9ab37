import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { resourceClaims } from '../../api/resources/resource.ts';
import type { ResourceClaimStatus } from '../../api/types/resource/v1.ts';
import { cacheOf, storedObject } from '../../client/testing/stored-object.ts';
import { nodeOf, type PodPicture, podOf, refusalsBy, snapshotOf } from '../testing/pictures.ts';
import { createDynamicResources } from './dynamic-resources.ts';

describe('DynamicResources', () => {
  const claim = (status: ResourceClaimStatus = {}, going = false) =>
    storedObject(resourceClaims, {
      metadata: { name: 'c', ...(going && { deletionTimestamp: '2030-01-01T00:00:00Z' }) },
      spec: {},
      status,
    });
  const wanting = (picture: PodPicture = {}) =>
    podOf('p', { resourceClaims: [{ name: 'gpu', resourceClaimName: 'c' }], ...picture });
  const saidOf = (pod: ReturnType<typeof podOf>, ...claims: ReturnType<typeof claim>[]) =>
    refusalsBy(createDynamicResources(cacheOf(claims)), pod, snapshotOf([nodeOf('n1'), nodeOf('n2')]));
  const both = (text: string) => ({ n1: `${text} !`, n2: `${text} !` });
  const onN1 = {
    nodeSelectorTerms: [{ matchExpressions: [{ key: 'kubernetes.io/hostname', operator: 'In', values: ['n1'] }] }],
  };
  const reservedFor = [{ resource: 'pods', name: 'p', uid: 'p' }];

  it('says nothing of pods that claim nothing', () => assert.deepEqual(saidOf(podOf('p')), { n1: 'fits', n2: 'fits' }));
  it('waits for claims', () => assert.deepEqual(saidOf(wanting()), both('resourceclaim "c" not found')));
  it('waits for claims of templates', () => {
    const pod = wanting({ resourceClaims: [{ name: 'gpu', resourceClaimTemplateName: 't' }] });
    assert.deepEqual(saidOf(pod), both('pod "default/p": ResourceClaim not created yet'));
  });
  it('takes none that goes', () =>
    assert.deepEqual(saidOf(wanting(), claim({}, true)), both('resourceclaim "c" is being deleted')));
  it('runs nothing without its devices, or with those of another pod', () => {
    assert.deepEqual(saidOf(wanting(), claim()), both('cannot allocate all claims'));
    assert.deepEqual(saidOf(wanting(), claim({ allocation: {} })), both('cannot allocate all claims'));
  });
  it('runs a pod where its devices were allocated', () =>
    assert.deepEqual(saidOf(wanting(), claim({ allocation: { nodeSelector: onN1 }, reservedFor })), {
      n1: 'fits',
      n2: 'resourceclaim not available on the node !',
    }));
});
