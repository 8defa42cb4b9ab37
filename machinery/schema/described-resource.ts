/** What the machinery has to know of a resource, whatever its kind: who it is, how it is served, what its objects look like. */

import type { ServedResource } from '../../api/resource.ts';
import type { ObjectSchema } from './schema.ts';

export interface DescribedResource extends ServedResource {
  /** What its objects look like. */
  readonly schema: ObjectSchema;
}
