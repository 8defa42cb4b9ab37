/** The resources of discovery.k8s.io. */

import { resource } from '../resource.ts';
import type { EndpointSlice } from '../types/discovery/v1.ts';

export const endpointSlices = resource<EndpointSlice>({
  group: 'discovery.k8s.io',
  version: 'v1',
  kind: 'EndpointSlice',
  plural: 'endpointslices',
});
