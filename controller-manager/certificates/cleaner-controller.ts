/** Deletes requests for certificates that were answered an hour ago, or not at all for a day. */

import { certificateSigningRequests } from '../../api/resources/certificates.ts';
import { type Controller, keyOfChange } from '../../client/controller.ts';
import { ifPresent } from '../../client/if-present.ts';
import type { ControllerContext } from '../controller-context.ts';
import { computeLeftMs } from './cleaner-plan.ts';

/** A clock that was set wrong shows sooner than in a day. */
const longestWaitMs = 3_600_000;

export function createCleanerController({ client, clock, informers, controller }: ControllerContext): Controller {
  const requests = informers.of(certificateSigningRequests);

  async function reconcile(name: string) {
    const request = requests.get(name);
    if (request === undefined) return {};
    const leftMs = computeLeftMs(request, clock.now());
    if (leftMs === undefined) return {};
    if (leftMs > 0) return { requeueAfterMs: Math.min(leftMs + 1_000, longestWaitMs) };
    const { uid, resourceVersion } = request.metadata;
    await ifPresent(client.delete(certificateSigningRequests, { name }, { uid, resourceVersion }));
    return {};
  }

  return controller({ reconciler: { reconcile }, workers: 1 }).watch(requests, (change) =>
    change.type === 'deleted' ? [] : keyOfChange(change),
  );
}
