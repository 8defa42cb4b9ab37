/** The kind Binding. */

import type { Binding } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const bindings = defineKind<Binding>({
  group: '',
  version: 'v1',
  kind: 'Binding',
  plural: 'bindings',
  verbs: ['create'],
});
