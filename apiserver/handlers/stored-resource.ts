/** Objects in the store, served by their registries: whole kinds, and the parts of objects that are written by themselves. */

import type { Registries } from '../registry/registries.ts';
import { type StoredTarget, storedTarget } from '../registry/target.ts';
import type { ApiRequest } from '../request/api-request.ts';
import { wantsWebSocket } from '../request/websocket.ts';
import { deleteCollection, deleteObject } from './delete.ts';
import { getObject, listObjects } from './read.ts';
import type { Serve, ServerOf } from './resource-server.ts';
import { watchObjects } from './watch.ts';
import { openHttpStream } from './watch-stream.ts';
import { openWebSocketStream } from './watch-websocket.ts';
import { createObject, patchObject, updateObject } from './write.ts';

/** `stopping` ends the watches; `random`, from 0 to 1, says how much longer than the default one may last. */
export function createStoredResource(
  registries: Registries,
  stopping: AbortSignal,
  random: () => number = Math.random,
): ServerOf<'stored'> {
  const stored =
    (serve: (request: ApiRequest, target: StoredTarget) => Promise<void>): Serve =>
    (request, target) =>
      serve(request, storedTarget(registries, target));
  return {
    get: stored(getObject),
    list: stored(listObjects),
    watch: stored((request, target) => {
      const open = wantsWebSocket(request) ? openWebSocketStream : openHttpStream;
      return watchObjects(request, target, {
        open: (gone, encoding) => open(request, gone, encoding),
        stopping,
        random,
      });
    }),
    create: stored(createObject),
    update: stored(updateObject),
    patch: stored(patchObject),
    delete: stored(deleteObject),
    deleteCollection: stored(deleteCollection),
  };
}
