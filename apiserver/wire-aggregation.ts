/** APIs that other servers serve: which there are, whether they answer, and what the server says of its own. */

import { apiServices } from '../api/resources/apiregistration.ts';
import { RenewedKeyPair } from '../base/renewed-key-pair.ts';
import type { Kind } from '../kinds/kind.ts';
import type { RemoteApiCaller } from './aggregation/ask-remote-api.ts';
import { keepAvailability } from './aggregation/keep-availability.ts';
import { keepLocalApiServices } from './aggregation/local-api-services.ts';
import { RemoteApis } from './aggregation/remote-apis.ts';
import type { Wired } from './api-server-options.ts';
import { FollowedObjects } from './registry/followed-objects.ts';
import type { Registries } from './registry/registries.ts';

export interface Aggregation {
  readonly apis: RemoteApis;
  /** Who this server is before the others, and how it finds them. */
  readonly caller: RemoteApiCaller;
  /** Resolves once all APIServices are known. Throws what `FollowedObjects.catchUp` throws. */
  catchUp(timeoutMs: number): Promise<void>;
  /** Until `signal` aborts. `builtIn`: the kinds with which the server begins. Never rejects. */
  run(builtIn: readonly Kind[], signal: AbortSignal): Promise<void>;
}

export function wireAggregation({ kinds, clock, logger, proxyClient }: Wired, registries: Registries): Aggregation {
  const apis = new RemoteApis();
  const clientPair = proxyClient && new RenewedKeyPair(proxyClient, { logger });
  const caller = { objects: registries, clientPair };
  const followed = new FollowedObjects(registries.of(apiServices).cache, apis, { logger, telling: 'atOnce' });
  return {
    apis,
    caller,
    catchUp: (timeoutMs) => followed.catchUp(timeoutMs),
    async run(builtIn, signal) {
      // It listens from now on: before the first is told.
      const watching = keepAvailability({ apis, caller, registries, clock, logger }, signal);
      await Promise.all([
        watching,
        followed.run(signal),
        keepLocalApiServices({ kinds, registries, clock, logger }, builtIn, signal),
      ]);
    },
  };
}
