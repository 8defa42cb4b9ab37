/** The object of a kind before anybody has said anything: what a creation is compared with. */

import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf } from '../../api/resource.ts';
import { decode } from '../schema/decode.ts';
import type { DescribedResource } from '../schema/described-resource.ts';
import { encode } from '../schema/encode.ts';

const emptyObjects = new Map<string, KubernetesObject>();

/** In the form in which objects are stored. Shared: not to be changed. */
export function emptyObjectOf(
  kind: Pick<DescribedResource, 'group' | 'version' | 'kind' | 'definition'>,
): KubernetesObject {
  const known = emptyObjects.get(kind.definition);
  if (known !== undefined) return known;
  const { object } = decode(kind.definition, { apiVersion: apiVersionOf(kind), kind: kind.kind });
  encode(kind.definition, object);
  emptyObjects.set(kind.definition, object);
  return object;
}
