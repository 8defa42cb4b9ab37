/**
 * Decides what is to be done next for one pod, from what it should be and what runs. Pure: `pod-sync.ts` does it,
 * then the world is looked at again. Nothing here remembers; everything is in the objects, in what was observed (with
 * what the status remembers, `remembered-containers.ts`) and in `PodContext`.
 */

import type { Resize } from '../containers/allocated-resources.ts';
import {
  type AllocatedResources,
  attemptsOf,
  containersOf,
  mayRestart,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  sandboxOf,
  specHashOf,
  statusOf,
} from '../model/pod.ts';
import type { StopReason } from '../model/stop-reason.ts';
import type { ContainerState, SandboxState } from '../runtime/runtime.ts';

export type PodAction =
  | { readonly type: 'createSandbox'; readonly attempt: number }
  /** Its process ends; what it was stays visible. */
  | { readonly type: 'stopSandbox'; readonly id: string }
  | { readonly type: 'removeSandbox'; readonly id: string }
  | { readonly type: 'startContainer'; readonly name: string; readonly attempt: number }
  | { readonly type: 'stopContainer'; readonly id: string; readonly name: string; readonly reason: StopReason }
  | { readonly type: 'removeContainer'; readonly id: string }
  /** It is given other amounts; `running`: while it runs. Otherwise its next attempt is made with them. */
  | {
      readonly type: 'resizeContainer';
      readonly id: string;
      readonly name: string;
      readonly resources: AllocatedResources;
      readonly running: boolean;
    }
  /** After its containers: the pod as a whole has what they have together, and `resources`, where it is to have others. */
  | { readonly type: 'resizePod'; readonly resources: AllocatedResources | undefined }
  /** What volumes show of the API is brought up to date. */
  | { readonly type: 'refreshVolumes' }
  /** The container waits until it may run again. */
  | ({ readonly type: 'backOff'; readonly name: string } & RestartWait);

/** How long a container that ended waits, what is left of that, and when (wall time in milliseconds) it is over. */
export interface RestartWait {
  readonly waitMs: number;
  readonly leftMs: number;
  readonly nextStartAt: number;
}

/** What the kubelet knows beside pod and runtime. */
export interface PodContext {
  /** Everything of it is to end. */
  readonly ending: boolean;
  /** Its containers are not told of its end yet, because requests may still come. */
  readonly draining?: boolean;
  /** Why a running container must end, by container id: a failed probe or hook. */
  readonly stopReasons: ReadonlyMap<string, StopReason>;
  /** Its volumes were made, by this kubelet or one before, and it is time to look at their contents again. */
  readonly volumesDue: boolean;
  /** What may be resized now. */
  readonly resizes: readonly Resize[];
  /** What the pod as a whole may be given now. */
  readonly podResize?: AllocatedResources | undefined;
  /** Whether a running container counts as started: its hook ran and its startup probe passed. */
  isStarted(containerId: string): boolean;
  /** Of a container that ended; nothing left: it may start. */
  backOffOf(state: ContainerState): RestartWait;
}

export function computePodActions(pod: PodObject, observed: ObservedPod, context: PodContext): PodAction[] {
  if (context.ending) return context.draining ? [] : computeEnding(pod, observed);
  const current = runningSandboxOf(observed);
  const starts = computeStarts(pod, observed, current, context);
  if (starts.finished) return computeEnding(pod, observed);
  return [
    ...removeOthers(observed, current),
    ...(current === undefined ? computeNewSandbox(observed, starts.actions) : starts.actions),
    ...computeGarbage(pod, observed),
    ...context.resizes.flatMap(resizeActions),
    ...computePodResizing(context),
    ...(context.volumesDue ? [{ type: 'refreshVolumes' } as const] : []),
  ];
}

/** Whether its containers ended by themselves and none will start again; sidecars and sandbox may still run. */
export function isFinished(pod: PodObject, observed: ObservedPod, context: PodContext): boolean {
  return computeStarts(pod, observed, runningSandboxOf(observed), context).finished;
}

export const nothingRuns = ({ containers, sandboxes }: ObservedPod): boolean =>
  containers.every(({ status }) => status.type !== 'running') && sandboxes.every(({ running }) => !running);

function runningSandboxOf(observed: ObservedPod): SandboxState | undefined {
  const sandbox = sandboxOf(observed);
  return sandbox?.running ? sandbox : undefined;
}

/**
 * The end, in steps: main and ephemeral containers together, then sidecars from the last to the first, then the
 * sandbox. Each step waits until the one before is over.
 */
function computeEnding(pod: PodObject, observed: ObservedPod): PodAction[] {
  const running = observed.containers.filter((one) => one.status.type === 'running');
  const sidecars = containersOf(pod).filter(({ sidecar }) => sidecar);
  const isSidecar = (state: ContainerState) => sidecars.some(({ spec }) => spec.name === state.name);
  const first = running.filter((state) => !isSidecar(state));
  const step = first.length > 0 ? first : lastOf(sidecars, running);
  if (step.length > 0) return step.map((state) => stopAction(state, 'PodEnds'));
  return observed.sandboxes.filter(({ running }) => running).map(({ id }) => ({ type: 'stopSandbox', id }));
}

function lastOf(sidecars: readonly PodContainer[], running: readonly ContainerState[]): ContainerState[] {
  const last = [...sidecars].reverse().find(({ spec }) => running.some(({ name }) => name === spec.name));
  return running.filter(({ name }) => name === last?.spec.name);
}

const stopAction = ({ id, name }: ContainerState, reason: StopReason): PodAction => ({
  type: 'stopContainer',
  id,
  name,
  reason,
});

