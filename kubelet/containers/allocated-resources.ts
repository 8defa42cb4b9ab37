/**
 * What a container was given when it was made. Running containers are not resized yet, so that is in force until the
 * pod is made anew, whatever its spec asks for meanwhile; the status says the one and the other. Pure.
 */

import { compareQuantities } from '../../api/quantity.ts';
import {
  attemptsOf,
  type ContainerSpec,
  containersOf,
  type ObservedPod,
  type PodContainer,
  type PodObject,
  statusOf,
} from '../model/pod.ts';
import { containerAnnotations } from './container-config.ts';

type Quantities = Readonly<Record<string, string>>;

export interface AllocatedResources {
  readonly limits?: Quantities;
  readonly requests?: Quantities;
}

export const resizePendingMessage =
  'The node does not resize running containers: what is asked for takes effect when the pod is made anew';

/** Of the newest attempt; of one that was not made yet, what it asks for. */
export function allocatedResourcesOf(
  container: PodContainer,
  pod: PodObject,
  observed: ObservedPod,
): AllocatedResources {
  const [newest] = attemptsOf(observed, container.spec.name);
  const kept = newest?.annotations[containerAnnotations.resources];
  // The kubelet itself wrote the annotation when it made the container.
  if (kept !== undefined) return JSON.parse(kept) as AllocatedResources;
  const known = statusOf(pod, container);
  return (newest && known?.containerID && known.resources) || resourcesOf(container.spec);
}

/** The container as it is to be made. */
export function withAllocatedResources(container: PodContainer, pod: PodObject, observed: ObservedPod): PodContainer {
  const resources = allocatedResourcesOf(container, pod, observed);
  return { ...container, spec: { ...container.spec, resources } };
}

/** Whether some container asks for something else than it has. */
export function isResizePending(pod: PodObject, observed: ObservedPod): boolean {
  return containersOf(pod).some((container) => {
    const [wanted, given] = [resourcesOf(container.spec), allocatedResourcesOf(container, pod, observed)];
    return differ(wanted.limits, given.limits) || differ(requestsOf(wanted), requestsOf(given));
  });
}

const resourcesOf = ({ resources }: ContainerSpec): AllocatedResources => resources ?? {};

/** A limit without a request is one as well. */
export const requestsOf = ({ limits = {}, requests = {} }: AllocatedResources): Quantities => ({
  ...limits,
  ...requests,
});

function differ(a: Quantities = {}, b: Quantities = {}): boolean {
  const names = new Set([...Object.keys(a), ...Object.keys(b)]);
  return [...names].some((name) => {
    const [one, other] = [a[name], b[name]];
    return one === undefined || other === undefined || compareQuantities(String(one), String(other)) !== 0;
  });
}
