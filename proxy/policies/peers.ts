/** Who may be at the other end of a connection, as policies say it: pods by selectors, and blocks of addresses. Pure. */

import type { AddressRange } from './address-ranges.ts';
import { coversAll, isInRanges, mergeRanges } from './address-ranges.ts';
import { type PodFacts, portNamed } from './pod-facts.ts';
import type { NamespaceChoice, PodIndex, Selector } from './pod-index.ts';

/** Pods that a selector chooses; narrowed to those that have a port of a name at a number, and are in some ranges. */
export interface PodPeer {
  readonly namespaces: NamespaceChoice;
  readonly selector: Selector;
  readonly port?: { readonly name: string; readonly protocol: string; readonly number: number };
  readonly within?: readonly AddressRange[];
}

/** All of these. */
export interface Peers {
  readonly pods: readonly PodPeer[];
  readonly ranges: readonly AddressRange[];
}

export const anyone = 'anyone';
export type PeerChoice = Peers | typeof anyone;

export const everyPod: PodPeer = { namespaces: { labelled: {} }, selector: {} };

/** Policies keep their peers from one program to the next. */
const keys = new WeakMap<PodPeer, string>();

function keyOf(peer: PodPeer): string {
  const known = keys.get(peer);
  if (known !== undefined) return known;
  const key = JSON.stringify(peer);
  keys.set(peer, key);
  return key;
}

/** Who is in one of them; one text for one choice. */
export function uniteChoices(choices: readonly PeerChoice[]): { readonly choice: PeerChoice; readonly key: string } {
  const pods = new Map<string, PodPeer>();
  const ranges: AddressRange[] = [];
  for (const choice of choices) {
    if (choice === anyone) return { choice, key: anyone };
    for (const peer of choice.pods) pods.set(keyOf(peer), peer);
    ranges.push(...choice.ranges);
  }
  const merged = mergeRanges(ranges);
  if (coversAll(merged)) return { choice: anyone, key: anyone };
  const sorted = [...pods.keys()].sort();
  const peers = sorted.flatMap((key) => pods.get(key) ?? []);
  return { choice: { pods: peers, ranges: merged }, key: JSON.stringify([sorted, merged]) };
}

/** Those of a choice at which a name of a port stands for this number: only pods have names for ports. */
export function narrowToPort(choice: PeerChoice, port: NonNullable<PodPeer['port']>): Peers {
  if (choice === anyone) return { pods: [{ ...everyPod, port }], ranges: [] };
  const inRanges: PodPeer[] = choice.ranges.length === 0 ? [] : [{ ...everyPod, port, within: choice.ranges }];
  return { pods: [...choice.pods.map((peer) => ({ ...peer, port })), ...inRanges], ranges: [] };
}

/** The pods among them. */
export function podsOf({ pods }: Peers, index: PodIndex): PodFacts[] {
  return pods.flatMap(({ namespaces, selector, port, within }) =>
    index
      .select(namespaces, selector)
      .filter(
        (pod) =>
          (port === undefined || portNamed(pod, port.name, port.protocol) === port.number) &&
          (within === undefined || isInRanges(within, pod.address)),
      ),
  );
}
