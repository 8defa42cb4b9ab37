/** The kind Endpoints. */

import type { Endpoints } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const endpoints = defineKind<Endpoints>({
  group: '',
  version: 'v1',
  kind: 'Endpoints',
  plural: 'endpoints',
  shortNames: ['ep'],
});
