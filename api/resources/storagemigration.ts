/** The resources of storagemigration.k8s.io: objects that are to be written again, in the version that is stored now. */

import { resource } from '../resource.ts';
import type { StorageVersionMigration } from '../types/storagemigration/v1beta1.ts';

export const storageVersionMigrations = resource<StorageVersionMigration>({
  group: 'storagemigration.k8s.io',
  version: 'v1beta1',
  kind: 'StorageVersionMigration',
  plural: 'storageversionmigrations',
  namespaced: false,
});
