/** What an event of the kubelet is about: a pod, or one container of it. */

import type { EventSubject } from '../../client/event-correlator.ts';
import { fieldPathOf, type PodContainer, type PodObject } from './pod.ts';

export function eventSubject(pod: PodObject, container?: PodContainer): EventSubject {
  const { namespace = 'default', name, uid, resourceVersion } = pod.metadata;
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { namespace, name, uid, resourceVersion },
    ...(container !== undefined && { fieldPath: fieldPathOf(container) }),
  };
}
