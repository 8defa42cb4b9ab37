/**
 * How long the containers of one deleted pod are not told yet that it ends: until no proxy leads to it any more (the
 * condition of `api/pod-drain.ts`), or for its bound. The grace period begins afterwards.
 *
 * Nobody waits for a pod that is deleted by force, that no Service leads to, or of which nothing runs any more; nor for
 * one that ends for another reason than its deletion (`PodWorker` does not ask).
 */

import { drainBoundOf, drainedCondition, isDrained, leadsTo } from '../../api/pod-drain.ts';
import { podCondition } from '../../api/pods.ts';
import type { Service } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import { eventSubject } from '../model/event-subject.ts';
import { graceSecondsOf, isStaticPod, type ObservedPod, type PodObject } from '../model/pod.ts';

export interface EndpointDrainOptions {
  readonly services: Pick<ObjectCache<Service>, 'list'>;
  /** Of the node; a pod may say another one. In milliseconds; 0: nobody waits. */
  readonly drainBoundMs: number;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

export class EndpointDrain {
  readonly #options: EndpointDrainOptions;
  /** When this kubelet first saw that it has to wait; monotonic. */
  #since: number | undefined;
  #isOver = false;

  constructor(options: EndpointDrainOptions) {
    this.#options = options;
  }

  /** Asked for a deleted pod at each look; 0: its containers are to end. Once it is 0 it stays so. */
  leftMs(pod: PodObject, observed: ObservedPod): number {
    if (this.#isOver) return 0;
    const left = this.#computeLeftMs(pod, observed);
    this.#isOver = left <= 0;
    return Math.max(0, left);
  }

  #computeLeftMs(pod: PodObject, { containers }: ObservedPod): number {
    const { services, drainBoundMs, clock } = this.#options;
    const boundMs = drainBoundOf(pod.metadata.annotations, drainBoundMs);
    if (boundMs === 0 || graceSecondsOf(pod) <= 0 || isStaticPod(pod) || isDrained(pod)) return 0;
    if (!containers.some(({ kind, status }) => kind === 'main' && status.type === 'running')) return 0;
    if (![...services.list(pod.metadata.namespace)].some((service) => leadsTo(service, pod))) return 0;
    const now = clock.monotonic();
    this.#since ??= now;
    const left = this.#since + boundMs - now;
    if (left <= 0) this.#tell(pod, boundMs);
    return left;
  }

  #tell(pod: PodObject, boundMs: number): void {
    const why =
      podCondition(pod, drainedCondition)?.message ?? 'the controllers have not said that it left the endpoints';
    const message = `The pod ends although it may still be sent requests, after ${boundMs / 1000}s: ${why}`;
    const { recorder } = this.#options;
    recorder.record(eventSubject(pod), { type: 'Warning', reason: 'EndpointsNotDrained', message });
  }
}
