/** The resources of policy. */

import { resource } from '../resource.ts';
import type { PodDisruptionBudget } from '../types/policy/v1.ts';

export const podDisruptionBudgets = resource<PodDisruptionBudget>({
  group: 'policy',
  version: 'v1',
  kind: 'PodDisruptionBudget',
  plural: 'poddisruptionbudgets',
});
