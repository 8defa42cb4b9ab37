/** How pods without a node are found by the claims that they use. */

import { claimNamesOf } from '../../api/pod-references.ts';
import { isPodFinished } from '../../api/pods.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

export const claimKeysOf = (pod: Cached<Pod>): string[] =>
  claimNamesOf(pod).map((name) => `${pod.metadata.namespace}/${name}`);

export const waitingPodIndexes = {
  indexers: {
    waitingForClaim: (pod: Cached<Pod>): string[] => (pod.spec?.nodeName || isPodFinished(pod) ? [] : claimKeysOf(pod)),
  },
};
