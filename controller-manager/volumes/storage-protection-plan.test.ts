import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { persistentVolumeClaims, pods } from '../../api/resources/core.ts';
import type { PersistentVolumeClaim, PersistentVolumeClaimSpec, PodStatus, Volume } from '../../api/types/core/v1.ts';
import type { ObjectMeta } from '../../api/types/meta/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { claimsHeldBy, isClassNamedBy, isHeld, isVolumeUsed } from './storage-protection-plan.ts';

const finalizer = 'kubernetes.io/pvc-protection';

describe('a finalizer holds', () => {
  const claim = (metadata: ObjectMeta) =>
    storedObject(persistentVolumeClaims, { metadata: { ...metadata, name: 'c' } });
  const deletionTimestamp = '2030-01-01T00:00:00Z';
  const cases: readonly (readonly [title: string, object: ReturnType<typeof claim> | undefined, held: boolean])[] = [
    ['what was deleted', claim({ deletionTimestamp, finalizers: ['example.com/other', finalizer] }), true],
    ['not what was not', claim({ finalizers: [finalizer] }), false],
    ['not what lacks it', claim({ deletionTimestamp, finalizers: ['example.com/other'] }), false],
    ['not what is gone', undefined, false],
  ];
  for (const [title, object, held] of cases) it(title, () => assert.equal(isHeld(object, finalizer), held));
});

describe('claims that a pod holds', () => {
  const using = (volumes: Volume[], nodeName = 'n', status: PodStatus = {}) =>
    claimsHeldBy(
      storedObject(pods, {
        metadata: { name: 'p' },
        spec: { containers: [], volumes, ...(nodeName !== '' && { nodeName }) },
        status,
      }),
    );
  const claimed: Volume = { name: 'data', persistentVolumeClaim: { claimName: 'c' } };

  it('are those of its volumes', () => {
    const scratch: Volume = { name: 'scratch', ephemeral: { volumeClaimTemplate: { spec: {} } } };
    assert.deepEqual(using([claimed, { name: 'none', emptyDir: {} }, scratch]), ['default/c', 'default/p-scratch']);
  });

  it('are held on from its node, even when it has ended', () => {
    assert.deepEqual(using([claimed], ''), []);
    assert.deepEqual(using([claimed], 'n', { phase: 'Succeeded' }), ['default/c']);
  });

  it('are none without volumes', () => assert.deepEqual(using([]), []));
});

describe('a volume', () => {
  it('is used while a claim is bound to it', () => {
    for (const [phase, used] of [
      ['Bound', true],
      ['Available', false],
      ['Released', false],
      ['Failed', false],
    ] as const)
      assert.equal(isVolumeUsed({ status: { phase } }), used, phase);
    assert.equal(isVolumeUsed({}), false);
  });
});

describe('a class of volume attributes is named by a claim', () => {
  const spec: PersistentVolumeClaimSpec = {};
  const cases: readonly (readonly [title: string, claim: PersistentVolumeClaim, named: boolean])[] = [
    ['that wants it', { spec: { volumeAttributesClassName: 'gold' } }, true],
    ['that has it', { spec, status: { currentVolumeAttributesClassName: 'gold' } }, true],
    [
      'that is on its way to it',
      { spec, status: { modifyVolumeStatus: { status: 'InProgress', targetVolumeAttributesClassName: 'gold' } } },
      true,
    ],
    ['but not by one of another', { spec: { volumeAttributesClassName: 'silver' } }, false],
    ['nor by one of none', { spec }, false],
  ];
  for (const [title, claim, named] of cases) it(title, () => assert.equal(isClassNamedBy(claim, 'gold'), named));
});
