/** The kind PersistentVolume. */

import type { PersistentVolume } from 'kubernetes-types/core/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const persistentVolumes = defineKind<PersistentVolume>({
  group: '',
  version: 'v1',
  kind: 'PersistentVolume',
  plural: 'persistentvolumes',
  shortNames: ['pv'],
  namespaced: false,
  subresources: [statusSubresource],
  strategy: { answersDeletedObject: true },
});
