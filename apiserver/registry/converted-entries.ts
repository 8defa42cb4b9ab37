/**
 * Entries of the store as they read in the version of a kind that asks for them: `StoredConversion` over bytes. What is
 * large is read in turns, so that nobody waits for it.
 */

import type { Stored } from '../../api/object.ts';
import { Turns } from '../../base/turns.ts';
import type { StoredConversion } from '../../kinds/kind.ts';
import type { Entry } from '../store/store.ts';
import { UnreadableEntryError } from '../store/unreadable-entry.ts';
import { decodeObject, encodeObject } from './storage-format.ts';

type Conversion = Pick<StoredConversion, 'fromStored'>;

/** Less is read at once: a few milliseconds. */
const lightBytes = 64 * 1024;

/** In the order of `entries`. What cannot be read stays as it is: who reads it next says so. */
export function convertEntries(
  entries: readonly Entry[],
  conversion: Conversion,
): readonly Entry[] | Promise<readonly Entry[]> {
  const bytes = entries.reduce((sum, { value }) => sum + value.length, 0);
  if (bytes >= lightBytes) return convertInTurns(entries, conversion);
  const objects = entries.map(decodeIfReadable);
  const converted = conversion.fromStored(objects.filter((object) => object !== undefined));
  const fill = (results: readonly Stored[]): readonly Entry[] => {
    const rest = results.values();
    return entries.map((entry, index) => entryOf(entry, objects[index], rest));
  };
  return converted instanceof Promise ? converted.then(fill) : fill(converted);
}

async function convertInTurns(entries: readonly Entry[], { fromStored }: Conversion): Promise<readonly Entry[]> {
  const turns = new Turns();
  const objects: (Stored | undefined)[] = [];
  for (const entry of entries) {
    objects.push(decodeIfReadable(entry));
    await turns.pause();
  }
  const rest = (await fromStored(objects.filter((object) => object !== undefined))).values();
  const converted: Entry[] = [];
  for (const [index, entry] of entries.entries()) {
    await turns.pause();
    converted.push(entryOf(entry, objects[index], rest));
  }
  return converted;
}

/** `converted` gives the next object for each that could be read. */
function entryOf(entry: Entry, before: Stored | undefined, converted: Iterator<Stored>): Entry {
  const after = before && converted.next().value;
  return after === undefined || after === before ? entry : { ...entry, value: encodeObject(after) };
}

function decodeIfReadable(entry: Entry): Stored | undefined {
  try {
    return decodeObject(entry);
  } catch (error) {
    if (error instanceof UnreadableEntryError) return undefined;
    throw error;
  }
}
