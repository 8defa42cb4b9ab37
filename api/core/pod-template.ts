/** The kind PodTemplate. */

import type { PodTemplate } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const podTemplates = defineKind<PodTemplate>({
  group: '',
  version: 'v1',
  kind: 'PodTemplate',
  plural: 'podtemplates',
  strategy: { answersDeletedObject: true },
});
