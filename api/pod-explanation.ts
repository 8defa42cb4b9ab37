/**
 * Why a pod is not what its owner wants: not placed, not started, not ready, not gone. From the pod alone; pure. What
 * `pods/<name>/why` answers with, and what kubecfg adds events and logs to.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import type { Stored } from './object.ts';
import { helpForImage, helpForStart } from './pod-help.ts';
import { isPodFinished, isPodTerminating } from './pods.ts';
import { diagnosisAnnotation, parseSchedulingDiagnosis, type SchedulingDiagnosis } from './scheduling-diagnosis.ts';
import type { ContainerStatus, Pod } from './types/core/v1.ts';

type PodView = DeepReadonly<Stored<Pod>>;
type ContainerView = DeepReadonly<ContainerStatus>;

export type CauseType =
  | 'deletion'
  | 'gate'
  | 'scheduling'
  | 'image'
  | 'configuration'
  | 'volume'
  | 'creation'
  | 'crash'
  | 'probe'
  | 'node'
  | 'pod';

export interface Cause {
  readonly type: CauseType;
  /** One sentence. */
  readonly message: string;
  /** What would help, if that is known. */
  readonly help?: readonly string[];
  /** Of which container it tells. */
  readonly container?: string;
  /** The container ended before: its last log lines tell more. */
  readonly previous?: boolean;
}

export interface PodExplanation {
  readonly apiVersion: 'longshore.dev/v1';
  readonly kind: 'PodExplanation';
  readonly metadata: { readonly namespace: string; readonly name: string; readonly uid: string };
  readonly phase: string;
  /** None: nothing is wrong, as far as the pod tells. */
  readonly causes: readonly Cause[];
  /** While it fits on no node. */
  readonly scheduling?: SchedulingDiagnosis;
}

export function explainPod(pod: PodView): PodExplanation {
  const { namespace = '', name, uid } = pod.metadata;
  const scheduling = pod.spec?.nodeName
    ? undefined
    : parseSchedulingDiagnosis(pod.metadata.annotations?.[diagnosisAnnotation]);
  return {
    ...{ apiVersion: 'longshore.dev/v1', kind: 'PodExplanation', metadata: { namespace, name, uid } },
    phase: pod.status?.phase ?? 'Unknown',
    causes: causesOf(pod, scheduling),
    ...(scheduling && { scheduling }),
  };
}

function causesOf(pod: PodView, scheduling: SchedulingDiagnosis | undefined): readonly Cause[] {
  const deletion = isPodTerminating(pod) ? [explainDeletion(pod)] : [];
  if (pod.status?.phase === 'Succeeded') return deletion;
  if (pod.status?.phase === 'Failed') return [...deletion, ...explainFailure(pod)];
  if (!pod.spec?.nodeName) return [...deletion, ...explainUnplaced(pod, scheduling)];
  const nodeLost = explainNode(pod);
  const containers = statusesOf(pod.status).flatMap((status) => explainContainer(pod, status));
  const causes = [...deletion, ...nodeLost, ...containers];
  return causes.length > 0 ? causes : explainConditions(pod);
}

function explainDeletion(pod: PodView): Cause {
  const { deletionTimestamp = '', finalizers = [] } = pod.metadata;
  const since = `Its deletion was asked for; its time is over at ${deletionTimestamp}`;
  const runs = pod.spec?.nodeName && !isPodFinished(pod);
  const waits = [
    ...(runs ? [`the kubelet of ${pod.spec?.nodeName} to end its containers`] : []),
    ...finalizers.map((finalizer) => `the finalizer ${finalizer} to be removed by whoever set it`),
  ];
  const help = runs ? ['If the node is gone for good, delete the Node: its pods go with it'] : [];
  const message = waits.length === 0 ? `${since}.` : `${since}. It waits for ${waits.join(', and for ')}.`;
  return { type: 'deletion', message, ...(help.length > 0 && { help }) };
}

