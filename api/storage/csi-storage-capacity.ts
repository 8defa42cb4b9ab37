/** The kind CSIStorageCapacity. */

import type { CSIStorageCapacity } from 'kubernetes-types/storage/v1';
import { defineKind } from '../define-kind.ts';

export const csiStorageCapacities = defineKind<CSIStorageCapacity>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIStorageCapacity',
  plural: 'csistoragecapacities',
});
