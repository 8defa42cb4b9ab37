/** The kind HorizontalPodAutoscaler. */

import { nilList } from '../../api/nil-list.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import type { HorizontalPodAutoscalerStatus } from '../../api/types/autoscaling/v2.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { autoscalerColumns } from './hpa-columns.ts';
import { setAutoscalerDefaults, validateAutoscaler, validateAutoscalerStatus } from './hpa-validation.ts';

export const horizontalPodAutoscalerKind = defineKind(horizontalPodAutoscalers, {
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
  return { currentMetrics: nilList, desiredReplicas: 0 };
}
