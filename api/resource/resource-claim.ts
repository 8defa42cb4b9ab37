/** The kind ResourceClaim. */

import { defineKind, statusSubresource } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const resourceClaims = defineKind<KubernetesObject>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaim',
  plural: 'resourceclaims',
  subresources: [statusSubresource],
});
