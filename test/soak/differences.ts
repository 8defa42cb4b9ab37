/** What was asked for against what is there, before a kill against after it. Pure: the judge of a soak. */

import { infraName, type Observation, type ObservedContainer, type ObservedPod } from './observation.ts';

/** What the API server has acknowledged. */
export interface Asked {
  /** Names of the pods that belong to no controller. */
  readonly pods: ReadonlySet<string>;
  readonly replicas: ReadonlyMap<string, number>;
  /** The controller whose pods the Service sends to. */
  readonly served: string;
}

/** What a kill may have ended; all else is to go on as if nothing had happened. */
export interface Struck {
  /** Pods of which every container may have ended: `all` of them, or those of these uids. */
  readonly pods: 'all' | ReadonlySet<string>;
  /** Engine's ids of single containers. */
  readonly containers: ReadonlySet<string>;
}

export const nothingStruck: Struck = { pods: new Set(), containers: new Set() };

/** Sentences, one for each; none: settled. */
export function computeDifferences(asked: Asked, observed: Observation): string[] {
  return [
    ...(observed.isNodeReady ? [] : ['the node is not Ready']),
    ...[...asked.pods]
      .filter((name) => !observed.pods.some((pod) => pod.name === name))
      .map((name) => `lost: pod ${name}`),
    ...observed.pods.filter((pod) => !isAsked(asked, pod)).map(({ name }) => `nobody asked for pod ${name}`),
    ...[...asked.replicas].flatMap(([controller, wanted]) => computeReplicaDifferences(observed, controller, wanted)),
    ...observed.pods.flatMap((pod) => computePodDifferences(pod, observed.containers)),
    ...observed.containers
      .filter(({ podUid }) => !observed.pods.some(({ uid }) => uid === podUid))
      .map(({ name, podName, isRunning }) => `orphan: ${name} of ${podName}, ${isRunning ? 'running' : 'ended'}`),
    ...computeEndpointDifferences(asked, observed),
  ];
}

const isAsked = (asked: Asked, { name, controller }: ObservedPod): boolean =>
  controller === undefined ? asked.pods.has(name) : asked.replicas.has(controller);

function computeReplicaDifferences(observed: Observation, controller: string, wanted: number): string[] {
  const count = observed.pods.filter((pod) => pod.controller === controller).length;
  const ready = observed.readyReplicas.get(controller);
  if (ready === undefined) return [`lost: replication controller ${controller}`];
  return [
    ...(count === wanted ? [] : [`${controller} has ${count} pods instead of ${wanted}`]),
    ...(ready === wanted ? [] : [`${controller} counts ${ready} ready pods instead of ${wanted}`]),
  ];
}

function computePodDifferences(pod: ObservedPod, containers: readonly ObservedContainer[]): string[] {
  const { name, phase, isReady, isTerminating } = pod;
  if (isTerminating) return [`pod ${name} is terminating`];
  if (phase !== 'Running' || !isReady) return [`pod ${name} is ${phase}, ${isReady ? '' : 'not '}ready`];
  const running = containers.filter(({ podUid, isRunning }) => podUid === pod.uid && isRunning);
  const idsOf = (container: string) => running.filter((one) => one.name === container).map(({ id }) => id);
  return [
    ...computeContainerDifferences(`${infraName} of ${name}`, idsOf(infraName), undefined),
    ...pod.containers.flatMap((status) =>
      computeContainerDifferences(`${status.name} of ${name}`, idsOf(status.name), status.id),
    ),
  ];
}

/** `reported` is what the pod's status says, where it does. */
function computeContainerDifferences(what: string, ids: readonly string[], reported: string | undefined): string[] {
  if (ids.length === 0) return [`${what} does not run`];
  if (ids.length > 1) return [`doubled: ${what} runs ${ids.length} times`];
  return reported === undefined || reported === ids[0] ? [] : [`the status of ${what} names a container that is gone`];
}

function computeEndpointDifferences({ served }: Asked, observed: Observation): string[] {
  const wanted = observed.pods
    .filter(({ controller, isReady }) => controller === served && isReady)
    .map(({ address = '' }) => address)
    .sort();
  const found = [...observed.endpoints].sort();
  return wanted.join() === found.join()
    ? []
    : [`the Service sends to ${found.join(', ')} instead of ${wanted.join(', ')}`];
}

/** What happened to pods that were there before and are there still, beyond what was struck. */
export function computeDisturbances(before: Observation, after: Observation, struck: Struck): string[] {
  return before.pods.flatMap((pod) => {
    const later = after.pods.find(({ uid }) => uid === pod.uid);
    return later === undefined ? [] : comparePod(pod, later, struck);
  });
}

function comparePod(before: ObservedPod, after: ObservedPod, struck: Struck): string[] {
  const isStruck = struck.pods === 'all' || struck.pods.has(before.uid);
  const isHurt = isStruck || before.containers.some(({ id }) => id !== undefined && struck.containers.has(id));
  const readiness =
    isHurt || before.readySince === after.readySince
      ? []
      : [`the readiness of ${before.name} changed at ${after.readySince}`];
  const restarts = before.containers.flatMap(({ name, id = '', restartCount }) => {
    const later = after.containers.find((one) => one.name === name);
    const allowed = isStruck || struck.containers.has(id) ? 1 : 0;
    const restarted = (later?.restartCount ?? 0) - restartCount;
    if (restarted < 0)
      return [`${name} of ${before.name} forgot its restarts: ${later?.restartCount} after ${restartCount}`];
    if (restarted > allowed)
      return [`${name} of ${before.name} was restarted ${restarted} times instead of ${allowed}`];
    return allowed === 0 && later?.id !== id ? [`${name} of ${before.name} was replaced by another container`] : [];
  });
  return [...readiness, ...restarts];
}
