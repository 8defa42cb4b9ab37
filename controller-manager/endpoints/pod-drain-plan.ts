/** From which revision on the EndpointSlices lead nobody to a pod that ends. Pure. */

import { leadsTo, parseRevision } from '../../api/pod-drain.ts';
import type { Pod, Service } from '../../api/types/core/v1.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { managedByLabel, sliceManager } from './endpoint-slice-plan.ts';
import { addressesOf } from './service-pods.ts';

export type Departure =
  /** No Service ever led to it. */
  | { readonly type: 'none' }
  /** Slices of these Services (by name) do not say yet that it ends. */
  | { readonly type: 'pending'; readonly services: readonly string[] }
  /** All of them say so, since this revision. */
  | { readonly type: 'left'; readonly revision: number };

/**
 * Of a pod with a deletion timestamp. Its deletion cannot be taken back, so that a slice that says once that it ends says
 * so from then on; one that does not name it yet may do so in a write that is under way.
 */
export function computeDeparture(
  pod: Cached<Pod>,
  services: Iterable<Cached<Service>>,
  slicesOf: (service: string) => Iterable<Cached<EndpointSlice>>,
): Departure {
  // Without an address it never was an endpoint, and will not be a ready one.
  if (addressesOf(pod).length === 0) return { type: 'none' };
  const pending: string[] = [];
  const revisions: number[] = [];
  for (const service of services) {
    if (!leadsTo(service, pod)) continue;
    const { namespace, name } = service.metadata;
    const revision = revisionOf(pod.metadata.uid, slicesOf(`${namespace}/${name}`));
    if (revision === undefined) pending.push(name);
    else revisions.push(revision);
  }
  if (pending.length > 0) return { type: 'pending', services: pending.sort() };
  return revisions.length === 0 ? { type: 'none' } : { type: 'left', revision: Math.max(...revisions) };
}

/** The newest of the slices that name the pod, if all of them say that it ends. */
function revisionOf(uid: string, slices: Iterable<Cached<EndpointSlice>>): number | undefined {
  let newest: number | undefined;
  for (const { metadata, endpoints } of slices) {
    // What users wrote into slices of theirs does not follow the pod.
    if (metadata.labels?.[managedByLabel] !== sliceManager) continue;
    const own = (endpoints ?? []).filter(({ targetRef }) => targetRef?.uid === uid);
    if (own.length === 0) continue;
    const revision = parseRevision(metadata.resourceVersion);
    if (revision === undefined || own.some(({ conditions }) => !conditions?.terminating)) return undefined;
    newest = Math.max(newest ?? 0, revision);
  }
  return newest;
}
