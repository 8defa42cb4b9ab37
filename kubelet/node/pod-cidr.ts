/** The part of the pod network that the controller manager gives this node. */

import { nodes } from '../../api/resources/core.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { Clock } from '../../base/clock.ts';
import { createDeferred } from '../../base/deferred.ts';
import type { Logger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { StartTroubles } from './start-troubles.ts';

export interface PodCidrQuestion {
  readonly client: Client;
  readonly nodeName: string;
  readonly logger: Logger;
  readonly clock: Clock;
  /** Told that it is waited for. */
  readonly troubles: Pick<StartTroubles, 'note'>;
  readonly signal: AbortSignal;
}

/** Undefined: `signal` aborted before. */
export async function waitForPodCidr({
  client,
  nodeName,
  logger,
  clock,
  troubles,
  signal,
}: PodCidrQuestion): Promise<string | undefined> {
  if (signal.aborted) return undefined; // nothing would tell of it any more
  const stop = new AbortController();
  const informer = createInformer<Node>(client, nodes, { fieldSelector: `metadata.name=${nodeName}`, logger, clock });
  const found = createDeferred<string | undefined>();
  informer.onChange(({ next }) => {
    const podCidr = next?.spec?.podCIDR;
    troubles.note('pod CIDR', podCidr === undefined ? 'the node has no pod CIDR yet' : undefined);
    if (podCidr !== undefined) found.resolve(podCidr);
  });
  signal.addEventListener('abort', () => found.resolve(undefined), { once: true });
  const run = informer.run(AbortSignal.any([signal, stop.signal]));
  const podCidr = await found.promise;
  stop.abort();
  await run;
  return podCidr;
}
