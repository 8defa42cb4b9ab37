/** Where policies cannot be enforced, each is told so by an event: a cluster must not look safer than it is. */

import { networkPolicies } from '../../api/resources/networking.ts';
import type { NetworkPolicy } from '../../api/types/networking/v1.ts';
import type { Clock } from '../../base/clock.ts';
import type { Logger } from '../../base/logger.ts';
import type { Reader, Watcher } from '../../client/client.ts';
import type { EventSubject } from '../../client/event-correlator.ts';
import { createInformer } from '../../client/informer.ts';

export interface UnenforcedPoliciesOptions {
  readonly client: Reader & Watcher;
  readonly nodeName: string;
  readonly clock: Clock;
  readonly logger: Logger;
  readonly tell: (reason: string, message: string, policy: EventSubject) => void;
}

/** Tells of each policy there is, and of each that comes, once. Until `signal` aborts. Never rejects. */
export async function tellUnenforcedPolicies(options: UnenforcedPoliciesOptions, signal: AbortSignal): Promise<void> {
  const { client, nodeName, clock, logger, tell } = options;
  const policies = createInformer<NetworkPolicy>(client, networkPolicies, { clock, logger, metadataOnly: true });
  const message =
    `The proxy of node ${nodeName} does not enforce policies: it forwards traffic itself (mode userspace), which is ` +
    'for hosts on which nftables cannot be used';
  policies.onChange(({ type, next }) => {
    if (type === 'added') tell('NetworkPolicyNotEnforced', message, next);
  });
  await policies.run(signal);
}
