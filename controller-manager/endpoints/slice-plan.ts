/**
 * Which EndpointSlices of a Service to write so that they say what is true, with as few writes as possible. Pure.
 *
 * Endpoints stay in the slice that they are in. New ones go where a slice is written anyway, then where there is room,
 * then into new slices. A slice that would be empty is used for a new one, or deleted.
 */

import { isDeepStrictEqual } from 'node:util';
import type { Endpoint, EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { Cached } from '../../client/object-cache.ts';
import type { EndpointPort } from './service-pods.ts';

export const endpointsPerSlice = 100;

export interface DesiredEndpoints {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly Endpoint[];
}

export interface SliceContent {
  readonly ports: readonly EndpointPort[];
  readonly endpoints: readonly DeepReadonly<Endpoint>[];
}

export interface SlicePlan {
  readonly create: readonly SliceContent[];
  readonly update: readonly { readonly slice: Cached<EndpointSlice>; readonly content: SliceContent }[];
  readonly delete: readonly Cached<EndpointSlice>[];
}

interface Draft {
  readonly slice: Cached<EndpointSlice> | undefined;
  readonly ports: readonly EndpointPort[];
  endpoints: DeepReadonly<Endpoint>[];
  changed: boolean;
}

/** `existing`: all slices of the Service and address type that we manage. One of `desired` for each set of ports. */
export function planSlices(
  existing: readonly Cached<EndpointSlice>[],
  desired: readonly DesiredEndpoints[],
): SlicePlan {
  const groups = desired.filter(({ endpoints }) => endpoints.length > 0);
  const wanted = groups.length > 0 ? groups : [{ ports: [], endpoints: [] }];
  const left = new Set(existing);
  const drafts = wanted.flatMap((group) => draftGroup(group, takeByPorts(left, group.ports)));
  const spare = [...left, ...drafts.filter(isEmptyExisting(wanted)).map(({ slice }) => slice)].filter(
    (slice) => slice !== undefined,
  );
  const kept = drafts.filter((draft) => !isEmptyExisting(wanted)(draft));
  const update = kept.flatMap(({ slice, changed, ...content }) => (slice && changed ? [{ slice, content }] : []));
  const fresh = kept.filter(({ slice }) => slice === undefined).map(({ ports, endpoints }) => ({ ports, endpoints }));
  const reused = fresh.slice(0, spare.length).flatMap((content, i) => {
    const slice = spare[i];
    return slice === undefined ? [] : [{ slice, content }];
  });
  return { create: fresh.slice(reused.length), update: [...update, ...reused], delete: spare.slice(reused.length) };
}

/** An existing slice that holds nothing any more; one is kept where there is nothing at all. */
const isEmptyExisting =
  (wanted: readonly DesiredEndpoints[]) =>
  ({ slice, endpoints }: Draft): boolean =>
    slice !== undefined && endpoints.length === 0 && wanted.some((group) => group.endpoints.length > 0);

function takeByPorts(left: Set<Cached<EndpointSlice>>, ports: readonly EndpointPort[]): Cached<EndpointSlice>[] {
  const taken = [...left].filter((slice) => isDeepStrictEqual(portsOfSlice(slice), ports));
  for (const slice of taken) left.delete(slice);
  return taken;
}

function portsOfSlice({ ports }: Cached<EndpointSlice>): EndpointPort[] {
  return (ports ?? []).map(({ name = '', protocol = 'TCP', port = 0, appProtocol }) => ({
    name,
    protocol,
    port,
    ...(appProtocol !== undefined && { appProtocol }),
  }));
}

function draftGroup({ ports, endpoints }: DesiredEndpoints, slices: readonly Cached<EndpointSlice>[]): Draft[] {
  const waiting = new Map(endpoints.map((endpoint) => [identityOf(endpoint), endpoint]));
  const drafts: Draft[] = slices.map((slice) => keepPresent(slice, ports, waiting));
  // A surplus empty placeholder is not needed when another slice is there.
  const newcomers = [...waiting.values()];
  for (const draft of drafts.toSorted((a, b) => Number(b.changed) - Number(a.changed))) {
    const room = Math.max(0, endpointsPerSlice - draft.endpoints.length);
    const added = newcomers.splice(0, room);
    if (added.length > 0) draft.changed = true;
    draft.endpoints = [...draft.endpoints, ...added];
  }
  while (newcomers.length > 0) {
    drafts.push({ slice: undefined, ports, endpoints: newcomers.splice(0, endpointsPerSlice), changed: true });
  }
  if (drafts.length === 0) drafts.push({ slice: undefined, ports, endpoints: [], changed: true });
  return drafts;
}

/** What of a slice stays, in its present form; takes it out of `waiting`. */
function keepPresent(
  slice: Cached<EndpointSlice>,
  ports: readonly EndpointPort[],
  waiting: Map<string, DeepReadonly<Endpoint>>,
): Draft {
  const endpoints: DeepReadonly<Endpoint>[] = [];
  for (const present of slice.endpoints ?? []) {
    const next = waiting.get(identityOf(present));
    if (next === undefined) continue;
    waiting.delete(identityOf(present));
    endpoints.push(next);
  }
  return { slice, ports, endpoints, changed: !isDeepStrictEqual(endpoints, slice.endpoints ?? []) };
}

const identityOf = ({ targetRef, addresses }: DeepReadonly<Endpoint>): string =>
  `${targetRef?.uid ?? ''}/${addresses.join(',')}`;
