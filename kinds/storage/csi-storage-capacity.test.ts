import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { CSIStorageCapacity } from '../../api/types/storage/v1.ts';
import { FieldErrors } from '../../machinery/field-errors.ts';
import { csiStorageCapacityKind } from './csi-storage-capacity.ts';

const { strategy } = csiStorageCapacityKind;
const storageClassName = 'fast';
const nodeTopology = { matchLabels: { zone: 'a' } };

const texts = ({ list }: FieldErrors): string[] => list.map(({ field, message }) => `${field}: ${message}`);

function stored(object: CSIStorageCapacity) {
  const metadata = { name: 'a', uid: 'u', resourceVersion: '1', creationTimestamp: '2026-01-01T00:00:00Z' };
  return { ...object, apiVersion: 'storage.k8s.io/v1' as const, kind: 'CSIStorageCapacity' as const, metadata };
}

describe('a CSIStorageCapacity', () => {
  const table: [what: string, object: CSIStorageCapacity, ...expected: string[]][] = [
    ['with all there is', { storageClassName, nodeTopology, capacity: '1Gi', maximumVolumeSize: '2Gi' }],
    ['with a class only', { storageClassName }],
    [
      'of less than nothing',
      { storageClassName, capacity: '-1Gi' },
      'capacity: Invalid value: "-1Gi": must be greater than or equal to 0',
    ],
    [
      'with a selector that is none',
      { storageClassName, nodeTopology: { matchExpressions: [{ key: 'zone', operator: 'Like' }] } },
      'nodeTopology.matchExpressions[0].operator: Invalid value: "Like": not a valid selector operator',
    ],
  ];
  for (const [what, object, ...expected] of table) {
    it(`${what} is ${expected.length === 0 ? 'right' : 'wrong'}`, () => {
      const errors = new FieldErrors();
      strategy.validate?.(object, errors, {});
      assert.deepEqual(texts(errors), expected);
    });
  }

  it('has a class with a name', () => {
    const errors = new FieldErrors();
    strategy.validate?.({ storageClassName: '' }, errors, {});
    assert.match(texts(errors).join(), /^storageClassName: Invalid value: "": a lowercase RFC 1123 subdomain/);
  });

  it('keeps its class and topology, and nothing else', () => {
    const previous = stored({ storageClassName, nodeTopology, capacity: '1Gi' });
    const errors = new FieldErrors();
    strategy.validateUpdate?.({ storageClassName, nodeTopology, capacity: '2Gi' }, previous, errors, {});
    assert.deepEqual(texts(errors), []);
    strategy.validateUpdate?.(
      { storageClassName: 'b', nodeTopology: { matchLabels: { c: 'd' } } },
      previous,
      errors,
      {},
    );
    assert.deepEqual(texts(errors), [
      'nodeTopology: Invalid value: {"matchLabels":{"c":"d"}}: field is immutable',
      'storageClassName: Invalid value: "b": field is immutable',
    ]);
  });

  it('is shown in the table', () => {
    const cells = (object: CSIStorageCapacity) =>
      csiStorageCapacityKind.columns.map((column) => column.cell(stored(object), 0));
    assert.deepEqual(cells({ storageClassName, capacity: '1Gi' }), ['a', 'fast', '1Gi']);
    assert.deepEqual(cells({ storageClassName }), ['a', 'fast', '<unset>']);
  });
});
