/** A rollback that was asked for by annotation, as the old API did: what becomes of it. Pure. */

import { goQuote } from '../../../api/go-text.ts';
import { parseInt64 } from '../../../api/int64.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { lastRevision, revisionOf, rollbackToAnnotation, type SetHistory } from './set-history.ts';
import { sameTemplate } from './template-identity.ts';

export interface RollbackPlan {
  /** Whose template the Deployment gets; absent: it keeps its own. */
  readonly target?: Cached<ReplicaSet>;
  readonly event: { readonly type: 'Normal' | 'Warning'; readonly reason: string; readonly message: string };
}

/** The revision that is asked for, 0 for the last one; undefined when none is. */
export function wantedRollback({ metadata }: Cached<Deployment>): bigint | undefined {
  const text = metadata.annotations?.[rollbackToAnnotation];
  return text === undefined ? undefined : parseInt64(text);
}

export function planRollback(deployment: Cached<Deployment>, history: SetHistory, wanted: bigint): RollbackPlan {
  const sets = [...history.old, ...(history.current ? [history.current] : [])];
  const revision = wanted === 0n ? lastRevision(sets) : wanted;
  if (revision === 0n) return giveUp('DeploymentRollbackRevisionNotFound', 'Unable to find last revision.');
  const target = sets.find((set) => revisionOf(set) === revision);
  if (target === undefined)
    return giveUp('DeploymentRollbackRevisionNotFound', 'Unable to find the revision to rollback to.');
  const name = goQuote(deployment.metadata.name);
  if (sameTemplate(deployment.spec?.template, target.spec?.template))
    return giveUp(
      'DeploymentRollbackTemplateUnchanged',
      `The rollback revision contains the same template as current deployment ${name}`,
    );
  const message = `Rolled back deployment ${name} to revision ${revision}`;
  return { target, event: { type: 'Normal', reason: 'DeploymentRollback', message } };
}

const giveUp = (reason: string, message: string): RollbackPlan => ({ event: { type: 'Warning', reason, message } });
