/** Whose slices they are, and which of their changes matter to rules. Pure. */

import { serviceNameLabel } from '../../api/labels.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached, ObjectChange } from '../../client/object-cache.ts';

/** `namespace/name` of the Service. */
export function serviceOf({ metadata }: Cached<EndpointSlice>): string[] {
  const name = metadata.labels?.[serviceNameLabel];
  return name === undefined ? [] : [`${metadata.namespace}/${name}`];
}

export function changesRules({ previous, next }: ObjectChange<EndpointSlice>): boolean {
  const parts = (slice: Cached<EndpointSlice> | undefined) =>
    slice && JSON.stringify([slice.addressType, slice.endpoints, slice.ports, serviceOf(slice)]);
  return parts(previous) !== parts(next);
}
