/** The kind EndpointSlice. */

import type { EndpointSlice } from 'kubernetes-types/discovery/v1';
import { defineKind } from '../define-kind.ts';

export const endpointSlices = defineKind<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
});