/** Sandboxes that are not the current one have nothing to hold any more. */
function removeOthers({ sandboxes }: ObservedPod, current: SandboxState | undefined): PodAction[] {
  return sandboxes.filter(({ id }) => id !== current?.id).map(({ id }) => ({ type: 'removeSandbox', id }));
}

/** A new sandbox for what is to be started; containers of a dead one end first. */
function computeNewSandbox({ sandboxes, containers }: ObservedPod, starts: readonly PodAction[]): PodAction[] {
  const orphans = containers.filter(({ status }) => status.type === 'running');
  if (orphans.length > 0) return orphans.map((state) => stopAction(state, 'SandboxChanged'));
  if (!starts.some(({ type }) => type === 'startContainer')) return [...starts];
  const attempt = Math.max(-1, ...sandboxes.map((sandbox) => sandbox.attempt)) + 1;
  return [{ type: 'createSandbox', attempt }, ...starts];
}

function resizeActions({ container, state, resources, restarts }: Resize): PodAction[] {
  const { name } = container.spec;
  const running = state.status.type === 'running' && !restarts;
  const resize: PodAction = { type: 'resizeContainer', id: state.id, name, resources, running };
  return restarts ? [stopAction(state, 'ResizeNeedsRestart'), resize] : [resize];
}

function computePodResizing({ resizes, podResize }: PodContext): PodAction[] {
  return resizes.length > 0 || podResize !== undefined ? [{ type: 'resizePod', resources: podResize }] : [];
}

/** Of each container the present one and the one before are kept: for its last state and its previous log. */
function computeGarbage(pod: PodObject, observed: ObservedPod): PodAction[] {
  return containersOf(pod).flatMap(({ spec }) =>
    attemptsOf(observed, spec.name)
      .slice(2)
      .map(({ id }) => ({ type: 'removeContainer', id }) as const),
  );
}

interface Starts {
  readonly actions: readonly PodAction[];
  /** Nothing runs any more and nothing will. */
  readonly finished: boolean;
}

type ContainerVerdict =
  | { readonly type: 'act'; readonly action: PodAction }
  /** It is where it should be, for now. */
  | { readonly type: 'fine' }
  /** It ended for good. */
  | { readonly type: 'done'; readonly succeeded: boolean };

function computeStarts(
  pod: PodObject,
  observed: ObservedPod,
  current: SandboxState | undefined,
  context: PodContext,
): Starts {
  const judge = (container: PodContainer) => judgeContainer(container, { pod, observed, current, context });
  const all = containersOf(pod);
  const main = all.filter(({ kind }) => kind === 'main');
  const actions: PodAction[] = [];
  // Once a main container was made in this sandbox, the init containers had their turn.
  const initialized = observed.containers.some(({ kind, sandboxId }) => kind === 'main' && sandboxId === current?.id);
  const mains = main.map(judge);
  if (mains.every(({ type }) => type === 'done')) return { actions: [], finished: true };
  const plainInits = initialized ? [] : all.filter(({ kind, sidecar }) => kind === 'init' && !sidecar).map(judge);
  if (plainInits.some((verdict) => verdict.type === 'done' && !verdict.succeeded))
    return { actions: [], finished: true };

  for (const container of all.filter(({ kind }) => kind === 'init')) {
    if (initialized && !container.sidecar) continue;
    const verdict = judge(container);
    if (verdict.type === 'act') actions.push(verdict.action);
    if (initialized || verdict.type === 'done') continue;
    if (!container.sidecar || !hasStarted(container, observed, context)) return { actions, finished: false };
  }
  for (const verdict of mains) if (verdict.type === 'act') actions.push(verdict.action);
  for (const container of all.filter(({ kind }) => kind === 'ephemeral')) {
    const verdict = judge(container);
    if (current !== undefined && verdict.type === 'act') actions.push(verdict.action);
  }
  return { actions, finished: false };
}

function hasStarted({ spec }: PodContainer, observed: ObservedPod, context: PodContext): boolean {
  const attempts = attemptsOf(observed, spec.name);
  return attempts.some(({ id, status }) => status.type === 'running' && context.isStarted(id)) || attempts.length > 1;
}

interface Situation {
  readonly pod: PodObject;
  readonly observed: ObservedPod;
  readonly current: SandboxState | undefined;
  readonly context: PodContext;
}

function judgeContainer(container: PodContainer, { pod, observed, current, context }: Situation): ContainerVerdict {
  const [state] = attemptsOf(observed, container.spec.name);
  const start = (attempt: number): ContainerVerdict => ({
    type: 'act',
    action: { type: 'startContainer', name: container.spec.name, attempt },
  });
  if (state === undefined) return start(statusOf(pod, container)?.restartCount ?? 0);
  switch (state.status.type) {
    case 'created':
      // Left by a kubelet that died between creating and starting it.
      return start(state.attempt);
    case 'running':
      return judgeRunning(container, state, context);
    case 'exited': {
      const { exitCode } = state.status;
      const again = mayRestart(pod, container, exitCode);
      // What init containers prepared may have gone with the old sandbox.
      const repeat = container.kind === 'init' && exitCode === 0 && state.sandboxId !== current?.id;
      if (!again && !repeat) return { type: 'done', succeeded: exitCode === 0 };
      const wait = context.backOffOf(state);
      if (wait.leftMs > 0) return { type: 'act', action: { type: 'backOff', name: container.spec.name, ...wait } };
      return start(state.attempt + 1);
    }
  }
}

function judgeRunning(container: PodContainer, state: ContainerState, context: PodContext): ContainerVerdict {
  const stopReason = context.stopReasons.get(state.id);
  if (stopReason !== undefined) return { type: 'act', action: stopAction(state, stopReason) };
  if (container.kind !== 'ephemeral' && state.specHash !== specHashOf(container))
    return { type: 'act', action: stopAction(state, 'DefinitionChanged') };
  return { type: 'fine' };
}
