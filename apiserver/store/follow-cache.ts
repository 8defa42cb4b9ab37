/** Keeps something that is computed from all objects of a resource as new as the resource cache. */

import type { CachedObject, CacheEvent, ResourceCache } from './resource-cache.ts';

export interface CacheFollower {
  /** All objects there are now; what was known before is forgotten. */
  reset(items: readonly CachedObject[]): void;
  /** One change, in the same turn of the event loop in which the cache has it. */
  apply(event: Exclude<CacheEvent, { readonly type: 'BOOKMARK' }>): void;
}

/**
 * Calls the follower until `signal` aborts. Resolves then, or when the resource is served no more. While the cache loads
 * again (the store's watch was lost) the follower knows what it knew.
 */
export async function followCache(cache: ResourceCache, follower: CacheFollower, signal: AbortSignal): Promise<void> {
  while (!signal.aborted) {
    try {
      await cache.ready(signal);
    } catch {
      return; // it stops, or there is nothing to follow any more
    }
    await followOnce(cache, follower, signal);
  }
}

/** Resolves when changes may have been missed. */
function followOnce(cache: ResourceCache, follower: CacheFollower, signal: AbortSignal): Promise<void> {
  return new Promise((resolve) => {
    const { items, revision } = cache.list({});
    follower.reset(items);
    const end = (): void => {
      signal.removeEventListener('abort', end);
      watch.close();
      resolve();
    };
    const watch = cache.watch({
      after: revision,
      onAvailable() {
        for (const event of watch.take()) if (event.type !== 'BOOKMARK') follower.apply(event);
      },
      onEnd: end,
    });
    signal.addEventListener('abort', end, { once: true });
    if (signal.aborted) end();
  });
}
