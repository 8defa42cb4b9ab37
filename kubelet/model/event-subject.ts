/** What an event of the kubelet is about: a pod, one container of it, or the node. */

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

/** As upstream's kubelet, which takes the name for the uid: it tells of its node before it has read it. */
export const nodeSubject = (nodeName: string): EventSubject => ({
  apiVersion: 'v1',
  kind: 'Node',
  metadata: { name: nodeName, uid: nodeName },
});
