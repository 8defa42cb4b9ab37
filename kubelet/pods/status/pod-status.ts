/** The status of a pod, from what runs: phase, conditions, containers, addresses. Pure; `status-manager.ts` writes it. */

import { endsWhenCutOffCondition } from '../../../api/cut-off.ts';
import { isFinalPhase } from '../../../api/pods.ts';
import { formatTime, nilTime } from '../../../api/time.ts';
import type { ContainerStatus, PodCondition, PodStatus } from '../../../api/types/core/v1.ts';
import { allocatedPodResourcesOf } from '../../containers/allocated-resources.ts';
import { containerAnnotations } from '../../containers/container-config.ts';
import {
  type AllocatedResources,
  containersOf,
  mayRestart,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  sandboxOf,
  usesNodeNetwork,
} from '../../model/pod.ts';
import { type ContainerFacts, computeContainerStatus, computeResources } from './container-status.ts';

/** A condition of its own says it. */
export interface ResizeTrouble {
  readonly type: 'PodResizePending' | 'PodResizeInProgress';
  readonly reason: string;
  readonly message: string;
}

export interface StatusContext extends ContainerFacts {
  readonly nodeIp: string;
  /** Why the kubelet ended the pod: it has failed, whatever its containers say. */
  readonly failure?:
    | { readonly reason: string; readonly message: string; readonly disruption?: string | undefined }
    | undefined;
  /** Why the pod does not have the resources that it asks for. */
  readonly resizeTrouble?: ResizeTrouble | undefined;
  /** What the pod as a whole was given by this kubelet. */
  readonly podResources?: AllocatedResources | undefined;
  /** It ends, or has ended: nothing new of it will start. */
  readonly ending: boolean;
  /** Nothing of it runs any more and nothing will. */
  readonly over: boolean;
  /** Wall time in milliseconds. */
  readonly now: number;
}

/** The conditions that the kubelet writes; all others are somebody else's. */
export const ownConditionTypes: ReadonlySet<string> = new Set([
  'PodReadyToStartContainers',
  'Initialized',
  'Ready',
  'ContainersReady',
  'PodScheduled',
  'PodResizePending',
  'PodResizeInProgress',
  endsWhenCutOffCondition,
]);

const phases = ['Pending', 'Running', 'Succeeded', 'Failed'] as const;
type Phase = (typeof phases)[number];

interface ContainerWithStatus {
  readonly container: PodContainer;
  readonly status: ContainerStatus;
}

export function computePodStatus(pod: PodObject, observed: ObservedPod, facts: StatusContext): PodStatus {
  // The containers of a sandbox that ended are out of reach, also while they are not yet known to have ended.
  const reachable = sandboxOf(observed)?.running ?? false;
  const context = { ...facts, isReady: (id: string) => reachable && facts.isReady(id) };
  const initializing = new Map(context.waiting);
  const first = computeContainers(pod, observed, context);
  if (!isInitialized(first)) {
    for (const { container, status } of first) {
      const { name } = container.spec;
      const isNext = container.kind === 'main' || (container.kind === 'init' && status.containerID === undefined);
      if (isNext && !initializing.has(name) && hasPlainInit(pod)) initializing.set(name, { reason: 'PodInitializing' });
    }
  }
  const containers = computeContainers(pod, observed, { ...context, waiting: initializing });
  const phase = computePhase(pod, containers, context);
  const generation = pod.metadata.generation;
  const of = (kind: PodContainer['kind']) =>
    containers.filter(({ container }) => container.kind === kind).map(({ status }) => status);
  const [init, main, ephemeral] = [of('init'), of('main'), of('ephemeral')];
  return {
    ...(generation !== undefined && { observedGeneration: generation }),
    phase,
    ...(context.failure && { reason: context.failure.reason, message: context.failure.message }),
    ...(pod.status?.qosClass !== undefined && { qosClass: pod.status.qosClass }),
    hostIP: context.nodeIp,
    hostIPs: [{ ip: context.nodeIp }],
    ...computeAddresses(pod, observed, context),
    startTime: pod.status?.startTime ?? formatTime(context.now),
    ...computePodResources(pod, context),
    conditions: computeConditions(pod, observed, { containers, phase, context }),
    ...(init.length > 0 && { initContainerStatuses: init }),
    ...(main.length > 0 && { containerStatuses: main }),
    ...(ephemeral.length > 0 && { ephemeralContainerStatuses: ephemeral }),
  };
}

