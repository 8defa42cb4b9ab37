/** The kind APIService. */

import { defineKind, statusSubresource } from '../define-kind.ts';
import type { KubernetesObject } from '../object.ts';

export const apiServices = defineKind<KubernetesObject>({
  group: 'apiregistration.k8s.io',
  version: 'v1',
  kind: 'APIService',
  plural: 'apiservices',
  categories: ['api-extensions'],
  namespaced: false,
  subresources: [statusSubresource],
});