function explainFailure({ status }: PodView): readonly Cause[] {
  if (status?.reason || status?.message)
    return [{ type: 'pod', message: `The pod failed: ${[status.reason, status.message].filter(Boolean).join(': ')}` }];
  const ended = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  const failed = ended.filter(({ state }) => (state?.terminated?.exitCode ?? 0) !== 0);
  return failed.map(({ name, state }) => ({
    ...{ type: 'crash', container: name, previous: false },
    message: `The container ${name} ended: ${endText(state?.terminated)}; the pod's restartPolicy does not start it again.`,
  }));
}

function explainUnplaced(pod: PodView, scheduling: SchedulingDiagnosis | undefined): readonly Cause[] {
  const gates = (pod.spec?.schedulingGates ?? []).map(({ name }) => name);
  if (gates.length > 0) {
    const message = `Scheduling gates hold it back: ${gates.join(', ')}.`;
    return [{ type: 'gate', message, help: ['whoever set a gate removes it from spec.schedulingGates'] }];
  }
  const scheduler = pod.spec?.schedulerName ?? 'default-scheduler';
  const condition = pod.status?.conditions?.find(({ type }) => type === 'PodScheduled');
  if (condition?.status !== 'False') {
    const message = `No scheduler has decided on it yet; it is for ${scheduler}.`;
    return [{ type: 'scheduling', message, help: [`see whether a scheduler runs that has a profile ${scheduler}`] }];
  }
  const help = (scheduling?.nearest ?? []).map(({ node, steps }) => `${node}: ${steps.join('; ')}`);
  const nominated = pod.status?.nominatedNodeName;
  const room = nominated ? ` Room is being made for it on ${nominated}.` : '';
  const message = `${condition.message ?? condition.reason ?? 'It fits on no node.'}${room}`;
  return [{ type: 'scheduling', message, ...(help.length > 0 && { help }) }];
}

/** Its kubelet is not heard of, or has refused it. */
function explainNode({ spec, status }: PodView): readonly Cause[] {
  const ready = status?.conditions?.find(({ type }) => type === 'Ready');
  const disrupted = status?.conditions?.find(({ type, status: is }) => type === 'DisruptionTarget' && is === 'True');
  const causes: Cause[] = [];
  if (disrupted !== undefined)
    causes.push({ type: 'node', message: `It is to leave its node: ${disrupted.message || disrupted.reason || ''}` });
  if (status?.reason === 'NodeLost' || ready?.reason === 'NodeStatusUnknown' || ready?.status === 'Unknown')
    causes.push({ type: 'node', message: `Nothing is heard of its node ${spec?.nodeName}.` });
  return causes;
}

function statusesOf(status: PodView['status']): readonly ContainerView[] {
  return [
    ...(status?.initContainerStatuses ?? []),
    ...(status?.containerStatuses ?? []),
    ...(status?.ephemeralContainerStatuses ?? []),
  ];
}

const imageReasons: ReadonlySet<string> = new Set([
  ...['ErrImagePull', 'ImagePullBackOff', 'InvalidImageName', 'ErrImageNeverPull', 'ImageInspectError'],
  ...['RegistryUnavailable', 'SignatureValidationFailed'],
]);
const configurationReasons: ReadonlySet<string> = new Set([
  ...['CreateContainerConfigError', 'CreateContainerError', 'RunContainerError', 'PreStartHookError'],
  ...['PostStartHookError', 'PreCreateHookError'],
]);
const patient: ReadonlySet<string> = new Set(['ContainerCreating', 'PodInitializing', '']);

function explainContainer(pod: PodView, status: ContainerView): readonly Cause[] {
  const { waiting, running, terminated } = status.state ?? {};
  if (waiting !== undefined) return explainWaiting(status);
  if (running !== undefined) return isPodTerminating(pod) ? [] : explainRunning(pod, status);
  if (terminated === undefined || terminated.exitCode === 0) return [];
  const message = `The container ${status.name} ended: ${endText(terminated)}.`;
  return [{ type: 'crash', container: status.name, previous: false, message }];
}

