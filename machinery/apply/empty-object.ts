/** The object of a kind before anybody has said anything: what a creation is compared with. */

import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { decode } from '../schema/decode.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { encode } from '../schema/encode.ts';
import type { ObjectSchema } from '../schema/schema.ts';

const emptyObjects = new WeakMap<ObjectSchema, KubernetesObject>();

/** In the form in which objects are stored. Shared: not to be changed. */
export function emptyObjectOf(
  kind: Pick<DescribedResource, 'group' | 'version' | 'kind' | 'schema'>,
): KubernetesObject {
  const known = emptyObjects.get(kind.schema);
  if (known !== undefined) return known;
  const { object } = decode(kind.schema, { apiVersion: apiVersionOf(kind), kind: kind.kind });
  encode(kind.schema, object);
  emptyObjects.set(kind.schema, object);
  return object;
}
