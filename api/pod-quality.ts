/** A pod's quality-of-service class: how much of what it uses it has asked for. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { readQuantity } from './quantity.ts';
import type { PodSpec } from './types/core/v1.ts';

export type QualityClass = 'Guaranteed' | 'Burstable' | 'BestEffort';

const counted = ['cpu', 'memory'];

interface Amounts {
  readonly requests?: unknown;
  readonly limits?: unknown;
}

function positive(amounts: unknown): Map<string, bigint> {
  const found = new Map<string, bigint>();
  for (const [name, text] of Object.entries(amounts ?? {})) {
    if (!counted.includes(name)) continue;
    const { nanos } = readQuantity(text);
    if (nanos > 0n) found.set(name, nanos);
  }
  return found;
}

/** Pod-level requests and limits, where there are any, decide alone. */
export function computeQualityClass(spec: DeepReadonly<PodSpec>): QualityClass {
  const own = spec.resources && hasAmounts(spec.resources) ? [spec.resources] : undefined;
  const parts: readonly Amounts[] =
    own ?? [...spec.containers, ...(spec.initContainers ?? [])].map(({ resources }) => resources ?? {});
  const requests = new Map<string, bigint>();
  const limits = new Map<string, bigint>();
  let guaranteed = true;
  for (const part of parts) {
    for (const [name, amount] of positive(part.requests)) requests.set(name, (requests.get(name) ?? 0n) + amount);
    const ownLimits = positive(part.limits);
    for (const [name, amount] of ownLimits) limits.set(name, (limits.get(name) ?? 0n) + amount);
    if (!counted.every((name) => ownLimits.has(name))) guaranteed = false;
  }
  if (requests.size === 0 && limits.size === 0) return 'BestEffort';
  if (
    guaranteed &&
    requests.size === limits.size &&
    [...requests].every(([name, amount]) => limits.get(name) === amount)
  )
    return 'Guaranteed';
  return 'Burstable';
}

const hasAmounts = ({ requests, limits }: Amounts): boolean =>
  Object.keys(requests ?? {}).length > 0 || Object.keys(limits ?? {}).length > 0;
