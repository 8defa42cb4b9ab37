/** The kind ResourceSlice. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const resourceSlices = defineKind<KubernetesObject>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceSlice',
  plural: 'resourceslices',
  namespaced: false,
});
