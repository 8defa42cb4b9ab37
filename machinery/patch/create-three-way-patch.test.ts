import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonRecord } from '../../api/json-record.ts';
import { objectSchemaOf } from '../schema/schema.ts';
import { createThreeWayPatch } from './create-three-way-patch.ts';
import { applyStrategicMergePatch } from './strategic-merge-patch.ts';

const deployment = objectSchemaOf('io.k8s.api.apps.v1.Deployment');
const pod = (containers: unknown[], more: object = {}): JsonRecord => ({
  spec: { template: { spec: { containers, ...more } } },
});
const meta = (metadata: object): JsonRecord => ({ metadata });

const table: [string, { original?: JsonRecord; modified: JsonRecord; current: JsonRecord }, JsonRecord, JsonRecord][] =
  [
    [
      'nothing to do',
      { modified: pod([{ name: 'a', image: 'i' }]), current: pod([{ name: 'a', image: 'i', args: ['defaulted'] }]) },
      {},
      pod([{ name: 'a', image: 'i', args: ['defaulted'] }]),
    ],
    [
      'changes an item and keeps what others added',
      { modified: pod([{ name: 'a', image: 'j' }]), current: pod([{ name: 'side' }, { name: 'a', image: 'i' }]) },
      pod([{ name: 'a', image: 'j' }], { '$setElementOrder/containers': [{ name: 'a' }] }),
      pod([{ name: 'side' }, { name: 'a', image: 'j' }]),
    ],
    [
      'deletes what was applied before',
      {
        original: {
          ...pod([{ name: 'a' }, { name: 'b' }]),
          ...meta({ labels: { x: '1', y: '1' }, finalizers: ['e/a', 'e/b'] }),
        },
        modified: { ...pod([{ name: 'a' }]), ...meta({ labels: { y: '1' }, finalizers: ['e/b'] }) },
        current: {
          ...pod([{ name: 'a' }, { name: 'b' }]),
          ...meta({ labels: { x: '1', y: '1', z: '1' }, finalizers: ['e/a', 'e/b', 'e/c'] }),
        },
      },
      {
        ...pod([{ $patch: 'delete', name: 'b' }], { '$setElementOrder/containers': [{ name: 'a' }] }),
        ...meta({
          labels: { x: null },
          '$deleteFromPrimitiveList/finalizers': ['e/a'],
          '$setElementOrder/finalizers': ['e/b'],
        }),
      },
      { ...pod([{ name: 'a' }]), ...meta({ labels: { y: '1', z: '1' }, finalizers: ['e/b', 'e/c'] }) },
    ],
    [
      'retains the keys of a choice',
      {
        modified: { spec: { strategy: { type: 'Recreate' } } },
        current: { spec: { strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1 } } } },
      },
      { spec: { strategy: { $retainKeys: ['type'], type: 'Recreate' } } },
      { spec: { strategy: { type: 'Recreate' } } },
    ],
    [
      'puts items in order',
      { modified: pod([{ name: 'b' }, { name: 'a' }]), current: pod([{ name: 'a' }, { name: 'b' }]) },
      { spec: { template: { spec: { '$setElementOrder/containers': [{ name: 'b' }, { name: 'a' }] } } } },
      pod([{ name: 'b' }, { name: 'a' }]),
    ],
    [
      'replaces lists that do not merge',
      { modified: pod([], { tolerations: [{ key: 'b' }] }), current: pod([], { tolerations: [{ key: 'a' }] }) },
      { spec: { template: { spec: { tolerations: [{ key: 'b' }] } } } },
      pod([], { tolerations: [{ key: 'b' }] }),
    ],
  ];

describe('createThreeWayPatch', () => {
  for (const [name, { original, modified, current }, patch, result] of table) {
    it(name, () => {
      const made = createThreeWayPatch({ original, modified, current }, deployment);
      assert.deepEqual(made, patch);
      assert.deepEqual(applyStrategicMergePatch(current, made, deployment), result);
      const again = createThreeWayPatch({ original: modified, modified, current: result }, deployment);
      assert.deepEqual(again, {});
    });
  }
});
