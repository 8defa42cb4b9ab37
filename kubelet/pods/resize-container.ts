/** Gives a container or a whole pod other amounts of CPU and memory, while it runs or from its next attempt on. */

import { isDeepStrictEqual } from 'node:util';
import type { Clock } from '../../base/clock.ts';
import { errorText } from '../../base/error-text.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import type { PodCgroups } from '../cgroups/pod-cgroups.ts';
import { withAllocated, withResized } from '../containers/allocated-resources.ts';
import { computeContainerResources, type NodeLimits } from '../containers/resource-limits.ts';
import { eventSubject } from '../model/event-subject.ts';
import { bytesOf } from '../model/kernel-amounts.ts';
import { type AllocatedResources, containerOf, type PodObject } from '../model/pod.ts';
import type { ContainerResources, Runtime } from '../runtime/runtime.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';
import { withRemembered } from './remembered-containers.ts';
import { resizeSummary } from './resize-summary.ts';

export interface ResizeOptions extends NodeLimits {
  readonly cgroups: Pick<PodCgroups, 'grow' | 'settle'>;
  readonly observed: Pick<ObservedPods, 'get'>;
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
  const whole = allocatedNow(options, pod, known);
  const amounts = computeContainerResources(whole, { ...container.spec, resources }, options);
  try {
    // The kernel lets no group have more than the one above it.
    await options.cgroups.grow(whole, pod);
    if (running) await update(options.runtime, id, amounts);
    known.containerResized(id, resources);
  } catch (error) {
    tellTrouble(options, { pod, known }, error);
  }
}

/** After its containers: the pod's group has what they have together. `resources`: other amounts for it as a whole. */
export async function resizePod(
  options: ResizeOptions,
  { resources }: Extract<PodAction, { type: 'resizePod' }>,
  { pod, known }: { readonly pod: PodObject; readonly known: PodRuntimeState },
): Promise<void> {
  try {
    if (resources !== undefined) await giveToPod(options, resources, { pod, known });
    await options.cgroups.settle(allocatedNow(options, pod, known));
  } catch (error) {
    tellTrouble(options, { pod, known }, error);
  }
}

/** Containers that have no limit of their own have the pod's. */
async function giveToPod(
  options: ResizeOptions,
  resources: AllocatedResources,
  { pod, known }: { readonly pod: PodObject; readonly known: PodRuntimeState },
): Promise<void> {
  const now = allocatedNow(options, pod, known);
  if (now.spec === undefined) return;
  const next = { ...now, spec: { ...now.spec, resources } };
  const running = options.observed.get(pod.metadata.uid).containers.filter(({ status }) => status.type === 'running');
  const limit = bytesOf(resources.limits?.memory);
  const usages = limit > 0 ? await options.runtime.stats(running.map(({ id }) => id)) : [];
  const used = usages.reduce((sum, { workingSetBytes }) => sum + workingSetBytes, 0);
  if (limit > 0 && used >= limit)
    throw new Error(`attempting to set pod memory limit (${limit}) below current usage (${used})`);
  await options.cgroups.grow(now, next);
  for (const { id, name } of running) {
    const spec = containerOf(next, name)?.spec;
    if (spec === undefined) continue;
    const [before, after] = [now, next].map((one) => computeContainerResources(one, spec, options));
    if (after !== undefined && !isDeepStrictEqual(before, after)) await options.runtime.updateResources(id, after);
  }
  known.podGiven(resources);
}

const allocatedNow = (options: ResizeOptions, pod: PodObject, known: PodRuntimeState): PodObject =>
  withAllocated(
    pod,
    withResized(withRemembered(pod, options.observed.get(pod.metadata.uid)), known.resized),
    known.podResources,
  );

function tellTrouble(
  { recorder, clock }: ResizeOptions,
  { pod, known }: { readonly pod: PodObject; readonly known: PodRuntimeState },
  error: unknown,
): void {
  const message = errorText(error);
  const isNews = known.resizeTrouble?.message !== message;
  known.resizeHindered({ type: 'PodResizeInProgress', reason: 'Error', message }, clock.monotonic());
  if (!isNews) return;
  const words = `Pod resize error: ${resizeSummary(pod, message)}`;
  recorder.record(eventSubject(pod), { type: 'Warning', reason: 'ResizeError', message: words });
}

/** The kernel would kill what has more than it may: that is for the pod's owner to decide. */
async function update(runtime: ResizeOptions['runtime'], id: string, amounts: ContainerResources): Promise<void> {
  const { memoryBytes } = amounts;
  const [usage] = memoryBytes > 0 ? await runtime.stats([id]) : [];
  if (usage !== undefined && usage.workingSetBytes >= memoryBytes)
    throw new Error(`attempting to set memory limit (${memoryBytes}) below current usage (${usage.workingSetBytes})`);
  await runtime.updateResources(id, amounts);
}
