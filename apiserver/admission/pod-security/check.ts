/** CONTRACT: one control of the pod security standards. Each is pure, and looks at no more than the pod that it gets. */

import type { Container, EphemeralContainer, PodSpec, SecurityContext } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Level } from './level.ts';

/** A pod, or a template of one. */
export interface CheckedPod {
  readonly annotations: Readonly<Record<string, string>>;
  readonly spec: DeepReadonly<PodSpec>;
}

export interface Violation {
  /** `host namespaces`: said wherever the pod is named. */
  readonly reason: string;
  /** `hostNetwork=true`: said to whoever sent the pod. */
  readonly detail: string;
}

/** Undefined: nothing is wrong. */
export type CheckPod = (pod: CheckedPod) => Violation | undefined;

export interface Check {
  /** Upstream's; violations are said in the order of these names. */
  readonly id: string;
  readonly level: Exclude<Level, 'privileged'>;
  /** Since which minor release it is made in which way; ascending. Before the first, it is not made. */
  readonly versions: readonly (readonly [since: number, check: CheckPod])[];
  /** Checks of the lower level that would only say the same again. */
  readonly overrides?: readonly string[];
}

export type CheckedContainer = DeepReadonly<Container | EphemeralContainer>;

/** All containers of a pod, in upstream's order. */
export function* containersOf({ spec }: CheckedPod): Generator<CheckedContainer> {
  yield* spec.initContainers ?? [];
  yield* spec.containers ?? [];
  yield* spec.ephemeralContainers ?? [];
}

/** The names of the containers that are so. */
export function containersWhere(pod: CheckedPod, isSo: (container: CheckedContainer) => boolean): readonly string[] {
  const names: string[] = [];
  for (const container of containersOf(pod)) if (isSo(container)) names.push(container.name);
  return names;
}

/** Of a user in a namespace of the pod's own, root is nobody on the host. */
export const hasOwnUsers = ({ spec }: CheckedPod): boolean => spec.hostUsers === false;

/** What only Linux knows is not asked of a pod for Windows. */
export const exceptOnWindows =
  (check: CheckPod): CheckPod =>
  (pod) =>
    pod.spec.os?.name === 'windows' ? undefined : check(pod);

export const exceptWithOwnUsers =
  (check: CheckPod): CheckPod =>
  (pod) =>
    hasOwnUsers(pod) ? undefined : check(pod);

/** Settings that a pod may have for all its containers. */
type Shared = Pick<SecurityContext, 'appArmorProfile' | 'runAsUser' | 'runAsNonRoot' | 'seLinuxOptions'> &
  Pick<SecurityContext, 'seccompProfile' | 'windowsOptions'>;

/** Who sets what is not allowed, for a sentence: `pod and containers "a", "b"`. Empty: nobody. */
export function settersOf(pod: CheckedPod, isBad: (settings: DeepReadonly<Shared>) => boolean): readonly string[] {
  const setters: string[] = [];
  if (pod.spec.securityContext !== undefined && isBad(pod.spec.securityContext)) setters.push('pod');
  const names = containersWhere(pod, ({ securityContext }) => securityContext !== undefined && isBad(securityContext));
  if (names.length > 0) setters.push(containers(names));
  return setters;
}

export const plural = (one: string, many: string, count: number): string => (count === 1 ? one : many);
export const quoted = (items: readonly string[]): string => items.map((item) => `"${item}"`).join(', ');
/** `container "a"` */
export const containers = (names: readonly string[]): string =>
  `${plural('container', 'containers', names.length)} ${quoted(names)}`;
export const sorted = (items: Iterable<string>): readonly string[] => [...new Set(items)].sort(compareText);
