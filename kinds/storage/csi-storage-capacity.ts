/** The kind CSIStorageCapacity. */

import { readQuantity } from '../../api/quantity.ts';
import { csiStorageCapacities } from '../../api/resources/storage.ts';
import type { CSIStorageCapacity } from '../../api/types/storage/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { labelSelectorDefinition, validateImmutable, validateImmutableStruct } from '../validation/immutable.ts';
import { validateLabelSelector } from '../validation/label-selector.ts';
import { checkDns1123Subdomain } from '../validation/names.ts';

export const csiStorageCapacityKind = defineKind(csiStorageCapacities, {
  // Upstream shows no age.
  columns: [
    nameColumn,
    textColumn('StorageClassName', 'The class whose volumes it speaks of.', ({ storageClassName }) => storageClassName),
    textColumn('Capacity', 'How much can still be made.', ({ capacity = '<unset>' }) => capacity),
  ],
  strategy: {
    allowUnconditionalUpdate: false,
    metadataOnUpdate: 'both',
    validate: validateCapacity,
    validateUpdate(next, previous, errors) {
      const topology = FieldPath.of('nodeTopology');
      validateImmutableStruct(labelSelectorDefinition, next.nodeTopology, previous.nodeTopology, topology, errors);
      const className = FieldPath.of('storageClassName');
      validateImmutable(next.storageClassName ?? '', previous.storageClassName ?? '', className, errors);
    },
  },
});

/** Upstream asks nothing of `maximumVolumeSize`. */
function validateCapacity(object: CSIStorageCapacity, errors: FieldErrors): void {
  const { nodeTopology, storageClassName = '', capacity } = object;
  validateLabelSelector(nodeTopology, FieldPath.of('nodeTopology'), errors);
  for (const message of checkDns1123Subdomain(storageClassName))
    errors.invalid(FieldPath.of('storageClassName'), storageClassName, message);
  if (capacity !== undefined && readQuantity(capacity).nanos < 0n)
    errors.invalid(FieldPath.of('capacity'), capacity, 'must be greater than or equal to 0');
}
