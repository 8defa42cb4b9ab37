/** Deletes Jobs that have ended, with their pods, once `ttlSecondsAfterFinished` is over. */

import { jobs } from '../../../api/resources/batch.ts';
import { type Controller, keyOfChange } from '../../../client/controller.ts';
import { ifPresent } from '../../../client/if-present.ts';
import type { Result } from '../../../client/reconciler.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { readAgain } from '../../finalizers.ts';
import { msUntilExpiry } from './job-expiry-plan.ts';

export function createJobExpiryController(context: ControllerContext): Controller {
  const { client, informers, clock } = context;
  const informer = informers.of(jobs);

  async function reconcile(key: string): Promise<Result> {
    const cached = informer.get(key);
    const waitMs = cached && msUntilExpiry(cached, clock.now());
    if (cached === undefined || waitMs === undefined) return {};
    if (waitMs > 0) return { requeueAfterMs: waitMs };
    // Its time may have been changed since.
    const fresh = await readAgain(client, jobs, cached);
    const leftMs = fresh && msUntilExpiry(fresh, clock.now());
    if (fresh === undefined || leftMs === undefined) return {};
    if (leftMs > 0) return { requeueAfterMs: leftMs };
    const { namespace, name, uid, resourceVersion } = fresh.metadata;
    const options = { propagationPolicy: 'Foreground', uid, resourceVersion } as const;
    await ifPresent(client.delete(jobs, { namespace, name }, options));
    return {};
  }

  return context.controller({ reconciler: { reconcile } }).watch(informer, keyOfChange);
}
