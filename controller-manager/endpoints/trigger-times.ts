/**
 * Since when a change has been waiting to be seen in the endpoints of a Service: the earliest of what is new since the
 * last look. It is written beside the endpoints, so that the time from a change to the programmed network can be measured.
 */

import { podCondition } from '../../api/pods.ts';
import type { Pod, Service } from '../../api/types/core/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

export const triggerTimeAnnotation = 'endpoints.kubernetes.io/last-change-trigger-time';

interface Seen {
  readonly service: string;
  readonly pods: ReadonlyMap<string, string>;
}

export class TriggerTimes {
  readonly #seen = new Map<string, Seen>();

  /** RFC 3339; undefined when nothing that has a time is new. */
  next(serviceKey: string, service: Cached<Service>, pods: readonly Cached<Pod>[]): string | undefined {
    const before = this.#seen.get(serviceKey);
    const times = new Map<string, string>();
    const news: string[] = [];
    for (const pod of pods) {
      const time = podCondition(pod, 'Ready')?.lastTransitionTime;
      if (time === undefined) continue;
      times.set(pod.metadata.name, time);
      if (time > (before?.pods.get(pod.metadata.name) ?? '')) news.push(time);
    }
    const { creationTimestamp } = service.metadata;
    if (creationTimestamp > (before?.service ?? '')) news.push(creationTimestamp);
    this.#seen.set(serviceKey, { service: creationTimestamp, pods: times });
    return news.sort()[0];
  }

  forget(serviceKey: string): void {
    this.#seen.delete(serviceKey);
  }
}

/** `annotations` with the time, or without any; undefined when none is left. */
export function withTriggerTime(
  annotations: Readonly<Record<string, string>> | undefined,
  time: string | undefined,
): Record<string, string> | undefined {
  const { [triggerTimeAnnotation]: _, ...others } = annotations ?? {};
  const next = { ...others, ...(time !== undefined && { [triggerTimeAnnotation]: time }) };
  return Object.keys(next).length > 0 ? next : undefined;
}
