/** How objects lie in the store: their keys, and their JSON without the resourceVersion, which is the entry's revision. */

import type { KubernetesObject, ObjectKey, Stored } from '../../api/object.ts';
import type { Kind } from '../../kinds/kind.ts';
import type { Entry } from '../store/store.ts';
import { UnreadableEntryError } from '../store/unreadable-entry.ts';

type Resource = Pick<Kind, 'group' | 'plural'>;

/** All objects of a resource: `/registry/core/pods/`. */
export const storePrefix = ({ group, plural }: Resource): string =>
  `/registry/${group === '' ? 'core' : group}/${plural}/`;

export const storeKey = (resource: Resource, { namespace, name }: ObjectKey): string =>
  `${storePrefix(resource)}${namespace ? `${namespace}/` : ''}${name}`;

/** `specText`: the JSON of the object's spec, for who has it already. */
export function encodeObject(object: KubernetesObject, specText?: string): Buffer {
  const { apiVersion, kind, metadata, ...rest } = object;
  const { resourceVersion: _, ...stored } = metadata ?? {};
  const named = { apiVersion, kind, metadata: stored };
  if (specText === undefined) return Buffer.from(JSON.stringify({ ...named, ...rest }));
  let text = JSON.stringify(named).slice(0, -1);
  for (const [name, value] of Object.entries(rest)) {
    if (value !== undefined) text += `,${JSON.stringify(name)}:${name === 'spec' ? specText : JSON.stringify(value)}`;
  }
  return Buffer.from(`${text}}`);
}

/** Throws `UnreadableEntryError`, also for what is no JSON: the error of the parser would show a part of it. */
export function decodeObject(entry: Entry): Stored {
  // The store holds what `encodeObject` has written.
  const object = parse(entry) as Stored;
  object.metadata.resourceVersion = String(entry.revision);
  return object;
}

function parse(entry: Entry): unknown {
  const { value } = entry;
  try {
    return JSON.parse(value.toString());
  } catch {
    throw new UnreadableEntryError(entry, new Error('it is not the JSON of an object'), false);
  }
}