/** What is in force for the pod as a whole, where it asks for something as a whole. */
function computePodResources(
  pod: PodObject,
  { podResources }: StatusContext,
): Pick<PodStatus, 'resources' | 'allocatedResources'> {
  const allocated = allocatedPodResourcesOf(pod, podResources);
  return allocated === undefined ? {} : computeResources(allocated);
}

/** A pod that the kubelet does not take has a phase and a reason, nothing else. */
export function computeRejectedStatus(
  pod: PodObject,
  { reason, message, now }: { readonly reason: string; readonly message: string; readonly now: number },
): PodStatus {
  return {
    ...(pod.metadata.generation !== undefined && { observedGeneration: pod.metadata.generation }),
    phase: 'Failed',
    reason,
    message: `Pod was rejected: ${message}`,
    ...(pod.status?.qosClass !== undefined && { qosClass: pod.status.qosClass }),
    startTime: pod.status?.startTime ?? formatTime(now),
  };
}

function computeContainers(pod: PodObject, observed: ObservedPod, facts: ContainerFacts): ContainerWithStatus[] {
  return containersOf(pod)
    .filter(
      ({ kind, spec }) =>
        kind !== 'ephemeral' || !facts.ended || observed.containers.some(({ name }) => name === spec.name),
    )
    .map((container) => ({ container, status: computeContainerStatus(container, pod, observed, facts) }));
}

const hasPlainInit = (pod: PodObject): boolean => (pod.spec?.initContainers ?? []).length > 0;

/** Init containers that keep the main ones from starting. */
function incompleteInits(containers: readonly ContainerWithStatus[]): string[] {
  return containers
    .filter(({ container }) => container.kind === 'init')
    .filter(({ container, status }) => (container.sidecar ? !status.started : status.state?.terminated?.exitCode !== 0))
    .map(({ status }) => status.name);
}

function isInitialized(containers: readonly ContainerWithStatus[]): boolean {
  const mainWasMade = containers.some(
    ({ container, status }) => container.kind === 'main' && status.containerID !== undefined,
  );
  return mainWasMade || incompleteInits(containers).length === 0;
}

function computePhase(
  pod: PodObject,
  containers: readonly ContainerWithStatus[],
  { failure, over, ended }: StatusContext,
): Phase {
  const before = pod.status?.phase;
  if (isFinalPhase(before)) return before;
  if (failure !== undefined) return over ? 'Failed' : (phases.find((phase) => phase === before) ?? 'Pending');
  const main = containers.filter(({ container }) => container.kind === 'main');
  const exits = main.map(({ status }) => status.state?.terminated?.exitCode);
  const inits = containers.filter(({ container }) => container.kind === 'init' && !container.sidecar);
  const initFailed = inits.some(({ container, status }) => {
    const code = status.state?.terminated?.exitCode;
    return code !== undefined && code !== 0 && (ended || !mayRestart(pod, container, code));
  });
  if (over) return !initFailed && exits.every((code) => code === 0) ? 'Succeeded' : 'Failed';
  if (!isInitialized(containers)) return 'Pending';
  const neverRan = main.some(
    ({ status }) => status.state?.waiting !== undefined && status.lastState?.terminated === undefined,
  );
  return neverRan ? 'Pending' : 'Running';
}

/** The address of a sandbox that ended may be another pod's by now; only a pod that ends keeps its last one. */
function computeAddresses(
  pod: PodObject,
  observed: ObservedPod,
  { nodeIp, ending }: StatusContext,
): Pick<PodStatus, 'podIP' | 'podIPs'> {
  const sandbox = sandboxOf(observed);
  const own = usesNodeNetwork(pod) ? nodeIp : sandbox?.ip;
  const last = ending || usesNodeNetwork(pod) ? pod.status?.podIP : undefined;
  const hasOwn = sandbox !== undefined && (sandbox.running || usesNodeNetwork(pod));
  const ip = (hasOwn ? own : undefined) ?? last;
  return ip === undefined ? {} : { podIP: ip, podIPs: [{ ip }] };
}

