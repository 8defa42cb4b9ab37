/** The resources that count more in a quota than the number of their objects. A further one is a further row. */

import { claimUsage } from './claim-usage.ts';
import { deviceClaimUsage } from './device-claim-usage.ts';
import { podUsage } from './pod-usage.ts';
import { countOnly, type GroupResource, type QuotaUsage } from './quota-usage.ts';
import { serviceUsage } from './service-usage.ts';

const table: readonly QuotaUsage[] = [podUsage, serviceUsage, claimUsage, deviceClaimUsage];

const idOf = ({ group, plural }: GroupResource): string => `${group}/${plural}`;
const known = new Map(table.map((usage) => [idOf(usage.resource), usage]));

/** Events come and go by themselves, and would use up what others need. */
const uncounted = ['/events', 'events.k8s.io/events'];

/** Undefined: objects of this resource count in no quota. */
export function quotaUsageOf(resource: GroupResource): QuotaUsage | undefined {
  const id = idOf(resource);
  if (uncounted.includes(id)) return undefined;
  let usage = known.get(id);
  if (usage === undefined) {
    usage = countOnly(resource);
    known.set(id, usage);
  }
  return usage;
}
