/** What `kubectl get pods` shows. */

import { humanDuration } from '../../../api/human-duration.ts';
import { isPodFinished, isPodReady, isPodTerminating, podCondition, sidecarsOf } from '../../../api/pods.ts';
import { parseTime } from '../../../api/time.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import type { Column, RowCondition } from '../../kind.ts';

export const podColumns: readonly Column<Pod>[] = [
  nameColumn,
  textColumn('Ready', 'How many containers are ready, of all.', (pod) => readiness(pod)),
  textColumn('Status', 'What the pod is doing, or why it does not.', (pod) => podState(pod)),
  textColumn('Restarts', 'How often its containers were started again, and when last.', (pod, now) =>
    restarts(pod, now),
  ),
  ageColumn,
  textColumn('IP', 'Its address.', (pod) => pod.status?.podIPs?.[0]?.ip || pod.status?.podIP || '<none>', 1),
  textColumn('Node', 'The node that it is bound to.', (pod) => pod.spec?.nodeName || '<none>', 1),
  textColumn(
    'Nominated Node',
    'The node that room is made on for it.',
    (pod) => pod.status?.nominatedNodeName || '<none>',
    1,
  ),
  textColumn('Readiness Gates', 'How many of its readiness gates are open.', (pod) => openGates(pod), 1),
];

const isSidecarStatus = (pod: Pod, status: ContainerStatus): boolean =>
  sidecarsOf(pod.spec).some(({ name }) => name === status.name);

function countedStatuses(pod: Pod): ContainerStatus[] {
  const sidecars = (pod.status?.initContainerStatuses ?? []).filter((status) => isSidecarStatus(pod, status));
  return [...sidecars, ...(pod.status?.containerStatuses ?? [])];
}

function readiness(pod: Pod): string {
  const sidecars = sidecarsOf(pod.spec).length;
  const initializing = isInitializing(pod);
  const ready = countedStatuses(pod).filter(
    (status) => status.ready && (isSidecarStatus(pod, status) || (!initializing && status.state?.running)),
  ).length;
  return `${ready}/${(pod.spec?.containers.length ?? 0) + sidecars}`;
}

/** The word under STATUS. */
function podState(pod: Pod): string {
  const { status } = pod;
  let reason = status?.reason || status?.phase || '';
  if (podCondition(pod, 'PodScheduled')?.reason === 'SchedulingGated') reason = 'SchedulingGated';
  const init = initState(pod);
  if (init !== undefined) reason = init;
  if (init === undefined || isInitialized(pod)) reason = containerState(pod, reason);
  if (isPodTerminating(pod) && status?.reason === 'NodeLost') return 'Unknown';
  return isPodTerminating(pod) && !isPodFinished(pod) ? 'Terminating' : reason;
}

const isTrue = (pod: Pod, condition: string): boolean => podCondition(pod, condition)?.status === 'True';
const isInitialized = (pod: Pod): boolean => isTrue(pod, 'Initialized');
const isInitializing = (pod: Pod): boolean => !isInitialized(pod) && initState(pod) !== undefined;

/** Why initialization goes on, or undefined when it is over. */
function initState(pod: Pod): string | undefined {
  const statuses = pod.status?.initContainerStatuses ?? [];
  for (const [index, status] of statuses.entries()) {
    const { terminated, waiting } = status.state ?? {};
    if (terminated?.exitCode === 0) continue;
    if (isSidecarStatus(pod, status) && status.started) continue;
    if (terminated) {
      if (terminated.reason) return `Init:${terminated.reason}`;
      return terminated.signal ? `Init:Signal:${terminated.signal}` : `Init:ExitCode:${terminated.exitCode}`;
    }
    if (waiting?.reason && waiting.reason !== 'PodInitializing') return `Init:${waiting.reason}`;
    return `Init:${index}/${pod.spec?.initContainers?.length ?? 0}`;
  }
  return undefined;
}

function containerState(pod: Pod, initial: string): string {
  let reason = initial;
  let isRunning = false;
  for (const status of [...(pod.status?.containerStatuses ?? [])].reverse()) {
    const { waiting, terminated, running } = status.state ?? {};
    if (waiting?.reason) reason = waiting.reason;
    else if (terminated?.reason) reason = terminated.reason;
    else if (terminated) reason = terminated.signal ? `Signal:${terminated.signal}` : `ExitCode:${terminated.exitCode}`;
    else if (status.ready && running) isRunning = true;
  }
  // A finished container beside one that still runs: the pod runs.
  if (reason !== 'Completed' || !isRunning) return reason;
  return isPodReady(pod) ? 'Running' : 'NotReady';
}

function restarts(pod: Pod, now: number): string {
  const counted = isInitializing(pod) ? (pod.status?.initContainerStatuses ?? []) : countedStatuses(pod);
  const count = counted.reduce((sum, { restartCount }) => sum + restartCount, 0);
  const last = Math.max(...counted.map(({ lastState }) => parseTime(lastState?.terminated?.finishedAt) ?? 0), 0);
  return count > 0 && last > 0 ? `${count} (${humanDuration(now - last)} ago)` : String(count);
}

function openGates(pod: Pod): string {
  const gates = pod.spec?.readinessGates ?? [];
  if (gates.length === 0) return '<none>';
  return `${gates.filter(({ conditionType }) => isTrue(pod, conditionType)).length}/${gates.length}`;
}

/** A pod that has ended is told apart from one that runs, whatever its cells say. */
export function podRowConditions({ status }: Pod): readonly RowCondition[] {
  const completed = { type: 'Completed', status: 'True' } as const;
  if (status?.phase === 'Succeeded') {
    return [{ ...completed, reason: 'Succeeded', message: 'The pod has completed successfully.' }];
  }
  if (status?.phase === 'Failed') return [{ ...completed, reason: 'Failed', message: 'The pod failed.' }];
  return [];
}
