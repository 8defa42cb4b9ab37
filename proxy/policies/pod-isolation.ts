/** What the policies that select a pod allow it, in one direction. Pure. */

import { matchesLabelSelector } from '../../api/label-selector.ts';
import type { AllowRule, CompiledPolicy } from './compiled-policy.ts';
import { narrowToPort } from './peers.ts';
import { type PodFacts, portNamed } from './pod-facts.ts';
import type { PodIndex } from './pod-index.ts';
import type { Allow } from './port-segments.ts';

export const directions = ['ingress', 'egress'] as const;
export type Direction = (typeof directions)[number];

/** Policies by namespace, in the order of their names: the same ones always come in the same order. */
export function groupPolicies(policies: Iterable<CompiledPolicy>): ReadonlyMap<string, readonly CompiledPolicy[]> {
  const sorted = [...policies].sort((a, b) => (a.key < b.key ? -1 : 1));
  const groups = new Map<string, CompiledPolicy[]>();
  for (const policy of sorted) {
    const group = groups.get(policy.namespace);
    if (group === undefined) groups.set(policy.namespace, [policy]);
    else group.push(policy);
  }
  return groups;
}

/** Those of its namespace that select it. */
export function policiesOf(pod: PodFacts, grouped: ReadonlyMap<string, readonly CompiledPolicy[]>): CompiledPolicy[] {
  return (grouped.get(pod.namespace) ?? []).filter(({ selector }) => matchesLabelSelector(selector, pod.labels));
}

/** One text for pods to which the same policies allow the same, as `allowsOf` sees them. */
export function isolationKeyOf({ ports }: PodFacts, policies: readonly CompiledPolicy[], direction: Direction): string {
  const asksForNames = policies.some((policy) =>
    policy[direction]?.some((rule) => rule.ports?.some((port) => 'name' in port)),
  );
  const names = policies.map(({ key }) => key).join(' ');
  return `${direction} ${names} ${direction === 'ingress' && asksForNames ? JSON.stringify(ports) : ''}`;
}

/** Undefined: no policy isolates the pod in this direction. */
export function allowsOf(
  pod: PodFacts,
  policies: readonly CompiledPolicy[],
  direction: Direction,
  index: PodIndex,
): Allow[] | undefined {
  const rules = policies.flatMap((policy) => policy[direction] ?? []);
  if (rules.length === 0 && !policies.some((policy) => policy[direction] !== undefined)) return undefined;
  return rules.flatMap((rule) => resolvePorts(rule, pod, direction, index));
}

/**
 * Names of ports as numbers: of the selected pod's own, for what comes in; for what goes out of each peer's, so that
 * one rule becomes one for each number.
 */
function resolvePorts({ peers, ports }: AllowRule, pod: PodFacts, direction: Direction, index: PodIndex): Allow[] {
  if (ports === undefined) return [{ peers, ports }];
  const numbered = ports.flatMap((port) => {
    if (!('name' in port)) return [port];
    const number = direction === 'ingress' ? portNamed(pod, port.name, port.protocol) : undefined;
    return number === undefined ? [] : [{ protocol: port.protocol, from: number, to: number }];
  });
  const named = direction === 'egress' ? ports.flatMap((port) => ('name' in port ? [port] : [])) : [];
  return [
    { peers, ports: numbered },
    ...named.flatMap(({ name, protocol }) =>
      index.portNumbers(name, protocol).map((number) => ({
        peers: narrowToPort(peers, { name, protocol, number }),
        ports: [{ protocol, from: number, to: number }],
      })),
    ),
  ];
}
