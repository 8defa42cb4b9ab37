/** How the controllers find pods: by who controls them, by namespace where nobody does, and by node. */

import type { Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { byController, uncontrolled } from '../workloads/ownership.ts';

export const podIndexes = {
  indexers: {
    controller: byController,
    uncontrolled,
    node: ({ spec }: Cached<Pod>): string[] => (spec?.nodeName ? [spec.nodeName] : []),
  },
};