interface ConditionInput {
  readonly containers: readonly ContainerWithStatus[];
  readonly phase: Phase;
  readonly context: StatusContext;
}

type ConditionVerdict = Pick<PodCondition, 'status'> & Partial<Pick<PodCondition, 'reason' | 'message'>>;
const yes: ConditionVerdict = { status: 'True' };

function computeConditions(pod: PodObject, observed: ObservedPod, input: ConditionInput): PodCondition[] {
  const ready = computeContainersReady(input);
  const verdicts: Record<string, ConditionVerdict> = {
    PodReadyToStartContainers: { status: sandboxOf(observed)?.running ? 'True' : 'False' },
    Initialized: computeInitialized(input),
    Ready: computeReady(pod, ready),
    ContainersReady: ready,
    PodScheduled: yes,
  };
  const { resizeTrouble, failure } = input.context;
  if (failure?.disruption !== undefined)
    verdicts.DisruptionTarget = { status: 'True', reason: 'TerminationByKubelet', message: failure.disruption };
  if (resizeTrouble !== undefined && !isFinalPhase(input.phase))
    verdicts[resizeTrouble.type] = { status: 'True', reason: resizeTrouble.reason, message: resizeTrouble.message };
  if (endsByItself(observed) && !isFinalPhase(input.phase)) verdicts[endsWhenCutOffCondition] = yes;
  return Object.entries(verdicts).map(([type, verdict]) => condition(pod, type, verdict, input.context.now));
}

/** All that runs of it was made to end when the node is cut off. */
function endsByItself({ containers }: ObservedPod): boolean {
  const running = containers.filter(({ status }) => status.type === 'running');
  return (
    running.length > 0 &&
    running.every(({ annotations }) => annotations[containerAnnotations.endsWhenCutOff] === 'true')
  );
}

function condition(pod: PodObject, type: string, verdict: ConditionVerdict, now: number): PodCondition {
  const before = pod.status?.conditions?.find((one) => one.type === type);
  const since = before?.status === verdict.status ? before.lastTransitionTime : undefined;
  return {
    type,
    ...verdict,
    ...observedOf(pod),
    lastProbeTime: nilTime,
    lastTransitionTime: since ?? formatTime(now),
  };
}

const observedOf = ({ metadata }: PodObject): Pick<PodCondition, 'observedGeneration'> =>
  metadata.generation === undefined ? {} : { observedGeneration: metadata.generation };

function computeInitialized({ containers, phase }: ConditionInput): ConditionVerdict {
  if (phase === 'Succeeded') return { status: 'True', reason: 'PodCompleted' };
  if (isInitialized(containers)) return yes;
  const incomplete = incompleteInits(containers);
  return {
    status: 'False',
    reason: 'ContainersNotInitialized',
    message: `containers with incomplete status: [${incomplete.join(' ')}]`,
  };
}

function computeContainersReady({ containers, phase }: ConditionInput): ConditionVerdict {
  if (phase === 'Succeeded') return { status: 'False', reason: 'PodCompleted' };
  if (phase === 'Failed') return { status: 'False', reason: 'PodFailed' };
  const counted = containers.filter(({ container }) => container.kind === 'main' || container.sidecar);
  const unready = counted.filter(({ status }) => !status.ready).map(({ status }) => status.name);
  if (unready.length === 0) return yes;
  return {
    status: 'False',
    reason: 'ContainersNotReady',
    message: `containers with unready status: [${unready.join(' ')}]`,
  };
}

function computeReady(pod: PodObject, containersReady: ConditionVerdict): ConditionVerdict {
  if (containersReady.status !== 'True') return containersReady;
  const missing = (pod.spec?.readinessGates ?? []).flatMap(({ conditionType }) => {
    const found = pod.status?.conditions?.find(({ type }) => type === conditionType);
    if (found?.status === 'True') return [];
    return [
      found === undefined
        ? `corresponding condition of pod readiness gate "${conditionType}" does not exist.`
        : `the status of pod readiness gate "${conditionType}" is not "True", but ${found.status}`,
    ];
  });
  return missing.length === 0
    ? yes
    : { status: 'False', reason: 'ReadinessGatesNotReady', message: missing.join(', ') };
}
