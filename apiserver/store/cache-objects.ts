/** The objects of a cache in key order, now or as they were at an earlier revision, and pages of them. */

import { compareKeys, compareText } from '../../base/compare.ts';
import type { CacheChange } from './cache-change.ts';
import type { CachedVersion } from './cached-version.ts';
import { isOfInterest } from './interest.ts';
import type { CachedResource, CacheList, CacheListOptions } from './resource-cache.ts';
import type { SortedMap } from './sorted-map.ts';

/** What can be listed: the present, or the past laid over it. */
export interface ListSource {
  get(key: string): CachedVersion | undefined;
  entries(prefix: string, after: string): Iterable<readonly [string, CachedVersion]>;
  count(prefix: string, after: string): number;
}

export function listPage(
  source: ListSource,
  resource: Pick<CachedResource, 'prefix' | 'namespaced'>,
  options: CacheListOptions,
  revision: number,
): CacheList {
  const { namespace, name, fields, matches, after = '', limit = 0 } = options;
  const prefix = listPrefix(resource, namespace);
  if (name !== undefined && (!resource.namespaced || namespace !== undefined)) {
    const item = source.get(`${prefix}${name}`);
    return {
      items: item && compareText(item.key, after) > 0 && isOfInterest(item, options) ? [item] : [],
      revision,
      remaining: 0,
    };
  }
  const items: CachedVersion[] = [];
  const isSelective = fields !== undefined || matches !== undefined || name !== undefined;
  for (const [, item] of source.entries(prefix, after)) {
    const last = items.at(-1);
    if (limit > 0 && items.length === limit && last !== undefined) {
      // Whether anything of what follows matches is the next page's question.
      const page = { items, revision, next: last.key };
      return isSelective ? page : { ...page, remaining: source.count(prefix, last.key) };
    }
    if (!isSelective || isOfInterest(item, options)) items.push(item);
  }
  return { items, revision, remaining: 0 };
}

function listPrefix({ prefix, namespaced }: Pick<CachedResource, 'prefix' | 'namespaced'>, namespace?: string): string {
  return namespaced && namespace !== undefined ? `${prefix}${namespace}/` : prefix;
}

/** `objects` with `changes` (oldest first) undone. */
export function undo(objects: SortedMap<CachedVersion>, changes: Iterable<CacheChange>): ListSource {
  const then = new Map<string, CachedVersion | undefined>();
  for (const { key, before } of changes) if (!then.has(key)) then.set(key, before);
  if (then.size === 0) return objects;
  const undone = [...then].sort(compareKeys);
  return {
    get: (key) => (then.has(key) ? then.get(key) : objects.get(key)),
    *entries(prefix, after) {
      let index = 0;
      for (const entry of objects.entries(prefix, after)) {
        for (; index < undone.length; index += 1) {
          const [key, before] = undone[index] ?? entry;
          if (compareText(key, entry[0]) > 0) break;
          if (before !== undefined && key.startsWith(prefix) && compareText(key, after) > 0) yield [key, before];
        }
        if (!then.has(entry[0])) yield entry;
      }
      for (const [key, before] of undone.slice(index)) {
        if (before !== undefined && key.startsWith(prefix) && compareText(key, after) > 0) yield [key, before];
      }
    },
    count(prefix, after) {
      const concerned = undone.filter(([key]) => key.startsWith(prefix) && compareText(key, after) > 0);
      const differences = concerned.map(([key, before]) => Number(before !== undefined) - Number(objects.has(key)));
      return differences.reduce((sum, difference) => sum + difference, objects.count(prefix, after));
    },
  };
}
