/** Says on a pod why it is about to be deleted, before it is. */

import { pods } from '../../api/resources/core.ts';
import { formatTime } from '../../api/time.ts';
import type { Pod, PodCondition } from '../../api/types/core/v1.ts';
import type { Client } from '../../client/client.ts';
import type { Cached } from '../../client/object-cache.ts';

export interface Disruption {
  readonly reason: string;
  readonly message: string;
  /** Wall time in milliseconds. */
  readonly now: number;
  /** Also declare it Failed: nobody will ever tell how it ended. */
  readonly failed?: boolean;
}

/** Sets the condition DisruptionTarget. Throws a Conflict when the pod changed meanwhile. */
export async function markDisrupted(client: Client, pod: Cached<Pod>, disruption: Disruption): Promise<void> {
  const { reason, message, now, failed = false } = disruption;
  const others = (pod.status?.conditions ?? []).filter(({ type }) => type !== 'DisruptionTarget');
  const lastTransitionTime = formatTime(now);
  const condition: PodCondition = { type: 'DisruptionTarget', status: 'True', reason, message, lastTransitionTime };
  const { namespace, name, resourceVersion } = pod.metadata;
  const status = { conditions: [...others, condition], ...(failed && { phase: 'Failed' }) };
  const body = { metadata: { resourceVersion }, status };
  await client.patch(pods, { namespace, name }, { type: 'merge', body }, { subresource: 'status' });
}
