/**
 * What containers were given of CPU and memory, which is in force until they are resized, whatever the pod's spec asks
 * for meanwhile. Containers are resized while they run, or made anew where they ask for that. Pure.
 */

import { hasPodLevelAmounts } from '../../api/pod-amounts.ts';
import { compareQuantities } from '../../api/quantity.ts';
import {
  type AllocatedResources,
  attemptsOf,
  type ContainerSpec,
  containersOf,
  type KnownContainer,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  runtimeIdOf,
  statusOf,
} from '../model/pod.ts';
import { containerAnnotations } from './container-config.ts';

/** Of the newest attempt; of one that was not made yet, what it asks for. */
export function allocatedResourcesOf(
  container: PodContainer,
  pod: PodObject,
  observed: ObservedPod,
): AllocatedResources {
  const [newest] = attemptsOf(observed, container.spec.name);
  if (newest === undefined) return resourcesOf(container.spec);
  return newest.resized ?? resizedBefore(container, pod, newest) ?? givenTo(newest) ?? resourcesOf(container.spec);
}

/** As the status has it of this very container: a kubelet before this one may have resized it. */
function resizedBefore(
  container: PodContainer,
  pod: PodObject,
  { id }: KnownContainer,
): AllocatedResources | undefined {
  const shown = statusOf(pod, container);
  return runtimeIdOf(shown?.containerID ?? '') === id ? shown?.resources : undefined;
}

/** The kubelet itself wrote the annotation when it made the container. */
function givenTo({ annotations }: KnownContainer): AllocatedResources | undefined {
  const kept = annotations[containerAnnotations.resources];
  return kept === undefined ? undefined : (JSON.parse(kept) as AllocatedResources);
}

/** The container as it is to be made. */
export function withAllocatedResources(container: PodContainer, pod: PodObject, observed: ObservedPod): PodContainer {
  const resources = allocatedResourcesOf(container, pod, observed);
  return { ...container, spec: { ...container.spec, resources } };
}

/** Of the pod as a whole, which was given `resized` last by this kubelet; undefined: it asks for nothing as a whole. */
export function allocatedPodResourcesOf(
  { spec, status }: PodObject,
  resized: AllocatedResources | undefined,
): AllocatedResources | undefined {
  if (spec === undefined || !hasPodLevelAmounts(spec)) return undefined;
  // A kubelet before this one may have given it something else than the spec says now.
  return resized ?? status?.resources ?? resourcesOf(spec);
}

/** The pod with what its containers and itself have now, whatever they ask for. */
export function withAllocated(
  pod: PodObject,
  observed: ObservedPod,
  resized: AllocatedResources | undefined,
): PodObject {
  const { spec } = pod;
  if (spec === undefined) return pod;
  const resources = allocatedPodResourcesOf(pod, resized);
  const given = new Map(
    containersOf(pod).map((one) => [one.spec.name, withAllocatedResources(one, pod, observed).spec.resources]),
  );
  const containerWith = <T extends ContainerSpec>(one: T): T => ({ ...one, resources: given.get(one.name) ?? {} });
  return {
    ...pod,
    spec: {
      ...spec,
      ...(resources && { resources }),
      containers: spec.containers.map(containerWith),
      ...(spec.initContainers && { initContainers: spec.initContainers.map(containerWith) }),
    },
  };
}

/** What the pod as a whole asks for and does not have; undefined: it has it. */
export function computePodResize(
  pod: PodObject,
  resized: AllocatedResources | undefined,
): AllocatedResources | undefined {
  const given = allocatedPodResourcesOf(pod, resized);
  if (given === undefined || pod.spec === undefined) return undefined;
  const wanted = resourcesOf(pod.spec);
  const changed = [
    ...changedNames(wanted.limits, given.limits),
    ...changedNames(requestsOf(wanted), requestsOf(given)),
  ];
  return changed.length === 0 ? undefined : wanted;
}

/** `observed`, with what its containers were given since they were made. */
export function withResized(observed: ObservedPod, resized: ReadonlyMap<string, AllocatedResources>): ObservedPod {
  if (resized.size === 0) return observed;
  const containers = observed.containers.map((one) => {
    const given = resized.get(one.id);
    return given === undefined ? one : { ...one, resized: given };
  });
  return { ...observed, containers };
}

export interface Resize {
  readonly container: PodContainer;
  readonly state: KnownContainer;
  readonly resources: AllocatedResources;
  /** It must be made anew for that. */
  readonly restarts: boolean;
}

/** The containers that ask for something else than they have. */
export function computeResizes(pod: PodObject, observed: ObservedPod): Resize[] {
  return containersOf(pod).flatMap((container) => {
    const [state] = attemptsOf(observed, container.spec.name);
    const [wanted, given] = [resourcesOf(container.spec), allocatedResourcesOf(container, pod, observed)];
    const changed = [
      ...changedNames(wanted.limits, given.limits),
      ...changedNames(requestsOf(wanted), requestsOf(given)),
    ];
    if (state === undefined || changed.length === 0) return [];
    const restarts = (container.spec.resizePolicy ?? []).some(
      ({ resourceName, restartPolicy }) => restartPolicy === 'RestartContainer' && changed.includes(resourceName),
    );
    return [{ container, state, resources: wanted, restarts: restarts && state.status.type === 'running' }];
  });
}

const resourcesOf = ({ resources }: Pick<ContainerSpec, 'resources'>): AllocatedResources => resources ?? {};

/** A limit without a request is one as well. */
export const requestsOf = ({ limits = {}, requests = {} }: AllocatedResources): Quantities => ({
  ...limits,
  ...requests,
});

function changedNames(a: Quantities = {}, b: Quantities = {}): string[] {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].filter((name) => {
    const [one, other] = [a[name], b[name]];
    return one === undefined || other === undefined || compareQuantities(String(one), String(other)) !== 0;
  });
}

type Quantities = Readonly<Record<string, string>>;
