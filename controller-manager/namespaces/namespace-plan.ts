/** What of a namespace that is being deleted has to go, when it may go itself, and what it says until then. Pure. */

import type { Resource } from '../../api/resource.ts';
import { formatTime } from '../../api/time.ts';
import type { NamespaceCondition } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { KnownResource } from '../../client/discovery.ts';

export interface Leftover {
  readonly kind: Pick<Resource, 'plural' | 'group'>;
  readonly objects: readonly { readonly metadata: { readonly finalizers?: readonly string[] } }[];
}

export interface RemainingContent {
  readonly leftovers: readonly Leftover[];
  /** Until they are gone nothing else is deleted. */
  readonly podsRemain: boolean;
  readonly failures: readonly unknown[];
  /** Versions that the server could not be asked about: they may have objects in here. */
  readonly stale: readonly string[];
}

/** Nothing is left, as far as the server could tell of everything: the namespace may go. */
export function isEmptied({ leftovers, podsRemain, failures, stale }: RemainingContent): boolean {
  return !podsRemain && leftovers.length + failures.length + stale.length === 0;
}

/** Every namespaced resource whose objects can be found and deleted, in one version. */
export function isContent({ namespaced, preferred, verbs }: ContentResource): boolean {
  return namespaced && preferred && verbs.includes('list') && verbs.includes('delete');
}

type ContentResource = Pick<KnownResource, 'namespaced' | 'preferred' | 'verbs'>;

interface Observation {
  readonly leftovers: readonly Leftover[];
  /** Messages of what went wrong while deleting. */
  readonly failures: readonly string[];
  /** `group/version` of what the server could not be asked about. */
  readonly stale?: readonly string[];
  /** Wall time in milliseconds. */
  readonly now: number;
}

type Verdict = readonly [status: 'True' | 'False', reason: string, message: string];

/** All five of ours beside those of others; one that says the same as before keeps its time. */
export function computeNamespaceConditions(
  previous: DeepReadonly<NamespaceCondition[]>,
  observed: Observation,
): NamespaceCondition[] {
  const verdicts: Record<string, Verdict> = {
    NamespaceDeletionDiscoveryFailure: discoveryFailure(observed.stale ?? []),
    NamespaceDeletionGroupVersionParsingFailure: [
      'False',
      'ParsedGroupVersions',
      'All legacy kube types successfully parsed',
    ],
    NamespaceDeletionContentFailure: contentFailure(observed.failures),
    NamespaceContentRemaining: contentRemaining(observed.leftovers),
    NamespaceFinalizersRemaining: finalizersRemaining(observed.leftovers),
  };
  const lastTransitionTime = formatTime(observed.now);
  const own = Object.entries(verdicts).map(([type, [status, reason, message]]) => {
    const known = previous.find((condition) => condition.type === type);
    const kept = known?.status === status && known.lastTransitionTime;
    return { type, status, lastTransitionTime: kept || lastTransitionTime, reason, message };
  });
  const others = previous.filter(({ type }) => !Object.hasOwn(verdicts, type));
  return [...others.map((condition) => ({ ...condition })), ...own];
}

function discoveryFailure(stale: readonly string[]): Verdict {
  if (stale.length === 0) return ['False', 'ResourcesDiscovered', 'All resources successfully discovered'];
  const names = [...stale].sort().join(', ');
  return ['True', 'DiscoveryFailed', `Discovery failed for some groups, ${stale.length} failing: ${names}`];
}

function contentFailure(failures: readonly string[]): Verdict {
  if (failures.length > 0)
    return [
      'True',
      'ContentDeletionFailed',
      `Failed to delete all resource types, ${failures.length} remaining: ${[...failures].sort().join(', ')}`,
    ];
  return ['False', 'ContentDeleted', 'All content successfully deleted, may be waiting on finalization'];
}

function contentRemaining(leftovers: readonly Leftover[]): Verdict {
  if (leftovers.length === 0) return ['False', 'ContentRemoved', 'All content successfully removed'];
  const parts = leftovers.map(
    ({ kind, objects }) => `${kind.plural}.${kind.group} has ${objects.length} resource instances`,
  );
  return ['True', 'SomeResourcesRemain', `Some resources are remaining: ${parts.sort().join(', ')}`];
}

function finalizersRemaining(leftovers: readonly Leftover[]): Verdict {
  const counts = new Map<string, number>();
  for (const finalizer of leftovers.flatMap(({ objects }) =>
    objects.flatMap(({ metadata }) => metadata.finalizers ?? []),
  )) {
    counts.set(finalizer, (counts.get(finalizer) ?? 0) + 1);
  }
  if (counts.size === 0) return ['False', 'ContentHasNoFinalizers', 'All content-preserving finalizers finished'];
  const parts = [...counts].map(([finalizer, count]) => `${finalizer} in ${count} resource instances`);
  return [
    'True',
    'SomeFinalizersRemain',
    `Some content in the namespace has finalizers remaining: ${parts.sort().join(', ')}`,
  ];
}
