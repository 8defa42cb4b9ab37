/** What a namespace uses of its quotas, counted from its objects, and what a quota's status should say. Pure. */

import {
  type Amounts,
  addAmounts,
  onlyAmounts,
  readAmounts,
  sameAmounts,
  wholeAmount,
  writeAmounts,
} from '../../api/amounts.ts';
import type { KubernetesObject } from '../../api/object.ts';
import type { Quantity } from '../../api/quantity.ts';
import type { QuotaUsage } from '../../api/quota/quota-usage.ts';
import { requirementsOf } from '../../api/quota/scopes.ts';
import type { ResourceQuota, ResourceQuotaStatus } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

type Quota = DeepReadonly<ResourceQuota>;
type Item = DeepReadonly<KubernetesObject>;

/** Objects of one resource in the quota's namespace. */
export interface Counted {
  readonly usage: QuotaUsage;
  readonly objects: Iterable<Item>;
}

/** What the object counts in the quota, by the names that the quota limits. */
export function countedIn(quota: Quota, usage: QuotaUsage, object: Item, now: number): Amounts {
  const isInScopes = requirementsOf(quota.spec).every((requirement) => usage.isInScope?.(requirement, object) ?? false);
  if (!isInScopes) return new Map();
  const hard = quota.spec?.hard ?? {};
  return onlyAmounts(usage.usageOf(object, now), (name) => Object.hasOwn(hard, name) && usage.isMatching(name));
}

export const isLimiting = (quota: Quota, usage: QuotaUsage): boolean =>
  Object.keys(quota.spec?.hard ?? {}).some((name) => usage.isMatching(name));

/** Everything that the quota limits and `resources` have; what nobody has of it is 0. */
export function countUsed(quota: Quota, resources: readonly Counted[], now: number): Amounts {
  const used = new Map<string, Quantity>();
  for (const { usage, objects } of resources) {
    for (const name of Object.keys(quota.spec?.hard ?? {})) if (usage.isMatching(name)) used.set(name, wholeAmount(0));
    for (const object of objects) addAmounts(used, countedIn(quota, usage, object, now));
  }
  return used;
}

/**
 * The status to write; undefined: it says so already. What is `pending` was charged for objects that are not seen yet:
 * until they are, no more than the rest is given back.
 */
export function planStatus(quota: Quota, counted: Amounts, pending: Amounts): ResourceQuotaStatus | undefined {
  const hard = readAmounts(quota.spec?.hard);
  const before = readAmounts(quota.status?.used);
  const used = new Map<string, Quantity>();
  for (const name of hard.keys()) {
    const [known, found] = [before.get(name), counted.get(name)];
    const amount = found === undefined ? known : usedOf(known, found, pending.get(name)?.nanos ?? 0n);
    if (amount !== undefined) used.set(name, amount);
  }
  const isTrue = sameAmounts(readAmounts(quota.status?.hard), hard) && sameAmounts(before, used);
  if (isTrue && quota.status?.hard !== undefined) return undefined;
  return { hard: { ...quota.spec?.hard }, used: writeAmounts(used) };
}

function usedOf(known: Quantity | undefined, found: Quantity, pending: bigint): Quantity {
  if (known === undefined || known.nanos <= found.nanos) return found;
  const least = found.nanos + pending;
  return least >= known.nanos
    ? known
    : { ...found, format: pending === 0n ? found.format : known.format, nanos: least };
}
