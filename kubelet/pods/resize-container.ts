/** Gives a container other amounts of CPU and memory, while it runs or from its next attempt on. */

import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { computeContainerResources, type NodeLimits } from '../containers/resource-limits.ts';
import { eventSubject } from '../model/event-subject.ts';
import { containerOf, type PodObject } from '../model/pod.ts';
import type { ContainerResources, Runtime } from '../runtime/runtime.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { resizeSummary } from './resize-summary.ts';

export interface ResizeOptions extends NodeLimits {
  readonly runtime: Pick<Runtime, 'updateResources' | 'stats'>;
  readonly recorder: Recorder;
  readonly clock: Clock;
}

/** Does not throw what the runtime refuses: the pod says it, goes on as it is, and tries again later. */
export async function resizeContainer(
  options: ResizeOptions,
  { id, name, resources, running }: Extract<PodAction, { type: 'resizeContainer' }>,
  { pod, known }: { readonly pod: PodObject; readonly known: PodRuntimeState },
): Promise<void> {
  const container = containerOf(pod, name);
  if (container === undefined) return;
  const amounts = computeContainerResources(pod, { ...container.spec, resources }, options);
  try {
    if (running) await update(options.runtime, id, amounts);
    known.containerResized(id, resources);
  } catch (error) {
    const message = errorText(error);
    const isNews = known.resizeTrouble?.message !== message;
    known.resizeHindered({ type: 'PodResizeInProgress', reason: 'Error', message }, options.clock.monotonic());
    if (!isNews) return;
    const words = `Pod resize error: ${resizeSummary(pod, message)}`;
    options.recorder.record(eventSubject(pod), { type: 'Warning', reason: 'ResizeError', message: words });
  }
}

/** The kernel would kill what has more than it may: that is for the pod's owner to decide. */
async function update(runtime: ResizeOptions['runtime'], id: string, amounts: ContainerResources): Promise<void> {
  const { memoryBytes } = amounts;
  const [usage] = memoryBytes > 0 ? await runtime.stats([id]) : [];
  if (usage !== undefined && usage.workingSetBytes >= memoryBytes)
    throw new Error(`attempting to set memory limit (${memoryBytes}) below current usage (${usage.workingSetBytes})`);
  await runtime.updateResources(id, amounts);
}
