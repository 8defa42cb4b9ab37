/** Ends one container: its preStop hook, then its stop signal, and what is left of the grace period. */

import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Recorder } from '../../client/event-recorder.ts';
import { runHook } from '../containers/lifecycle-hooks.ts';
import { eventSubject } from '../model/event-subject.ts';
import { containerOf, graceSecondsOf, type PodObject, sandboxOf } from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { Runtime } from '../runtime/runtime.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodAction } from './pod-actions.ts';
import type { PodRuntimeState } from './pod-runtime-state.ts';

export interface StopOptions {
  readonly runtime: Runtime;
  readonly observed: ObservedPods;
  readonly recorder: Recorder;
  readonly clock: Clock;
  readonly nodeIp: string;
  readonly userAgent: string;
}

export interface StopInput {
  readonly pod: PodObject;
  readonly known: PodRuntimeState;
  /** What it gets to end, in place of what the pod asks for. */
  readonly graceSeconds?: number;
}

/** Even a container whose hook used up all of the time gets this long for its SIGTERM. */
export const shortestGraceSeconds = 2;

export async function stopContainer(
  options: StopOptions,
  { id, name, reason }: Extract<PodAction, { type: 'stopContainer' }>,
  { pod, known, graceSeconds }: StopInput,
): Promise<void> {
  const { runtime, observed, recorder, clock } = options;
  const container = containerOf(pod, name);
  const message = stopMessage(name, reason, pod);
  recorder.record(eventSubject(pod, container), { type: 'Normal', reason: 'Killing', message });
  const graceMs = (graceSeconds ?? graceSecondsFor(pod, name, reason)) * 1000;
  const startedAt = clock.monotonic();
  let done = false;
  known.stopBegins(id);
  try {
    const hook = container?.spec.lifecycle?.preStop;
    if (container !== undefined && hook !== undefined && graceMs > 0) {
      const podIp = sandboxOf(observed.get(pod.metadata.uid))?.ip ?? options.nodeIp;
      const question = { container: container.spec, containerId: id, podIp, timeoutMs: graceMs };
      if (!(await runHook(hook, question, options)))
        recorder.record(eventSubject(pod, container), {
          type: 'Warning',
          reason: 'FailedPreStopHook',
          message: 'PreStopHook failed',
        });
    }
    const leftMs = graceMs - (clock.monotonic() - startedAt);
    await runtime.stop(id, hook === undefined ? graceMs / 1000 : Math.max(shortestGraceSeconds, leftMs / 1000));
    const state = await runtime.inspectContainer(id);
    if (state === undefined) observed.noteRemoved(pod.metadata.uid, id);
    else observed.noteContainer(state);
    done = true;
  } finally {
    known.stopEnds(id, { done });
  }
}

/** The grace period became shorter while these containers are ending. Does not wait for them. */
export function stopSooner(
  ids: Iterable<string>,
  graceSeconds: number,
  { runtime, logger }: { readonly runtime: Pick<Runtime, 'stop'>; readonly logger: Logger },
): void {
  for (const id of ids)
    runtime
      .stop(id, graceSeconds)
      .catch((error: unknown) => logger.warn('A container could not be stopped sooner', { error }));
}

function graceSecondsFor(pod: PodObject, name: string, reason: StopReason): number {
  const { livenessProbe, startupProbe } = containerOf(pod, name)?.spec ?? {};
  const own: Partial<Record<StopReason, number | undefined>> = {
    LivenessProbeFailed: livenessProbe?.terminationGracePeriodSeconds,
    StartupProbeFailed: startupProbe?.terminationGracePeriodSeconds,
  };
  return own[reason] ?? graceSecondsOf(pod);
}

function stopMessage(name: string, reason: StopReason, { spec }: PodObject): string {
  const willRestart = spec?.restartPolicy !== 'Never';
  switch (reason) {
    case 'DefinitionChanged':
      return `Container ${name} definition changed, will be restarted`;
    case 'LivenessProbeFailed':
      return willRestart ? `Container ${name} failed liveness probe, will be restarted` : `Stopping container ${name}`;
    case 'StartupProbeFailed':
      return willRestart ? `Container ${name} failed startup probe, will be restarted` : `Stopping container ${name}`;
    case 'ResizeNeedsRestart':
      return `Container ${name} resize requires restart`;
    case 'PostStartHookFailed':
      return 'FailedPostStartHook';
    case 'SandboxChanged':
    case 'PodEnds':
      return `Stopping container ${name}`;
  }
}
