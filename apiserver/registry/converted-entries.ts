/** Entries of the store as they read in the version of a kind that asks for them: `StoredConversion` over bytes. */

import type { Stored } from '../../api/object.ts';
import type { StoredConversion } from '../../kinds/kind.ts';
import type { Entry } from '../store/store.ts';
import { UnreadableEntryError } from '../store/unreadable-entry.ts';
import { decodeObject, encodeObject } from './storage-format.ts';

/** In the order of `entries`. What cannot be read stays as it is: who reads it next says so. */
export function convertEntries(
  entries: readonly Entry[],
  { fromStored }: Pick<StoredConversion, 'fromStored'>,
): readonly Entry[] | Promise<readonly Entry[]> {
  const objects = entries.map(decodeIfReadable);
  const readable = objects.filter((object) => object !== undefined);
  const converted = fromStored(readable);
  const fill = (results: readonly Stored[]): readonly Entry[] => {
    const rest = results.values();
    return entries.map((entry, index) => {
      const before = objects[index];
      const after = before && rest.next().value;
      return after === undefined || after === before ? entry : { ...entry, value: encodeObject(after) };
    });
  };
  return converted instanceof Promise ? converted.then(fill) : fill(converted);
}

function decodeIfReadable(entry: Entry): Stored | undefined {
  try {
    return decodeObject(entry);
  } catch (error) {
    if (error instanceof UnreadableEntryError) return undefined;
    throw error;
  }
}
