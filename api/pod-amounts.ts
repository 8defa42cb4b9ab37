/** What a pod as a whole requests, and what limits it has: exact, as limits and quotas count. Pure. */

import type { DeepReadonly } from '../base/deep-readonly.ts';
import { type Amounts, addAmounts, raiseAmounts, readAmounts } from './amounts.ts';
import { isSidecar } from './pods.ts';
import { type Quantity, readQuantity } from './quantity.ts';
import type { Container, PodSpec, PodStatus } from './types/core/v1.ts';

type Side = 'requests' | 'limits';

interface Options {
  /** What the pod's runtime class costs is part of it. */
  readonly withOverhead: boolean;
  /** Containers hold what they have, until they have become smaller. Default: only what they ask for counts. */
  readonly status?: DeepReadonly<PodStatus> | undefined;
}

/**
 * At its hungriest moment: all containers and sidecars together, or an init container beside the sidecars started
 * before it, whichever is more. What the pod says as a whole comes before what its containers say.
 */
export function computePodAmounts(spec: DeepReadonly<PodSpec>, side: Side, options: Options): Amounts {
  const { withOverhead, status } = options;
  const held = heldByContainer(status, side);
  const total = sumOfContainers(spec, ({ name, resources }) => {
    const amounts = readAmounts(resources?.[side]);
    for (const holding of held.get(name) ?? []) raiseAmounts(amounts, holding);
    return amounts;
  });
  for (const [name, quantity] of readAmounts(spec.resources?.[side])) if (isPodLevel(name)) total.set(name, quantity);
  if (withOverhead && spec.overhead !== undefined) addOverhead(total, readAmounts(spec.overhead), side);
  return total;
}

function heldByContainer(status: DeepReadonly<PodStatus> | undefined, side: Side): ReadonlyMap<string, Amounts[]> {
  const statuses = [...(status?.initContainerStatuses ?? []), ...(status?.containerStatuses ?? [])];
  return new Map(
    statuses.map(({ name, resources, allocatedResources }) => [
      name,
      [resources?.[side], side === 'requests' ? allocatedResources : undefined].map(readAmounts),
    ]),
  );
}

function sumOfContainers(
  spec: DeepReadonly<PodSpec>,
  amountsOf: (container: DeepReadonly<Container>) => Amounts,
): Map<string, Quantity> {
  const sidecars = new Map<string, Quantity>();
  const peak = new Map<string, Quantity>();
  for (const container of spec.initContainers ?? []) {
    const amounts = amountsOf(container);
    if (isSidecar(container)) addAmounts(sidecars, amounts);
    const beside = new Map(sidecars);
    if (!isSidecar(container)) addAmounts(beside, amounts);
    raiseAmounts(peak, beside);
  }
  const total = new Map<string, Quantity>();
  for (const container of spec.containers) addAmounts(total, amountsOf(container));
  addAmounts(total, sidecars);
  raiseAmounts(total, peak);
  return total;
}

/** How much of it the pod as a whole may have; undefined: it says nothing of that. */
export function podLevelLimit({ resources }: DeepReadonly<PodSpec>, name: string): string | undefined {
  const limit = resources?.limits?.[name];
  return limit !== undefined && readQuantity(limit).nanos > 0n ? limit : undefined;
}

/** It says for itself, not only by its containers, what it needs. */
export function hasPodLevelAmounts({ resources }: DeepReadonly<PodSpec>): boolean {
  return [resources?.requests, resources?.limits].some((amounts) => Object.keys(amounts ?? {}).some(isPodLevel));
}

/** What a pod can say as a whole. */
const isPodLevel = (name: string): boolean => name === 'cpu' || name === 'memory' || name.startsWith('hugepages-');

/** Nothing is limited by overhead alone. */
function addOverhead(total: Map<string, Quantity>, overhead: Amounts, side: Side): void {
  const added = side === 'requests' ? overhead : [...overhead].filter(([name]) => (total.get(name)?.nanos ?? 0n) > 0n);
  addAmounts(total, new Map(added));
}
