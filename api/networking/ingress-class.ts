/** The kind IngressClass. */

import type { IngressClass } from 'kubernetes-types/networking/v1';
import { defineKind } from '../define-kind.ts';

export const ingressClasses = defineKind<IngressClass>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'IngressClass',
  plural: 'ingressclasses',
  namespaced: false,
});
