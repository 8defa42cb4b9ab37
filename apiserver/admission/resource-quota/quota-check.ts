/** What one write asks of one quota, and whether the quota has it. In upstream's words. Pure. */

import {
  type Amounts,
  addAmounts,
  excessAmounts,
  onlyAmounts,
  readAmounts,
  showAmounts,
} from '../../../api/amounts.ts';
import type { KubernetesObject, Stored } from '../../../api/object.ts';
import type { QuotaUsage, Requirement } from '../../../api/quota/quota-usage.ts';
import { requirementsOf } from '../../../api/quota/scopes.ts';
import type { ResourceQuota } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';

export type Quota = DeepReadonly<Stored<ResourceQuota>>;

/** A write, as quotas count it. */
export interface CountedWrite {
  readonly usage: QuotaUsage;
  readonly object: DeepReadonly<KubernetesObject>;
  /** Absent: it is new. */
  readonly previous: DeepReadonly<KubernetesObject> | undefined;
  readonly now: number;
}

/** Nothing; or what the write adds; or why it may not be judged at all. */
export type Demand = { readonly amounts: Amounts } | { readonly refusal: string } | undefined;

export function isInScopes(
  { usage }: Pick<CountedWrite, 'usage'>,
  { spec }: Quota,
  object: DeepReadonly<KubernetesObject>,
): boolean {
  return requirementsOf(spec).every((requirement) => usage.isInScope?.(requirement, object) ?? false);
}

/** Whether the quota is about such writes at all. Only what its status has limits yet. */
export function isConcerned(write: CountedWrite, quota: Quota): boolean {
  const limits = Object.keys(quota.status?.hard ?? {});
  return limits.some((name) => write.usage.isMatching(name)) && isInScopes(write, quota, write.object);
}

export function demandOn(quota: Quota, write: CountedWrite): Demand {
  if (!isConcerned(write, quota)) return undefined;
  const { name } = quota.metadata;
  const limited = Object.keys(quota.status?.hard ?? {}).filter((resource) => write.usage.isMatching(resource));
  const incomplete = write.usage.whyIncomplete?.(limited, write.object);
  if (incomplete !== undefined) return { refusal: `failed quota: ${name}: ${incomplete}` };
  const used = quota.status?.used ?? {};
  if (limited.some((resource) => !Object.hasOwn(used, resource))) {
    return { refusal: `status unknown for quota: ${name}, resources: ${limited.sort().join(',')}` };
  }
  const added = addedBy(write, write.previous !== undefined && isInScopes(write, quota, write.previous));
  const amounts = onlyAmounts(added, (resource) => limited.includes(resource));
  return amounts.size === 0 ? undefined : { amounts };
}

/** What is not new counts by what it has more than before: less is counted once it is seen (by the controller). */
function addedBy({ usage, object, previous, now }: CountedWrite, wasCounted: boolean): Amounts {
  const before: Amounts = previous !== undefined && wasCounted ? usage.usageOf(previous, now) : new Map();
  return excessAmounts(usage.usageOf(object, now), before);
}

/** Resources of which the write asks less than nothing, which nobody may. */
export function negativeUsage({ usage, object, now }: CountedWrite): string | undefined {
  const names = [...usage.usageOf(object, now)].filter(([, { nanos }]) => nanos < 0n).map(([name]) => name);
  return names.length === 0 ? undefined : `quota usage is negative for resource(s): ${names.sort().join(',')}`;
}

export type Charge = { readonly used: Amounts } | { readonly refusal: string };

/** What is used once `demand` is granted. `used` counts all that was granted before. */
export function charge(quota: Quota, used: Amounts, demand: Amounts): Charge {
  const hard = readAmounts(quota.status?.hard);
  const next = new Map(used);
  addAmounts(next, demand);
  const isExceeded = (name: string) => (next.get(name)?.nanos ?? 0n) > (hard.get(name)?.nanos ?? 0n);
  const exceeded = [...demand.keys()].filter(isExceeded);
  if (exceeded.length === 0) return { used: next };
  const shown = (amounts: Amounts) => showAmounts(onlyAmounts(amounts, (name) => exceeded.includes(name)));
  const { name } = quota.metadata;
  return {
    refusal: `exceeded quota: ${name}, requested: ${shown(demand)}, used: ${shown(used)}, limited: ${shown(hard)}`,
  };
}

/** A resource of which nothing may be used that no quota limits. */
export interface LimitedResource {
  readonly group: string;
  readonly plural: string;
  /** Parts of the names in a quota. */
  readonly matchContains: readonly string[];
  readonly matchScopes: readonly Requirement[];
}

/** What the configuration wants a quota for, and none of the namespace's has. */
export function whyUncovered(
  write: CountedWrite,
  quotas: readonly Quota[],
  configured: readonly LimitedResource[],
): string | undefined {
  if (configured.length === 0) return undefined;
  const { usage, object, previous, now } = write;
  const added = addedBy(write, true);
  if (previous !== undefined && added.size === 0) return undefined;
  const { group, plural } = usage.resource;
  const parts = configured
    .filter((limited) => limited.group === group && limited.plural === plural)
    .flatMap(({ matchContains }) => matchContains);
  const covered = quotas
    .filter((quota) => isConcerned(write, quota))
    .flatMap(({ status }) => Object.keys(status?.hard ?? {}));
  const consumed = [...usage.usageOf(object, now)].filter(([, { nanos }]) => nanos > 0n).map(([name]) => name);
  const bare = consumed.filter((name) => parts.some((part) => name.includes(part)) && !covered.includes(name));
  if (bare.length > 0) return `insufficient quota to consume: ${bare.sort().join(',')}`;
  const isIn = (requirement: Requirement) => usage.isInScope?.(requirement, object) ?? false;
  const covering = quotas.flatMap(({ spec }) => requirementsOf(spec).filter(isIn)).map(({ scopeName }) => scopeName);
  const open = configured
    .flatMap(({ matchScopes }) => matchScopes)
    .filter((requirement) => isIn(requirement) && !covering.includes(requirement.scopeName));
  return open.length === 0
    ? undefined
    : `insufficient quota to match these scopes: [${open.map(showRequirement).join(' ')}]`;
}

/** As Go prints it. */
const showRequirement = ({ scopeName, operator, values = [] }: Requirement): string =>
  `{${scopeName} ${operator} [${values.join(' ')}]}`;