function explainWaiting(status: ContainerView): readonly Cause[] {
  const { name, image } = status;
  const { reason = '', message: said = '' } = status.state?.waiting ?? {};
  const end = status.lastState?.terminated;
  if (imageReasons.has(reason))
    return [
      {
        ...{ type: 'image', container: name, ...helpForImage(said) },
        message: `The image ${image} of ${name} cannot be used: ${said || reason}`,
      },
    ];
  if (reason === 'CrashLoopBackOff' || (patient.has(reason) && end !== undefined && end.exitCode !== 0)) {
    const times = `it was restarted ${status.restartCount} times and is started again after a wait`;
    const message = `The container ${name} keeps ending: ${endText(end)}; ${times}.`;
    return [{ type: 'crash', container: name, previous: true, message, ...helpForEnd(end) }];
  }
  if (configurationReasons.has(reason))
    return [
      {
        ...{ type: 'configuration', container: name, ...helpForStart(said) },
        message: `The container ${name} cannot be made: ${said || reason}`,
      },
    ];
  if (patient.has(reason)) return [];
  return [
    {
      type: 'creation',
      container: name,
      message: `The container ${name} waits: ${[reason, said].filter(Boolean).join(': ')}`,
    },
  ];
}

function explainRunning(
  { spec }: PodView,
  { name, ready, started, restartCount, lastState }: ContainerView,
): readonly Cause[] {
  const container = [...(spec?.initContainers ?? []), ...(spec?.containers ?? [])].find((one) => one.name === name);
  const crashed =
    restartCount > 0 && lastState?.terminated !== undefined
      ? ` It ended before: ${endText(lastState.terminated)}.`
      : '';
  const about = { container: name, previous: crashed !== '' };
  if (started === false && container?.startupProbe !== undefined)
    return [
      {
        type: 'probe',
        ...about,
        message: `The container ${name} runs, and its startup probe has not succeeded yet.${crashed}`,
      },
    ];
  if (ready || container?.readinessProbe === undefined) return [];
  return [{ type: 'probe', ...about, message: `The container ${name} runs, and its readiness probe fails.${crashed}` }];
}

/** When no container tells: what the conditions say. */
function explainConditions({ spec, status }: PodView): readonly Cause[] {
  const conditionOf = (type: string) => status?.conditions?.find((one) => one.type === type);
  const gates = (spec?.readinessGates ?? [])
    .map(({ conditionType }) => conditionType)
    .filter((type) => conditionOf(type)?.status !== 'True');
  if (gates.length > 0) return [{ type: 'probe', message: `Its readiness gates are not met: ${gates.join(', ')}.` }];
  const statuses = statusesOf(status);
  const waiting = statuses.filter(({ state }) => state?.waiting !== undefined).map(({ name }) => name);
  if (waiting.length === 0 && statuses.length > 0) return [];
  const message =
    statuses.length === 0
      ? `The kubelet of ${spec?.nodeName} has not reported on it yet.`
      : `Its containers are being made: ${waiting.join(', ')}. The kubelet pulls images and sets up volumes first.`;
  return [{ type: statuses.length === 0 ? 'node' : 'creation', message }];
}

type End = NonNullable<ContainerView['state']>['terminated'];

function endText(end: End): string {
  if (end === undefined) return 'for a reason that is not known any more';
  const { exitCode, signal, reason, message } = end;
  const how = signal ? `signal ${signal}` : `exit code ${exitCode}`;
  const why = reason && reason !== 'Error' && reason !== 'Completed' ? ` (${reason})` : '';
  return `${how}${why}${message ? `: ${message.trim()}` : ''}`;
}

function helpForEnd(end: End): Pick<Cause, 'help'> {
  if (end?.reason === 'OOMKilled') return { help: ['raise the memory limit of the container, or let it use less'] };
  if (end?.exitCode === 127) return { help: ['the command was not found in the image'] };
  if (end?.exitCode === 126) return { help: ['the command may not be executed'] };
  return end?.reason === 'StartError' ? helpForStart(end.message ?? '') : {};
}
