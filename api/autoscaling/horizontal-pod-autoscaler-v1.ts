/** HorizontalPodAutoscaler of autoscaling/v1: the older face of the v2 kind, which is what is stored. */

import type { HorizontalPodAutoscaler } from 'kubernetes-types/autoscaling/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const horizontalPodAutoscalersV1 = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v1',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [statusSubresource],
});
