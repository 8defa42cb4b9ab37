/**
 * Ends the pods that ask for it when the node has not renewed its Lease for long (`api/cut-off.ts`): the control plane
 * will make them anew elsewhere, and they must not run twice.
 *
 * Invariants:
 * - Time counts from before the last renewal that was answered was sent, on the monotonic clock.
 * - It needs the runtime and nothing else: neither the API nor a finished start. What it ends is what the containers
 *   themselves carry, so that a kubelet that was started while the node was cut off ends them as well.
 */

import { cutOffAfterMs, cutOffReason } from '../../api/cut-off.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import { containerAnnotations } from '../containers/container-config.ts';
import type { ContainerState, PodRuntime } from '../runtime/runtime.ts';
import type { PodFailure } from './pod-state.ts';

export interface CutOffGuardOptions {
  readonly clock: Clock;
  readonly logger: Logger;
  readonly runtime: Pick<PodRuntime, 'list' | 'stop'>;
  /** Monotonic milliseconds at which the last renewal was sent that was answered; undefined: none was yet. */
  readonly renewedAt: () => number | undefined;
  /** Ends a pod that a worker takes care of. False: there is none. */
  readonly endPod: (uid: string, failure: PodFailure) => boolean;
}

/** A kubelet that was just started may have followed another one that could not renew the Lease either. */
const shorterAfterStartMs = 20_000;
const lookAgainMs = 2_000;
const failure: PodFailure = {
  reason: cutOffReason,
  message: 'The node could not reach the API server for too long; the pod may be made anew elsewhere',
};

/** Until `signal` aborts. Never rejects. */
export async function runCutOffGuard(options: CutOffGuardOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  const startedAt = clock.monotonic() - shorterAfterStartMs;
  const ending = new Set<string>();
  while (!signal.aborted) {
    const leftMs = (options.renewedAt() ?? startedAt) + cutOffAfterMs - clock.monotonic();
    if (leftMs <= 0) {
      try {
        await endAll(options, ending);
      } catch (error) {
        logger.warn('Pods of a node that is cut off could not be ended; trying again', { error });
      }
    }
    await clock.sleep(Math.max(leftMs, lookAgainMs), signal);
  }
}

async function endAll(options: CutOffGuardOptions, ending: Set<string>): Promise<void> {
  const { containers } = await options.runtime.list();
  const affected = containers.filter(
    ({ status, annotations }) =>
      status.type === 'running' && annotations[containerAnnotations.endsWhenCutOff] === 'true',
  );
  for (const container of affected) endOne(container, options, ending);
}

function endOne(
  { id, pod, annotations }: ContainerState,
  { runtime, logger, endPod }: CutOffGuardOptions,
  ending: Set<string>,
): void {
  if (ending.has(id) || endPod(pod.uid, failure)) return;
  logger.warn('The node is cut off; ending a container', { pod: `${pod.namespace}/${pod.name}`, container: id });
  ending.add(id);
  const graceSeconds = Number(annotations[containerAnnotations.graceSeconds] ?? 30);
  const over = () => ending.delete(id);
  void runtime.stop(id, graceSeconds).then(over, over);
}
