/** What a Job's policies say of a failed pod, and of indexes that have succeeded. Pure. */

import type { PodFailurePolicyRule, SuccessPolicy } from '../../../api/types/batch/v1.ts';
import type { ContainerStatus, Pod } from '../../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { IndexSet } from './index-set.ts';

type Rule = DeepReadonly<PodFailurePolicyRule>;
type Action = 'FailJob' | 'FailIndex' | 'Ignore' | 'Count';

export interface FailureVerdict {
  /** Which rule spoke; absent when none did. */
  readonly action?: Action;
  /** It counts against the limits. */
  readonly counts: boolean;
  /** Of `FailJob`: why, for the Job's condition. */
  readonly message?: string;
}

/** The first rule that matches speaks; without one the failure counts. */
export function judgeFailure(
  policy: { readonly rules: readonly Rule[] } | undefined,
  pod: Cached<Pod>,
): FailureVerdict {
  for (const [i, rule] of (policy?.rules ?? []).entries()) {
    const why = matchExitCodes(rule, pod) ?? matchConditions(rule, pod);
    if (why === undefined) continue;
    switch (rule.action) {
      case 'Ignore':
        return { action: 'Ignore', counts: false };
      case 'FailIndex':
        return { action: 'FailIndex', counts: true };
      case 'Count':
        return { action: 'Count', counts: true };
      case 'FailJob':
        return { action: 'FailJob', counts: true, message: `${why} matching FailJob rule at index ${i}` };
    }
  }
  return { counts: true };
}

function matchExitCodes({ onExitCodes }: Rule, { metadata, status }: Cached<Pod>): string | undefined {
  if (onExitCodes === undefined) return undefined;
  const { containerName, operator, values } = onExitCodes;
  const matches = ({ name, state }: DeepReadonly<ContainerStatus>) => {
    const exitCode = state?.terminated?.exitCode ?? 0;
    if (exitCode === 0 || (containerName !== undefined && containerName !== name)) return false;
    return operator === 'In' ? values.includes(exitCode) : operator === 'NotIn' && !values.includes(exitCode);
  };
  const found = [...(status?.containerStatuses ?? []), ...(status?.initContainerStatuses ?? [])].find(matches);
  if (found === undefined) return undefined;
  const pod = `${metadata.namespace}/${metadata.name}`;
  return `Container ${found.name} for pod ${pod} failed with exit code ${found.state?.terminated?.exitCode}`;
}

function matchConditions({ onPodConditions = [] }: Rule, { metadata, status }: Cached<Pod>): string | undefined {
  const found = (status?.conditions ?? []).find((condition) =>
    onPodConditions.some((wanted) => wanted.type === condition.type && (wanted.status ?? 'True') === condition.status),
  );
  return found && `Pod ${metadata.namespace}/${metadata.name} has condition ${found.type}`;
}

/** Why the Job has succeeded although not all of its indexes have; undefined: it has not. */
export function matchSuccess(
  policy: DeepReadonly<SuccessPolicy> | undefined,
  completions: number,
  succeeded: IndexSet,
): string | undefined {
  for (const [i, { succeededIndexes, succeededCount }] of (policy?.rules ?? []).entries()) {
    const wanted = succeededIndexes === undefined ? undefined : IndexSet.parse(succeededIndexes, completions);
    const found = wanted === undefined ? succeeded.size : wanted.countCommon(succeeded);
    const needed = succeededCount ?? wanted?.size;
    if (needed !== undefined && found >= needed) return `Matched rules at index ${i}`;
  }
  return undefined;
}
