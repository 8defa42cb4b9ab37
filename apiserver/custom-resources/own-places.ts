/**
 * Places of the store that are the server's own: kinds that are built in, whatever versions of them there are, and what
 * it keeps for itself. A definition of such a group and plural would show them under rules of its own, let them be
 * written past their validation, and take them along when it goes: it never gets its names.
 */

import type { Kind } from '../../kinds/kind.ts';
import { prefixOf } from '../registry/registries.ts';
import { storePrefix } from '../registry/storage-format.ts';
import { ownGroup } from '../store/own-group.ts';

interface Place {
  readonly group: string;
  readonly plural: string;
}

/** Whether the place is the server's own. */
export type IsOwnPlace = (place: Place) => boolean;

/** `builtIn`: all kinds that there are before anybody defines others. */
export function ownPlaces(builtIn: Iterable<Kind>): IsOwnPlace {
  const prefixes = new Set<string>();
  for (const kind of builtIn) prefixes.add(storePrefix(kind)).add(prefixOf(kind));
  return (place) => place.group === ownGroup || prefixes.has(storePrefix(place));
}
