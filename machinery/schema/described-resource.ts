/** What the machinery has to know of a resource, whatever its kind: who it is, how it is served, what its objects look like. */

import type { ServedResource } from '../../api/resource.ts';

export interface DescribedResource extends ServedResource {
  /** Name of its kind's definition in the OpenAPI facts. */
  readonly definition: string;
}
