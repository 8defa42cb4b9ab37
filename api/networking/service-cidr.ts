/** The kind ServiceCIDR. */

import { defineKind, statusSubresource } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const serviceCidrs = defineKind<KubernetesObject>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'ServiceCIDR',
  plural: 'servicecidrs',
  namespaced: false,
  subresources: [statusSubresource],
});
