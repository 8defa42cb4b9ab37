/** The kind RuntimeClass. */

import type { RuntimeClass } from 'kubernetes-types/node/v1';
import { defineKind } from '../define-kind.ts';

export const runtimeClasses = defineKind<RuntimeClass>({
  group: 'node.k8s.io',
  version: 'v1',
  kind: 'RuntimeClass',
  plural: 'runtimeclasses',
  namespaced: false,
});
