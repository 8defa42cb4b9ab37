/** How the controllers find endpoint slices: by the Service (`namespace/name`) that they belong to. */

import { serviceNameLabel } from '../../api/labels.ts';
import type { EndpointSlice } from '../../api/types/discovery/v1.ts';
import type { Cached } from '../../client/object-cache.ts';

export const sliceIndexes = {
  indexers: {
    service: ({ metadata }: Cached<EndpointSlice>): string[] => {
      const service = metadata.labels?.[serviceNameLabel];
      return service === undefined ? [] : [`${metadata.namespace}/${service}`];
    },
  },
};
