/** The kind CSIDriver. */

import type { CSIDriver } from 'kubernetes-types/storage/v1';
import { defineKind } from '../define-kind.ts';

export const csiDrivers = defineKind<CSIDriver>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSIDriver',
  plural: 'csidrivers',
  namespaced: false,
});
