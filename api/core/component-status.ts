/** The kind ComponentStatus. */

import type { ComponentStatus } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const componentStatuses = defineKind<ComponentStatus>({
  group: '',
  version: 'v1',
  kind: 'ComponentStatus',
  plural: 'componentstatuses',
  shortNames: ['cs'],
  namespaced: false,
  verbs: ['get', 'list'],
});
