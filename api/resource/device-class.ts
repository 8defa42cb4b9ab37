/** The kind DeviceClass. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const deviceClasses = defineKind<KubernetesObject>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'DeviceClass',
  plural: 'deviceclasses',
  namespaced: false,
});
