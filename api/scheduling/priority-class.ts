/** The kind PriorityClass. */

import type { PriorityClass } from 'kubernetes-types/scheduling/v1';
import { defineKind } from '../define-kind.ts';

export const priorityClasses = defineKind<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  shortNames: ['pc'],
  namespaced: false,
});
