/** Removes containers that ended and that nobody needs to look at any more. */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Logger } from '../../base/logger.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { KeptLogs } from '../kept-logs/kept-logs.ts';
import type { ObservedPods } from '../pods/observed-pods.ts';
import type { PodRuntime } from '../runtime/runtime.ts';
import { chooseDeadContainers, type DeadContainerPolicy, type EndedPod } from './dead-containers.ts';

export interface DeadContainerCollectorOptions {
  readonly runtime: Pick<PodRuntime, 'remove'>;
  readonly observed: Pick<ObservedPods, 'uids' | 'get' | 'noteRemoved'>;
  /** What it wrote last stays, within that one's own budget. */
  readonly keptLogs: Pick<KeptLogs, 'keep'>;
  /** Undefined: nobody works on it. */
  readonly podOf: (uid: string) => EndedPod | undefined;
  readonly onRemoved: (uid: string) => void;
  readonly recorder: Recorder;
  readonly node: EventSubject;
  readonly clock: Clock;
  readonly logger: Logger;
}

export class DeadContainerCollector {
  readonly #options: DeadContainerCollectorOptions;

  constructor(options: DeadContainerCollectorOptions) {
    this.#options = options;
  }

  /** From time to time. Never rejects. */
  async collect(policy: DeadContainerPolicy): Promise<void> {
    const { recorder, node, logger } = this.#options;
    try {
      await this.remove(policy);
    } catch (error) {
      logger.warn('Containers that ended could not be removed; trying again', { error });
      recorder.record(node, { type: 'Warning', reason: 'ContainerGCFailed', message: errorText(error) });
    }
  }

  /** Throws when the runtime does not answer. */
  async remove(policy: DeadContainerPolicy): Promise<void> {
    const { runtime, observed, keptLogs, podOf, onRemoved, clock, logger } = this.#options;
    const containers = [...observed.uids()].flatMap((uid) => observed.get(uid).containers);
    const states = new Map(containers.map((state) => [state.id, state]));
    for (const id of chooseDeadContainers({ containers, podOf, now: clock.now() }, policy)) {
      const state = states.get(id);
      if (state === undefined) continue;
      const { pod } = state;
      logger.info('Removing a container that ended', { pod: `${pod.namespace}/${pod.name}`, container: id });
      await keptLogs.keep(state);
      await runtime.remove(id);
      observed.noteRemoved(pod.uid, id);
      onRemoved(pod.uid);
    }
  }
}
