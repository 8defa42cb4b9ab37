/** The kind PodDisruptionBudget. */

import type { PodDisruptionBudget } from 'kubernetes-types/policy/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const podDisruptionBudgets = defineKind<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
  shortNames: ['pdb'],
  subresources: [statusSubresource],
});
