import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { persistentVolumes } from '../../api/resources/core.ts';
import type { PersistentVolumeSpec } from '../../api/types/core/v1.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { planReclaim } from './reclaim-plan.ts';

const provisioned = (by: string) => ({ 'pv.kubernetes.io/provisioned-by': by });

describe('a released volume', () => {
  const disk = { csi: { driver: 'd', volumeHandle: 'h' } };
  const cases: readonly (readonly [PersistentVolumeSpec, annotations: Record<string, string>, expected: string])[] = [
    [{ persistentVolumeReclaimPolicy: 'Retain', hostPath: { path: '/x' } }, {}, 'leave'],
    [{ persistentVolumeReclaimPolicy: 'Delete', ...disk }, {}, 'leave'],
    [{ persistentVolumeReclaimPolicy: 'Delete', local: { path: '/x' } }, provisioned('longshore.dev/local'), 'leave'],
    [
      { persistentVolumeReclaimPolicy: 'Delete', nfs: { server: 's', path: '/' } },
      provisioned('example.com/nfs'),
      'leave',
    ],
    [
      { persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/x' } },
      { 'pv.kubernetes.io/migrated-to': 'd' },
      'leave',
    ],
    [{ persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/x' } }, {}, 'failed VolumeFailedDelete'],
    [{ persistentVolumeReclaimPolicy: 'Delete', hostPath: { path: '/tmp/x' } }, {}, 'failed VolumeFailedDelete'],
    [{ persistentVolumeReclaimPolicy: 'Delete', nfs: { server: 's', path: '/' } }, {}, 'failed VolumeFailedDelete'],
    [{ persistentVolumeReclaimPolicy: 'Delete', ...disk }, provisioned('kubernetes.io/x'), 'failed VolumeFailedDelete'],
    [{ persistentVolumeReclaimPolicy: 'Recycle', hostPath: { path: '/x' } }, {}, 'tell VolumeFailedRecycle'],
    [{ persistentVolumeReclaimPolicy: 'Recycle', ...disk }, {}, 'failed VolumeFailedRecycle'],
    [{ persistentVolumeReclaimPolicy: 'Burn', ...disk }, {}, 'failed VolumeUnknownReclaimPolicy'],
  ];
  for (const [spec, annotations, expected] of cases) {
    it(`${JSON.stringify(spec)} ${Object.values(annotations).join()}: ${expected}`, () => {
      const plan = planReclaim(storedObject(persistentVolumes, { metadata: { name: 'v', annotations }, spec }));
      assert.equal(plan.type === 'leave' ? plan.type : `${plan.type} ${plan.reason}`, expected);
    });
  }
});
