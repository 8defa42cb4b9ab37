/** What the kubelet asks of a pod object again and again: who it is, its containers in order, what may restart. Pure. */

import { createHash } from 'node:crypto';
import { configSourceAnnotation } from '../../api/labels.ts';
import { isSidecar } from '../../api/pods.ts';
import type {
  Container,
  ContainerRestartRule,
  ContainerStateTerminated,
  ContainerStatus,
  Pod,
} from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { ContainerKind, ContainerState, PodIdentity, SandboxState } from '../runtime/runtime.ts';

export type PodObject = Cached<Pod>;

export type ContainerSpec = DeepReadonly<Container>;

/** One container of a pod, with its place in it. */
export interface PodContainer {
  readonly spec: ContainerSpec;
  readonly kind: ContainerKind;
  /** An init container that goes on running beside the main ones. */
  readonly sidecar: boolean;
  /** For an ephemeral container that looks at another one. */
  readonly target?: string | undefined;
}

export function identityOf(pod: PodObject): PodIdentity {
  const { namespace = 'default', name, uid } = pod.metadata;
  return { namespace, name, uid };
}

/** As caches name it: `namespace/name`. */
export const keyOf = ({ metadata: { namespace = 'default', name } }: PodObject): string => `${namespace}/${name}`;

/** Whether the kubelet runs it by itself, from a file or URL. Only of pods as the kubelet sees them (`NodePods`). */
export function isStaticPod({ metadata }: PodObject): boolean {
  const source = metadata.annotations?.[configSourceAnnotation];
  return source === 'file' || source === 'http';
}

/** In the order in which they are started. */
export function containersOf(pod: PodObject): PodContainer[] {
  return [
    ...(pod.spec?.initContainers ?? []).map((spec) => ({ spec, kind: 'init', sidecar: isSidecar(spec) }) as const),
    ...(pod.spec?.containers ?? []).map((spec) => ({ spec, kind: 'main', sidecar: false }) as const),
    ...(pod.spec?.ephemeralContainers ?? []).map(
      (spec) => ({ spec, kind: 'ephemeral', sidecar: false, target: spec.targetContainerName || undefined }) as const,
    ),
  ];
}

export function containerOf(pod: PodObject, name: string): PodContainer | undefined {
  return containersOf(pod).find(({ spec }) => spec.name === name);
}

const listNames: Record<ContainerKind, string> = {
  init: 'initContainers',
  main: 'containers',
  ephemeral: 'ephemeralContainers',
};

/** What the API knows of one container of the pod: it outlives removed containers. */
export function statusOf(
  { status }: PodObject,
  { spec, kind }: Pick<PodContainer, 'spec' | 'kind'>,
): DeepReadonly<ContainerStatus> | undefined {
  const lists: Record<ContainerKind, readonly DeepReadonly<ContainerStatus>[] | undefined> = {
    init: status?.initContainerStatuses,
    main: status?.containerStatuses,
    ephemeral: status?.ephemeralContainerStatuses,
  };
  return lists[kind]?.find(({ name }) => name === spec.name);
}

/** A container's id as statuses show it: `docker://3f2a…`. */
export const containerIdOf = (runtimeName: string, id: string): string => `${runtimeName}://${id}`;

/** `docker://3f2a…` → `3f2a…`. */
export const runtimeIdOf = (containerId: string): string => containerId.replace(/^\w+:\/\//, '');

/** Where events point to: `spec.containers{web}`. */
export function fieldPathOf({ kind, spec }: Pick<PodContainer, 'kind' | 'spec'>): string {
  return `spec.${listNames[kind]}{${spec.name}}`;
}

/** What makes another container necessary when it changes while one runs: only the image may. */
export function specHashOf({ spec }: PodContainer): string {
  return createHash('sha256')
    .update(`${spec.name}\0${spec.image ?? ''}`)
    .digest('hex')
    .slice(0, 16);
}

/** Whether a container that ended with `exitCode` is to run again. */
export function mayRestart(pod: PodObject, { spec, kind, sidecar }: PodContainer, exitCode: number): boolean {
  if (kind === 'ephemeral') return false;
  if (sidecar) return true;
  if (spec.restartPolicyRules?.some((rule) => rule.action === 'Restart' && ruleMatches(rule, exitCode))) return true;
  const policy = spec.restartPolicy ?? pod.spec?.restartPolicy ?? 'Always';
  // An init container that succeeded has done its work.
  if (policy === 'Always') return kind === 'main' || exitCode !== 0;
  return policy === 'OnFailure' && exitCode !== 0;
}

function ruleMatches({ exitCodes }: DeepReadonly<ContainerRestartRule>, exitCode: number): boolean {
  const listed = exitCodes?.values?.includes(exitCode) ?? false;
  return exitCodes?.operator === 'In' ? listed : !listed;
}

export type Termination = DeepReadonly<ContainerStateTerminated>;

type Quantities = Readonly<Record<string, string>>;

/** Amounts that a container was given. */
export interface AllocatedResources {
  readonly limits?: Quantities;
  readonly requests?: Quantities;
}

/** A container of the runtime, or one that only the pod's status remembers, with its end as it is told there. */
export type KnownContainer = ContainerState & {
  readonly remembered?: Termination;
  /** What it was given since it was made. */
  readonly resized?: AllocatedResources;
};

/** What the runtime has of one pod. */
export interface ObservedPod {
  readonly sandboxes: readonly SandboxState[];
  readonly containers: readonly KnownContainer[];
}

/** On a container of a static pod: it is known without the pod. */
export const staticMark = 'static';

export const isMarkedStatic = ({ containers }: ObservedPod): boolean =>
  containers.some(({ annotations }) => annotations[staticMark] === 'true');

export const nothingObserved: ObservedPod = { sandboxes: [], containers: [] };

/** The newest that runs, else the newest. */
export function sandboxOf({ sandboxes }: ObservedPod): SandboxState | undefined {
  return [...sandboxes].sort((a, b) => Number(b.running) - Number(a.running) || b.attempt - a.attempt)[0];
}

/** All attempts at one container, the newest first. */
export function attemptsOf({ containers }: ObservedPod, name: string): KnownContainer[] {
  return containers.filter((one) => one.name === name).sort((a, b) => b.attempt - a.attempt);
}

export function graceSecondsOf(pod: PodObject): number {
  return pod.metadata.deletionGracePeriodSeconds ?? pod.spec?.terminationGracePeriodSeconds ?? 30;
}

export const usesNodeNetwork = (pod: PodObject): boolean => pod.spec?.hostNetwork === true;
