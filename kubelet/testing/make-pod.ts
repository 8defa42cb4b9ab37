/** Pods, and what a runtime has of them, for tests of pure functions: a test names what is not as usual, no more. */

import type { Container, ContainerStatus } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { containerOf, type ObservedPod, type PodContainer, type PodObject, specHashOf } from '../model/pod.ts';
import type { ContainerRunState, ContainerState, PodIdentity, SandboxState } from '../runtime/runtime.ts';

export type PodSpec = NonNullable<PodObject['spec']>;

/** Usual: pod `default/p` with one container `a`. */
export function makePod(spec: Partial<PodSpec> = {}, rest: Partial<Pick<PodObject, 'metadata' | 'status'>> = {}) {
  return {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: { ...identity, resourceVersion: '1', creationTimestamp: '', ...rest.metadata },
    spec: { containers: [{ name: 'a', image: 'i' }], restartPolicy: 'Always', ...spec },
    ...(rest.status && { status: rest.status }),
  } satisfies PodObject;
}

const identity: PodIdentity = { namespace: 'default', name: 'p', uid: 'u' };

/** One of the pod's containers, which must be there. */
export function containerIn(pod: PodObject, name = 'a'): PodContainer {
  const found = containerOf(pod, name);
  if (found === undefined) throw new Error(`The pod has no container ${name}`);
  return found;
}

/** A container of a pod that has no other, as its spec says it. */
export const podOf = (container: DeepReadonly<Partial<Container>>, spec: Partial<PodSpec> = {}): PodObject =>
  makePod({ containers: [{ name: 'a', image: 'i', ...container }], ...spec });

/** Usual: it runs, in its first attempt. */
export function makeSandbox(rest: Partial<SandboxState> = {}): SandboxState {
  return { id: 'sandbox', pod: identity, attempt: 0, running: true, createdAt: 0, ip: '10.0.0.7', ...rest };
}

/** An attempt at one of the pod's containers. */
export function makeContainer(
  pod: PodObject,
  status: ContainerRunState,
  { name = 'a', attempt = 0, ...rest }: Partial<ContainerState> = {},
): ContainerState {
  const container = containerIn(pod, name);
  return {
    id: `${name}-${attempt}`,
    pod: identity,
    name,
    kind: container.kind,
    attempt,
    specHash: specHashOf(container),
    sandboxId: 'sandbox',
    imageName: container.spec.image ?? '',
    imageId: 'docker://sha256:i',
    annotations: {},
    createdAt: 0,
    status,
    ...rest,
  };
}

/** What runs of the pod, in a sandbox that runs. */
export const observedWith = (...containers: readonly ContainerState[]): ObservedPod => ({
  sandboxes: [makeSandbox()],
  containers,
});

export const running: ContainerRunState = { type: 'running', startedAt: Date.UTC(2030, 0, 1) };

export const exited = (exitCode: number): ContainerRunState => ({
  type: 'exited',
  exitCode,
  startedAt: Date.UTC(2030, 0, 1),
  finishedAt: Date.UTC(2030, 0, 1, 0, 0, 5),
  outOfMemory: false,
});

/** As the API shows a container. Usual: it was never made. */
export function makeContainerStatus(rest: Partial<ContainerStatus> = {}): ContainerStatus {
  return { name: 'a', image: 'i', imageID: '', ready: false, restartCount: 0, ...rest };
}
