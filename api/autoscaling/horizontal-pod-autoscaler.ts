/** The kind HorizontalPodAutoscaler. */

import type { HorizontalPodAutoscaler, HorizontalPodAutoscalerStatus } from 'kubernetes-types/autoscaling/v2';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { autoscalerColumns } from './hpa-columns.ts';
import { setAutoscalerDefaults, validateAutoscaler, validateAutoscalerStatus } from './hpa-validation.ts';

export const horizontalPodAutoscalers = defineKind<HorizontalPodAutoscaler>({
  group: 'autoscaling',
  version: 'v2',
  kind: 'HorizontalPodAutoscaler',
  plural: 'horizontalpodautoscalers',
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: autoscalerColumns((object) => object),
  strategy: {
    ...specAndStatus({ newStatus: newAutoscalerStatus, hasGeneration: false }),
    setDefaults: setAutoscalerDefaults,
    validate(object, errors, { subresource }) {
      if (subresource === 'status') validateAutoscalerStatus(object, errors);
      else validateAutoscaler(object, errors);
    },
  },
});

function newAutoscalerStatus(): HorizontalPodAutoscalerStatus {
  return { currentMetrics: null as never, desiredReplicas: 0 };
}
