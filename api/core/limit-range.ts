/** The kind LimitRange. */

import type { LimitRange } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const limitRanges = defineKind<LimitRange>({
  group: '',
  version: 'v1',
  kind: 'LimitRange',
  plural: 'limitranges',
  shortNames: ['limits'],
});
