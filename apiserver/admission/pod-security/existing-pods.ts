/** What a namespace's pods would be refused for under a level that is new to it: said in warnings, as they go on running. */

import { setImmediate as nextTurn } from 'node:timers/promises';
import type { Stored } from '../../../api/object.ts';
import { pods } from '../../../api/resources/core.ts';
import type { Pod } from '../../../api/types/core/v1.ts';
import type { Clock } from '../../../base/clock.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { ObjectReader } from '../../registry/object-reader.ts';
import type { CheckedPod } from './check.ts';
import { evaluatePod, reasonsOf } from './evaluate.ts';
import { formatLevelVersion, type LevelVersion } from './level.ts';

/** As upstream: whoever labels a large namespace is not kept waiting. */
const maxPods = 3000;
const maxMs = 1000;
/** Other requests have their turn after so many. */
const podsInTurn = 100;

export interface ExistingPods {
  readonly objects: ObjectReader;
  readonly clock: Pick<Clock, 'monotonic'>;
  isExempt(pod: DeepReadonly<Pod>): boolean;
  toChecked(pod: DeepReadonly<Pod>): CheckedPod;
}

/** The warnings of upstream, in its order. */
export async function warnOfExistingPods(
  parts: ExistingPods,
  namespace: string,
  enforce: LevelVersion,
): Promise<readonly string[]> {
  const endsAt = parts.clock.monotonic() + maxMs;
  const found = new Violators();
  let checked = 0;
  let total = 0;
  for await (const pod of podsOnce(parts, namespace, (count) => {
    total = count;
  })) {
    if (checked >= maxPods || parts.clock.monotonic() >= endsAt) break;
    checked += 1;
    found.add(pod.metadata.name, reasonsOf(evaluatePod(enforce, parts.toChecked(pod))));
  }
  return [
    ...(checked < total
      ? [`new PodSecurity enforce level only checked against the first ${checked} of ${total} existing pods`]
      : []),
    ...(found.isEmpty
      ? []
      : [
          `existing pods in namespace "${namespace}" violate the new PodSecurity enforce level "${formatLevelVersion(enforce)}"`,
        ]),
    ...found.lines,
  ];
}

/** One of each controller's first: the others are most likely the same. */
async function* podsOnce(
  { objects, isExempt }: ExistingPods,
  namespace: string,
  count: (pods: number) => void,
): AsyncGenerator<DeepReadonly<Stored<Pod>>> {
  const names = await namesOf(objects, namespace);
  let total = names.length;
  const controllers = new Set<string>();
  const later: string[] = [];
  let seen = 0;
  for (const name of names) {
    seen += 1;
    if (seen % podsInTurn === 0) await nextTurn();
    const pod = await objects.find(pods, { namespace, name });
    if (pod === undefined || isExempt(pod)) total -= 1;
    count(total);
    if (pod === undefined || isExempt(pod)) continue;
    const controller = pod.metadata.ownerReferences?.find((owner) => owner.controller)?.uid;
    if (controller !== undefined && controllers.has(controller)) later.push(name);
    else yield pod;
    if (controller !== undefined) controllers.add(controller);
  }
  for (const name of later) {
    seen += 1;
    if (seen % podsInTurn === 0) await nextTurn();
    const pod = await objects.find(pods, { namespace, name });
    if (pod !== undefined) yield pod;
  }
}

/** Without looking into any of them. */
async function namesOf(objects: ObjectReader, namespace: string): Promise<readonly string[]> {
  const names: string[] = [];
  const note = ({ name }: { readonly name: string }): boolean => {
    names.push(name);
    return false;
  };
  await objects.all(pods, { namespace, matches: note });
  return names;
}

/** Pods by what is wrong with them; each group is known by the first of its names. */
class Violators {
  readonly #groups = new Map<string, { first: string; count: number }>();

  get isEmpty(): boolean {
    return this.#groups.size === 0;
  }

  add(name: string, reasons: string): void {
    if (reasons === '') return;
    const group = this.#groups.get(reasons) ?? { first: name, count: 0 };
    if (compareText(name, group.first) < 0) group.first = name;
    group.count += 1;
    this.#groups.set(reasons, group);
  }

  get lines(): readonly string[] {
    return [...this.#groups]
      .map(([reasons, { first, count }]) => `${first}${others(count - 1)}: ${reasons}`)
      .sort(compareText);
  }
}

function others(count: number): string {
  if (count === 0) return '';
  return ` (and ${count} other ${count === 1 ? 'pod' : 'pods'})`;
}
