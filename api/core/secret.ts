/** The kind Secret. */

import type { Secret } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const secrets = defineKind<Secret>({
  group: '',
  version: 'v1',
  kind: 'Secret',
  plural: 'secrets',
});
