/**
 * How many replicas a metric asks for. Pure; values are in thousandths.
 *
 * Pods of which nothing is known count as cautiously as can be: as using nothing when there would be more replicas, and
 * as using what they may when there would be fewer. When that turns the direction, nothing is changed.
 */

import { isPodReady } from '../../api/pods.ts';
import { milliUnits, readQuantity } from '../../api/quantity.ts';
import type { Container, Pod } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { groupPods, type PodMetrics } from './pod-groups.ts';

type PodView = DeepReadonly<Pod>;

/** Changes that are smaller are none. */
export interface Tolerances {
  readonly up: number;
  readonly down: number;
}

export interface Proposal {
  readonly replicas: number;
  /** What the status shows: per pod, or in all. */
  readonly usage: number;
  /** Of what pods request, in percent. */
  readonly utilization?: number;
}

export interface Workload {
  readonly pods: readonly PodView[];
  readonly currentReplicas: number;
  readonly tolerances: Tolerances;
  readonly now: number;
}

const mostReplicas = 2 ** 31 - 1;
const isWithin = ({ up, down }: Tolerances, ratio: number): boolean => 1 - down <= ratio && ratio <= 1 + up;
const ceil = (count: number): number => Math.min(mostReplicas, Math.ceil(count));

/** By the share of their requests that the pods use. Throws an Error that says what is missing. */
export function replicasForUtilization(
  workload: Workload,
  metrics: PodMetrics,
  target: { readonly percent: number; readonly resource: string; readonly container?: string | undefined },
): Proposal {
  const { percent, resource, container } = target;
  requirePods(workload);
  const requests = () => requestsOf(workload.pods, resource, container);
  return weigh(workload, metrics, {
    resource,
    measure: (values) => utilizationOf(values, requests(), percent),
    whenFewer: (name) => ((requests().get(name) ?? 0) * Math.max(100, percent)) / 100,
  });
}

/** By what the pods use on average. Throws an Error that says what is missing. */
export function replicasForAverage(
  workload: Workload,
  metrics: PodMetrics,
  target: { readonly average: number; readonly resource?: string },
): Proposal {
  const { average, resource } = target;
  requirePods(workload);
  return weigh(workload, metrics, {
    resource,
    measure: (values) => {
      const usage = Math.trunc(sum(values.values()) / values.size);
      return { ratio: usage / average, usage };
    },
    whenFewer: () => average,
  });
}

interface Measure {
  readonly ratio: number;
  readonly usage: number;
  readonly utilization?: number;
}

interface Scale {
  readonly resource: string | undefined;
  measure(values: ReadonlyMap<string, number>): Measure;
  /** What a pod that was not measured is taken to use when there would be fewer replicas. */
  whenFewer(podName: string): number;
}

function weigh({ pods, currentReplicas, tolerances, now }: Workload, metrics: PodMetrics, scale: Scale): Proposal {
  const groups = groupPods(pods, { metrics, resource: scale.resource, now });
  const values = new Map([...metrics].map(([name, { value }]) => [name, value]));
  for (const name of [...groups.ignored, ...groups.unready]) values.delete(name);
  if (values.size === 0) throw new Error('did not receive metrics for targeted pods (pods might be unready)');
  const { ratio, ...shown } = scale.measure(values);
  const withUnready = groups.unready.size > 0 && ratio > 1;
  if (!withUnready && groups.missing.size === 0) {
    return { replicas: isWithin(tolerances, ratio) ? currentReplicas : ceil(ratio * groups.ready), ...shown };
  }
  if (ratio !== 1) for (const name of groups.missing) values.set(name, ratio < 1 ? scale.whenFewer(name) : 0);
  if (withUnready) for (const name of groups.unready) values.set(name, 0);
  const { ratio: cautious } = scale.measure(values);
  const replicas = ceil(cautious * values.size);
  const turns = (ratio < 1 && cautious > 1) || (ratio > 1 && cautious < 1);
  const contradicts = (cautious < 1 && replicas > currentReplicas) || (cautious > 1 && replicas < currentReplicas);
  const keeps = isWithin(tolerances, cautious) || turns || contradicts;
  return { replicas: keeps ? currentReplicas : replicas, ...shown };
}

function utilizationOf(
  values: ReadonlyMap<string, number>,
  requests: ReadonlyMap<string, number>,
  percent: number,
): Measure {
  const known = [...values].filter(([name]) => requests.has(name));
  const used = sum(known.map(([, value]) => value));
  const requested = sum(known.map(([name]) => requests.get(name) ?? 0));
  if (requested === 0) throw new Error('no metrics returned matched known pods');
  const utilization = Math.trunc((used * 100) / requested);
  return { ratio: utilization / percent, utilization, usage: Math.trunc(used / known.length) };
}

/** What each pod, or one container of it, requests of a resource. */
function requestsOf(pods: readonly PodView[], resource: string, container: string | undefined): Map<string, number> {
  return new Map(
    pods.map((pod): [string, number] => {
      const own = pod.spec?.resources?.requests?.[resource];
      if (container === undefined && own !== undefined) return [nameOf(pod), milli(own)];
      const counted = [...(pod.spec?.containers ?? []), ...(pod.spec?.initContainers ?? []).filter(isRestarted)];
      const chosen = counted.filter(({ name }) => container === undefined || name === container);
      return [nameOf(pod), sum(chosen.map((one) => requestOf(one, resource, pod)))];
    }),
  );
}

const isRestarted = ({ restartPolicy }: DeepReadonly<Container>): boolean => restartPolicy === 'Always';

function requestOf({ name, resources }: DeepReadonly<Container>, resource: string, pod: PodView): number {
  const request = resources?.requests?.[resource];
  if (request === undefined)
    throw new Error(`missing request for ${resource} in container ${name} of Pod ${nameOf(pod)}`);
  return milli(request);
}

/** By one value for all of them: the workload grows in proportion. Throws when there are no pods to count. */
export function replicasForTotal(workload: Workload, usage: number, target: number): Proposal {
  const { pods, currentReplicas, tolerances } = workload;
  const ratio = usage / target;
  if (currentReplicas === 0) return { replicas: ceil(ratio), usage };
  if (isWithin(tolerances, ratio)) return { replicas: currentReplicas, usage };
  requirePods(workload);
  const ready = pods.filter((pod) => pod.status?.phase === 'Running' && isPodReady(pod)).length;
  return { replicas: ceil(ratio * ready), usage };
}

/** By one value for all of them, of which each shall have so much. `replicas`: how many there are. */
export function replicasForShare(
  { replicas, tolerances }: { readonly replicas: number; readonly tolerances: Tolerances },
  usage: number,
  targetAverage: number,
): Proposal {
  const ratio = usage / (targetAverage * replicas);
  return {
    replicas: isWithin(tolerances, ratio) ? replicas : ceil(usage / targetAverage),
    usage: replicas === 0 ? 0 : Math.ceil(usage / replicas),
  };
}

function requirePods({ pods }: Workload): void {
  if (pods.length === 0) throw new Error('no pods returned by selector while calculating replica count');
}

const nameOf = ({ metadata }: PodView): string => metadata?.name ?? '';
export const milli = (quantity: string): number => Number(milliUnits(readQuantity(quantity)));

function sum(values: Iterable<number>): number {
  let total = 0;
  for (const value of values) total += value;
  return total;
}
