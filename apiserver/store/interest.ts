/** Whether a version is what a reader asked for. Pure. */

import type { CachedObject, Interest } from './resource-cache.ts';

export function isOfInterest(item: CachedObject, { namespace, name, fields, matches }: Interest): boolean {
  if (namespace !== undefined && item.namespace !== namespace) return false;
  if (name !== undefined && item.name !== name) return false;
  if (fields !== undefined) {
    for (const field in fields) if (item.fields[field] !== fields[field]) return false;
  }
  return matches === undefined || matches(item);
}
