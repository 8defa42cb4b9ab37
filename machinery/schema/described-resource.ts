/** What the machinery has to know of a resource, whatever its kind: who it is, how it is served, what its objects look like. */

import type { ServedResource } from '../../api/resource.ts';
import type { ObjectSchema } from './schema.ts';

export interface DescribedResource extends ServedResource {
  /** What its objects look like. Of a custom kind it may be made when it is asked for. */
  readonly schema: ObjectSchema;
  /** Of a custom kind: what its definition says of its objects. */
  readonly description?: CustomDescription;
}

export interface CustomDescription {
  /** The name of `schema.definition`, without making a schema of it. */
  readonly definition: string;
  /** Changes whenever `schema` or the names may have changed. Costs nothing to ask. */
  readonly revision: string;
  readonly listKind: string;
  /** Names of all versions that it has, served or not. */
  readonly versions: readonly string[];
  /** `spec.preserveUnknownFields`: what the schema does not name is kept. */
  readonly preservesUnknown: boolean;
  /** As its author wrote it (`openAPIV3Schema`), as it is now; undefined: nothing is known of the fields. */
  schema(): object | undefined;
}
