/** HorizontalPodAutoscaler of autoscaling/v1: the older face of the v2 kind, which is what is stored. */

import type { KubernetesObject } from '../../api/object.ts';
import { horizontalPodAutoscalersV1 } from '../../api/resources/autoscaling.ts';
import type { HorizontalPodAutoscaler } from '../../api/types/autoscaling/v2.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { autoscalerColumns } from './hpa-columns.ts';
import { fromV2, toV2 } from './hpa-conversion.ts';
import { setAutoscalerDefaults, validateAutoscaler, validateAutoscalerStatus } from './hpa-validation.ts';

export const horizontalPodAutoscalerV1Kind = defineKind(horizontalPodAutoscalersV1, {
  shortNames: ['hpa'],
  categories: ['all'],
  subresources: [statusSubresource],
  columns: autoscalerColumns(toV2),
  storedAs: {
    group: 'autoscaling',
    version: 'v2',
    toStored: toV2,
    // What is stored under this group and version is of that kind.
    fromStored: (object: KubernetesObject) => fromV2(object as HorizontalPodAutoscaler),
  },
  strategy: {
    ...specAndStatus({ hasGeneration: false }),
    // Defaults and rules are those of the stored form; what only it has travels in annotations.
    setDefaults(object) {
      const stored = toV2(object);
      setAutoscalerDefaults(stored);
      Object.assign(object, fromV2(stored));
    },
    validate(object, errors, { subresource }) {
      if (subresource === 'status') validateAutoscalerStatus(toV2(object), errors);
      else validateAutoscaler(toV2(object), errors);
    },
  },
});
