/** What pods ask for and nodes have, as numbers: CPU in thousandths of a core, all else in whole units. Pure. */

import { isSidecar } from '../api/pods.ts';
import { parseQuantity } from '../api/quantity.ts';
import type { Container, PodSpec } from '../api/types/core/v1.ts';
import type { DeepReadonly } from '../base/deep-readonly.ts';

/** Amounts by resource name: `cpu` in thousandths, `memory` and `ephemeral-storage` in bytes, `pods`, and any other. */
export type Resources = ReadonlyMap<string, number>;

type Quantities = { readonly [name: string]: unknown } | undefined;
type ReadonlyContainer = DeepReadonly<Container>;

/** What the scheduler counts for a container that requests nothing, so that such pods spread too. */
const assumedRequests: Resources = new Map([
  ['cpu', 100],
  ['memory', 200 * 1024 * 1024],
]);

export function readResources(quantities: Quantities): Map<string, number> {
  const resources = new Map<string, number>();
  for (const [name, quantity] of Object.entries(quantities ?? {}))
    resources.set(name, amountOf(name, String(quantity)));
  return resources;
}

/** Adds `amounts` times `factor` to `sum`, in place. */
export function addResources(sum: Map<string, number>, amounts: Resources, factor: 1 | -1 = 1): void {
  for (const [name, amount] of amounts) sum.set(name, (sum.get(name) ?? 0) + factor * amount);
}

/**
 * What the pod needs at its hungriest moment: all containers and sidecars together, or an init container beside the
 * sidecars started before it, whichever is more; plus overhead. Requests of the pod as a whole come before those of
 * its containers.
 */
export function computePodRequests(spec: DeepReadonly<PodSpec>): Map<string, number> {
  return withPodLevel(
    spec,
    aggregate(spec, (container) => readResources(container.resources?.requests)),
  );
}

/** The same, counting an assumed amount for each container without a request of CPU or memory. */
export function computeAssumedRequests(spec: DeepReadonly<PodSpec>): Map<string, number> {
  const requestsOf = (container: ReadonlyContainer) =>
    new Map([...assumedRequests, ...readResources(container.resources?.requests)]);
  return withPodLevel(spec, aggregate(spec, requestsOf));
}

function aggregate(
  spec: DeepReadonly<PodSpec>,
  requestsOf: (container: ReadonlyContainer) => Resources,
): Map<string, number> {
  const sidecars = new Map<string, number>();
  const peaks: Resources[] = [];
  for (const container of spec.initContainers ?? []) {
    const own = requestsOf(container);
    if (isSidecar(container)) addResources(sidecars, own);
    const beside = new Map(sidecars);
    if (!isSidecar(container)) addResources(beside, own);
    peaks.push(beside);
  }
  const total = new Map(sidecars);
  for (const container of spec.containers) addResources(total, requestsOf(container));
  for (const peak of peaks) {
    for (const [name, amount] of peak) total.set(name, Math.max(total.get(name) ?? 0, amount));
  }
  return total;
}

function withPodLevel(spec: DeepReadonly<PodSpec>, total: Map<string, number>): Map<string, number> {
  const whole = spec.resources?.requests;
  for (const [name, amount] of readResources(whole)) total.set(name, amount);
  addResources(total, readResources(spec.overhead));
  return total;
}

/** Manifests repeat a few quantities many times over. */
const parsed = new Map<string, number>();
const rememberedQuantities = 4096;

function amountOf(name: string, quantity: string): number {
  const key = name === 'cpu' ? `m${quantity}` : quantity;
  let amount = parsed.get(key);
  if (amount === undefined) {
    amount = name === 'cpu' ? Math.ceil(parseQuantity(quantity) * 1000 - 1e-9) : Math.ceil(parseQuantity(quantity));
    if (parsed.size >= rememberedQuantities) parsed.clear();
    parsed.set(key, amount);
  }
  return amount;
}

const binaryUnits = ['Ki', 'Mi', 'Gi', 'Ti', 'Pi'] as const;

/** As people write it, rounded up: `300m`, `2`, `1.5Gi`, `200Mi`. */
export function amountText(name: string, amount: number): string {
  if (name === 'cpu') return amount % 1000 === 0 ? String(amount / 1000) : `${Math.ceil(amount)}m`;
  if (name !== 'memory' && name !== 'ephemeral-storage' && !name.startsWith('hugepages-')) return String(amount);
  let value = amount;
  let unit = '';
  for (const next of binaryUnits) {
    if (value < 1024) break;
    value /= 1024;
    unit = next;
  }
  return `${value < 10 ? Math.ceil(value * 10) / 10 : Math.ceil(value)}${unit}`;
}
