/** How long a pod has between its deletion and its end: it may say so itself, and it needs a node to make use of it. */

import type { Pod } from '../../../api/types/core/v1.ts';
import type { Strategy } from '../../kind.ts';

export const podDeletion: Pick<Strategy<Pod>, 'gracePeriodSeconds' | 'answersDeletedObject'> = {
  answersDeletedObject: true,

  gracePeriodSeconds({ spec, status }, asked) {
    if (!spec?.nodeName) return 0;
    if (status?.phase === 'Failed' || status?.phase === 'Succeeded') return 0;
    const seconds = asked ?? spec.terminationGracePeriodSeconds ?? 0;
    return seconds < 0 ? 1 : seconds;
  },
};
