/** The kind CSINode. */

import type { CSINode } from 'kubernetes-types/storage/v1';
import { defineKind } from '../define-kind.ts';

export const csiNodes = defineKind<CSINode>({
  group: 'storage.k8s.io',
  version: 'v1',
  kind: 'CSINode',
  plural: 'csinodes',
  namespaced: false,
});
