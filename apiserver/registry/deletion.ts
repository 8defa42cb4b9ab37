/** What a DELETE does to an object: nothing yet (finalizers, grace), or its end. Pure. */

import { foregroundFinalizer, orphanFinalizer } from '../../api/finalizers.ts';
import { copyJson, equalJson } from '../../api/json-record.ts';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { formatTime, parseTime } from '../../api/time.ts';
import type { DeleteStrategy, PropagationPolicy } from '../../kinds/kind.ts';
import { metadataOf } from './object-metadata.ts';

/** How a kind is deleted. */
type Deleting = DeleteStrategy<KubernetesObject>;

export interface DeletionOptions {
  readonly gracePeriodSeconds?: number | undefined;
  readonly propagationPolicy?: PropagationPolicy | undefined;
  /** The old way to say Orphan (true) or Background (false). */
  readonly orphanDependents?: boolean | undefined;
  readonly preconditions?:
    | { readonly uid?: string | undefined; readonly resourceVersion?: string | undefined }
    | undefined;
  readonly dryRun: boolean;
  /** `ignoreStoreReadErrorWithClusterBreakingPotential`: the object cannot be read, and goes all the same. */
  readonly ignoreReadError?: boolean | undefined;
}

export type DeletionDecision =
  /** The object goes now; `object` is what the answer shows. */
  | { readonly type: 'remove'; readonly object: Stored }
  /** The same, but it is written before: watchers see that the time it was given is over, and its last state says so. */
  | { readonly type: 'markAndRemove'; readonly object: Stored }
  /** The object stays, marked: somebody has to finish first. */
  | { readonly type: 'mark'; readonly object: Stored }
  /** It is marked already and this request changes nothing. */
  | { readonly type: 'keep'; readonly object: Stored };

/** `current` is the caller's own copy: the decision holds it, changed. */
export function decideDeletion(
  strategy: Deleting,
  current: Stored,
  options: DeletionOptions,
  now: number,
): DeletionDecision {
  const before = copyJson(current.metadata);
  const metadata = metadataOf(current);
  const finalizers = finalizersFor(strategy, current, options);
  if (finalizers.length > 0) metadata.finalizers = finalizers;
  else delete metadata.finalizers;
  const { twoStepDeletion } = strategy;
  if (twoStepDeletion) {
    if (metadata.deletionTimestamp !== undefined) {
      const isHeld = twoStepDeletion.isHeld(current) || finalizers.length > 0;
      if (!isHeld) return { type: 'remove', object: current };
      return { type: equalJson(metadata, before) ? 'keep' : 'mark', object: current };
    }
    metadata.deletionTimestamp = formatTime(now);
    twoStepDeletion.markDeleted(current);
    return { type: 'mark', object: current };
  }
  const graceful = strategy.gracePeriodSeconds !== undefined;
  if (graceful) markGraceful(strategy, current, options, now);
  const grace = metadata.deletionGracePeriodSeconds ?? 0;
  if (finalizers.length === 0 && (!graceful || grace === 0)) {
    return { type: graceful && !equalJson(metadata, before) ? 'markAndRemove' : 'remove', object: current };
  }
  if (!graceful) mark(current, 0, now);
  return { type: equalJson(metadata, before) ? 'keep' : 'mark', object: current };
}

/** An update has taken the last finalizer from an object whose grace is over: the update is its deletion. */
export function endsWithUpdate(strategy: Deleting, next: Stored): boolean {
  if (strategy.twoStepDeletion?.isHeld(next)) return false;
  const { deletionTimestamp, deletionGracePeriodSeconds, finalizers } = next.metadata;
  return deletionTimestamp !== undefined && (deletionGracePeriodSeconds ?? 0) === 0 && (finalizers ?? []).length === 0;
}

function finalizersFor(strategy: Deleting, current: Stored, options: DeletionOptions): string[] {
  const before = current.metadata.finalizers ?? [];
  const policy = policyOf(strategy, before, options);
  const others = before.filter((finalizer) => finalizer !== orphanFinalizer && finalizer !== foregroundFinalizer);
  if (policy === 'Orphan') return [...others, orphanFinalizer];
  if (policy === 'Foreground') return [...others, foregroundFinalizer];
  return others;
}

/** Asked for, or else what finalizers on the object already say, or else the kind's default. */
function policyOf(strategy: Deleting, finalizers: readonly string[], options: DeletionOptions): PropagationPolicy {
  if (options.propagationPolicy !== undefined) return options.propagationPolicy;
  if (options.orphanDependents !== undefined) return options.orphanDependents ? 'Orphan' : 'Background';
  if (finalizers.includes(orphanFinalizer)) return 'Orphan';
  if (finalizers.includes(foregroundFinalizer)) return 'Foreground';
  return strategy.defaultPropagationPolicy ?? 'Background';
}

function markGraceful(strategy: Deleting, current: Stored, options: DeletionOptions, now: number): void {
  const asked = options.gracePeriodSeconds;
  const metadata = metadataOf(current);
  if (metadata.deletionTimestamp === undefined) {
    const grace = strategy.gracePeriodSeconds?.(
      current,
      asked === undefined ? undefined : Math.max(asked, asked < 0 ? 1 : 0),
    );
    mark(current, grace ?? 0, now);
    return;
  }
  // A second DELETE can only shorten the time that is left.
  const left = metadata.deletionGracePeriodSeconds ?? 0;
  const grace = strategy.gracePeriodSeconds?.(current, asked === undefined ? left : asked < 0 ? 1 : asked) ?? 0;
  if (grace >= left) return;
  metadata.deletionTimestamp = formatTime((parseTime(metadata.deletionTimestamp) ?? now) - (left - grace) * 1000);
  metadata.deletionGracePeriodSeconds = grace;
}

function mark(current: Stored, graceSeconds: number, now: number): void {
  const metadata = metadataOf(current);
  if (metadata.deletionTimestamp !== undefined) return;
  metadata.deletionTimestamp = formatTime(now + graceSeconds * 1000);
  metadata.deletionGracePeriodSeconds = graceSeconds;
  if (metadata.generation !== undefined && metadata.generation > 0) metadata.generation += 1;
}
