/** The kind PersistentVolumeClaim. */

import type { PersistentVolumeClaim } from 'kubernetes-types/core/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const persistentVolumeClaims = defineKind<PersistentVolumeClaim>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolumeClaim',
  plural: 'persistentvolumeclaims',
  shortNames: ['pvc'],
  subresources: [statusSubresource],
  strategy: { answersDeletedObject: true },
});
