/**
 * What a pod that ends waits for before its containers are told: that no proxy leads anybody to it any more. Pure.
 *
 *   deleted ─► its slices say `terminating` ─► every live proxy has programmed that ─► the condition ─► preStop, SIGTERM
 *
 * The proxies say on their node's Lease which revision of the EndpointSlices they have programmed; the controller
 * `pod-drain-controller` compares, and says on the pod when all have; the pod's kubelet waits for that, or for the bound.
 */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { parseDurationMs } from '../base/duration.ts';
import { matchesLabels } from './label-selector.ts';
import { podCondition } from './pods.ts';
import type { Pod, Service } from './types/core/v1.ts';

type PodView = DeepReadonly<Pod>;
type ServiceView = DeepReadonly<Service>;

/** On a pod: the longest wait, in place of its node's. */
export const drainBoundAnnotation = 'longshore.dev/drain-bound';
export const drainBoundRule = 'must be a duration from 0s to 5m';
export const usualDrainBoundMs = 10_000;
const longestBoundMs = 300_000;

/** On the Lease of a node: the revision up to which its proxy has seen all EndpointSlices, and has programmed them. */
export const programmedRevisionAnnotation = 'longshore.dev/programmed-revision';

/** On a pod that ends. True: no live proxy leads to it. False: its message says who is waited for. */
export const drainedCondition = 'longshore.dev/EndpointsDrained';

/** In milliseconds; undefined: it breaks `drainBoundRule`. */
export function parseDrainBoundMs(text: string): number | undefined {
  const ms = parseDurationMs(text);
  return ms !== undefined && ms >= 0 && ms <= longestBoundMs ? ms : undefined;
}

/** Of a pod; what it says wrongly (a version before this could store it) counts as nothing. */
export function drainBoundOf(annotations: Readonly<Record<string, string>> | undefined, ofNodeMs: number): number {
  const text = annotations?.[drainBoundAnnotation];
  return (text === undefined ? undefined : parseDrainBoundMs(text)) ?? ofNodeMs;
}

export const isDrained = (pod: PodView): boolean => podCondition(pod, drainedCondition)?.status === 'True';

/** Whether the Service leads to the pod while it is ready, and no more once it ends. */
export function leadsTo({ metadata, spec }: ServiceView, pod: PodView): boolean {
  if (spec?.selector === undefined || spec.type === 'ExternalName') return false;
  // Such a Service leads to pods whatever they are in, up to their end.
  if (spec.publishNotReadyAddresses === true || metadata?.deletionTimestamp !== undefined) return false;
  return metadata?.namespace === pod.metadata?.namespace && matchesLabels(spec.selector, pod.metadata?.labels ?? {});
}

/**
 * A revision of the store, of an object's `resourceVersion` or a Lease's annotation; undefined: it is none. One sequence
 * for all objects of all resources.
 */
export function parseRevision(text: string | undefined): number | undefined {
  return text !== undefined && /^\d{1,15}$/.test(text) ? Number(text) : undefined;
}
