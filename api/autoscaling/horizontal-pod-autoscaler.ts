/** The kind HorizontalPodAutoscaler. */

import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v2';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const horizontalPodAutoscalers = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [statusSubresource],
});
