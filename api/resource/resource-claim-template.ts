/** The kind ResourceClaimTemplate. */

import { defineKind } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const resourceClaimTemplates = defineKind<KubernetesObject>({
  group: 'resource.k8s.io',
  version: 'v1',
  kind: 'ResourceClaimTemplate',
  plural: 'resourceclaimtemplates',
});
