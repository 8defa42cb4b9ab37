/**
 * Which pods go so that a critical one finds room on its node: the fewest classes first, and of a class those that come
 * closest to what is missing. In upstream's order. Pure.
 */

import { type Amounts, lessAmounts, wholeAmount } from '../../api/amounts.ts';
import { computePodAmounts } from '../../api/pod-amounts.ts';
import { milliUnits, type Quantity, wholeUnits } from '../../api/quantity.ts';
import { isCriticalPod } from '../model/critical-pod.ts';
import type { PodObject } from '../model/pod.ts';

export interface PreemptionChoice {
  readonly victims: readonly PodObject[];
  /** Even all that may go would not be enough: what would be missing then, as upstream writes it. */
  readonly missing: string | undefined;
}

/** `missing`: how much more than there is. `others`: those that take room now. */
export function choosePreemptionVictims(
  pod: PodObject,
  others: readonly PodObject[],
  missing: Amounts,
): PreemptionChoice {
  const classes = ['BestEffort', 'Burstable', 'Guaranteed'].map((name) =>
    others.filter((other) => (other.status?.qosClass ?? 'BestEffort') === name && mayPreempt(pod, other)),
  );
  const [bestEffort = [], burstable = [], guaranteed = []] = classes;
  const left = leftAfter(missing, [...bestEffort, ...burstable, ...guaranteed]);
  if (left.size > 0) return { victims: [], missing: textOf(left) };
  // Those of a higher class only for what is missing when all of the lower ones are gone.
  const ofGuaranteed = closest(guaranteed, leftAfter(missing, [...bestEffort, ...burstable]));
  const ofBurstable = closest(burstable, leftAfter(missing, [...bestEffort, ...ofGuaranteed]));
  const ofBestEffort = closest(bestEffort, leftAfter(missing, [...ofBurstable, ...ofGuaranteed]));
  return { victims: [...ofBestEffort, ...ofBurstable, ...ofGuaranteed], missing: undefined };
}

const mayPreempt = (pod: PodObject, other: PodObject): boolean =>
  (isCriticalPod(pod) && !isCriticalPod(other)) || (pod.spec?.priority ?? 0) > (other.spec?.priority ?? 0);

function leftAfter(missing: Amounts, gone: readonly PodObject[]): Amounts {
  const left = gone.reduce((rest, pod) => lessAmounts(rest, requestsOf(pod)), missing);
  return new Map([...left].filter(([, { nanos }]) => nanos > 0n));
}

function requestsOf({ spec }: PodObject): Amounts {
  const amounts = spec === undefined ? [] : computePodAmounts(spec, 'requests', { withOverhead: true });
  return new Map([...amounts, ['pods', wholeAmount(1)]]);
}

/** One after the other, until nothing is missing; they are enough together. */
function closest(pods: readonly PodObject[], missing: Amounts): PodObject[] {
  if (missing.size === 0) return [];
  const [next] = [...pods].sort((a, b) => distanceOf(missing, a) - distanceOf(missing, b) || compareSize(a, b));
  if (next === undefined) return [];
  return [
    next,
    ...closest(
      pods.filter((pod) => pod !== next),
      leftAfter(missing, [next]),
    ),
  ];
}

/** 0: with it gone nothing is missing. */
function distanceOf(missing: Amounts, pod: PodObject): number {
  const requests = requestsOf(pod);
  return [...missing].reduce((sum, [name, { nanos }]) => {
    const left = Number(nanos - (requests.get(name)?.nanos ?? 0n));
    return left > 0 ? sum + (left / Number(nanos)) ** 2 : sum;
  }, 0);
}

/** Of two that are as close the one that asks for less goes. */
function compareSize(a: PodObject, b: PodObject): number {
  const sizeOf = (pod: PodObject, name: string) => Number(requestsOf(pod).get(name)?.nanos ?? 0n);
  return sizeOf(a, 'memory') - sizeOf(b, 'memory') || sizeOf(a, 'cpu') - sizeOf(b, 'cpu');
}

/** `[(res: cpu, q: 100), ]`: CPU in thousandths. */
function textOf(amounts: Amounts): string {
  const unitsOf = (name: string, quantity: Quantity) => (name === 'cpu' ? milliUnits(quantity) : wholeUnits(quantity));
  return `[${[...amounts].map(([name, quantity]) => `(res: ${name}, q: ${unitsOf(name, quantity)}), `).join('')}]`;
}
