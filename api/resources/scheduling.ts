/** The resources of scheduling.k8s.io. */

import { resource } from '../resource.ts';
import type { PriorityClass } from '../types/scheduling/v1.ts';

export const priorityClasses = resource<PriorityClass>({
  group: 'scheduling.k8s.io',
  version: 'v1',
  kind: 'PriorityClass',
  plural: 'priorityclasses',
  namespaced: false,
});
