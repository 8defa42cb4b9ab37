/** The kind StorageClass. */

import type { StorageClass } from 'kubernetes-types/storage/v1';
import { defineKind } from '../define-kind.ts';

export const storageClasses = defineKind<StorageClass>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'StorageClass',
  plural: 'storageclasses',
  shortNames: ['sc'],
  namespaced: false,
});
