/** The kind Ingress. */

import type { Ingress } from 'kubernetes-types/networking/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const ingresses = defineKind<Ingress>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'Ingress',
  plural: 'ingresses',
  shortNames: ['ing'],
  subresources: [statusSubresource],
});
