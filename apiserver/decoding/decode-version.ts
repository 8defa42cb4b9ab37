/** Decodes what may be written in another version of its kind than the request is in. */

import type { KubernetesObject } from '../../api/object.ts';
import { apiVersionOf, parseApiVersion } from '../../api/resource.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Kinds } from '../../kinds/kind-registry.ts';
import type { JsonPlaces } from '../../machinery/json/json-places.ts';
import { decode } from '../../machinery/schema/decode.ts';
import type { GroupVersionKind } from '../../machinery/schema/registered-kinds.ts';
import type { Decoded, ObjectSchema } from '../../machinery/schema/schema.ts';

/** Where the versions of a kind are looked up. */
export type KindVersions = Pick<Kinds, 'findByName'>;

/**
 * `value` says itself which version it is in. Throws `DecodeError`. Versions that are served no more read as today's.
 * `done`: a field that has been decoded before, in the version that is expected.
 */
export function decodeVersion(
  expected: GroupVersionKind & { readonly schema: ObjectSchema },
  value: Readonly<Record<string, unknown>>,
  kinds: KindVersions,
  places?: JsonPlaces,
  done?: string,
): Decoded {
  const asked = apiVersionOf(expected);
  // Custom resources have readers of their own: each is written in the version that is asked for, and in no other.
  if (expected.schema.reader !== undefined) return decode(expected.schema, value, places);
  const given = value.apiVersion === asked ? undefined : servedKind(kinds, expected, value.apiVersion);
  if (given === undefined) return decode(expected.schema, value, places, done);
  const { object, strictErrors } = decode(given.schema, value, places);
  // By the schema of that version.
  const stored = given.storedAs ? given.storedAs.toStored(object as KubernetesObject) : object;
  const target = servedKind(kinds, expected, asked);
  return { object: { ...(target?.storedAs ? target.storedAs.fromStored(stored) : stored) }, strictErrors };
}

function servedKind(kinds: KindVersions, { group, kind }: GroupVersionKind, apiVersion: unknown): Kind | undefined {
  if (typeof apiVersion !== 'string') return undefined;
  const given = parseApiVersion(apiVersion);
  return given?.group === group ? kinds.findByName({ ...given, kind }) : undefined;
}
