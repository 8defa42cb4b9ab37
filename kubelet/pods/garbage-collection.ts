/** Removes pods and folders whose objects went while no kubelet looked. */

import type { Pod } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { ObjectCache } from '../../client/object-cache.ts';
import type { Volumes } from '../volumes/volumes.ts';
import type { ClusterGuard } from './cluster-guard.ts';
import type { ObservedPods } from './observed-pods.ts';
import type { PodWorkers } from './pod-workers.ts';

export interface GarbageCollectionOptions {
  readonly nodePods: Pick<ObjectCache<Pod>, 'list'>;
  readonly workers: PodWorkers;
  readonly guard: Pick<ClusterGuard, 'confirm'>;
  readonly observed: ObservedPods;
  readonly volumes: Volumes;
  readonly logger: Logger;
  readonly clock: Clock;
}

const everyMs = 60_000;

/** Until `signal` aborts. Never rejects. Pods must be synced. */
export async function collectGarbage(options: GarbageCollectionOptions, signal: AbortSignal): Promise<void> {
  const { clock, logger } = options;
  while (!signal.aborted) {
    try {
      if (await options.guard.confirm(signal)) await collectPods(options);
    } catch (error) {
      logger.warn('Collecting garbage failed; trying again later', { error });
    }
    await clock.sleep(everyMs, signal);
  }
}

async function collectPods({ nodePods, workers, observed, volumes, logger }: GarbageCollectionOptions): Promise<void> {
  const known = new Set([...nodePods.list()].map(({ metadata }) => metadata.uid));
  const folders = await volumes.knownUids();
  for (const uid of observed.uids()) workers.adoptOrphan(uid, { hasFolder: folders.includes(uid) });
  const gone = folders.filter((uid) => !known.has(uid) && workers.get(uid) === undefined);
  // Side by side: one may wait for a driver that is not there, or for a server that is silent.
  const tearDown = async (uid: string) => {
    try {
      await volumes.tearDown(uid);
    } catch (error) {
      logger.warn('The volumes of a pod that is gone could not be let go of; trying again later', { uid, error });
    }
  };
  await Promise.all(gone.map(tearDown));
}
