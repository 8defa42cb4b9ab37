/**
 * The history of a StatefulSet or DaemonSet: which ControllerRevision stands for its template of now, and which old ones
 * may go. Pure.
 *
 * A template that was there before gets no second revision: the one that it has becomes the newest again, which is what
 * a rollback does.
 */

import { equalJson, isRecord, type JsonRecord } from '../../../api/json-record.ts';
import { parseTime } from '../../../api/time.ts';
import type { ControllerRevision } from '../../../api/types/apps/v1.ts';
import type { PodTemplateSpec } from '../../../api/types/core/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { DeepReadonly } from '../../../base/deep-readonly.ts';
import type { Cached } from '../../../client/object-cache.ts';

type Revision = Cached<ControllerRevision>;

/** What a revision holds: a strategic merge patch that puts the template back. */
export const revisionDataOf = (template: DeepReadonly<PodTemplateSpec>): JsonRecord => ({
  spec: { template: { ...template, $patch: 'replace' } },
});

/** The template that a revision holds; undefined when it holds none, for anybody may have written it. */
export function templateOfRevision({ data }: Revision): DeepReadonly<PodTemplateSpec> | undefined {
  const spec: unknown = isRecord(data) ? data.spec : undefined;
  const template: unknown = isRecord(spec) ? spec.template : undefined;
  if (!isRecord(template)) return undefined;
  const { $patch: _, ...rest } = template;
  return isTemplate(rest) ? rest : undefined;
}

/** As far as it matters here: what is made of it is judged by the API server. */
const isTemplate = (value: JsonRecord): value is JsonRecord & DeepReadonly<PodTemplateSpec> => isRecord(value.spec);

/** The oldest first. */
export function sortRevisions(revisions: Iterable<Revision>): Revision[] {
  const madeAt = ({ metadata }: Revision) => parseTime(metadata.creationTimestamp) ?? 0;
  return [...revisions].sort(
    (a, b) => a.revision - b.revision || madeAt(a) - madeAt(b) || compareText(a.metadata.name, b.metadata.name),
  );
}

export type RevisionPlan =
  /** It is the newest already. */
  | { readonly type: 'keep'; readonly revision: Revision }
  | { readonly type: 'renumber'; readonly revision: Revision; readonly number: number }
  | { readonly type: 'create'; readonly number: number };

/** `revisions`: all of the owner's, the oldest first; `data`: what its template is now. */
export function planRevision(revisions: readonly Revision[], data: JsonRecord): RevisionPlan {
  const newest = revisions.at(-1);
  const number = (newest?.revision ?? 0) + 1;
  const equal = revisions.findLast((revision) => equalJson(revision.data, data));
  if (equal === undefined) return { type: 'create', number };
  return equal === newest ? { type: 'keep', revision: equal } : { type: 'renumber', revision: equal, number };
}

export interface HistoryLimit {
  /** How many old revisions are kept beside those in use; negative: all. */
  readonly limit: number;
  /** Revisions that are in use: the current ones, and those that pods were made of. */
  isLive(revision: Revision): boolean;
  /** Live revisions take up room, too: they are not deleted, but others are in their stead. */
  readonly liveCounts?: boolean;
}

/** The revisions to delete; `old` are those that are not the owner's current ones, the oldest first. */
export function planTruncation(old: readonly Revision[], { limit, isLive, liveCounts }: HistoryLimit): Revision[] {
  if (limit < 0) return [];
  const unused = old.filter((revision) => !isLive(revision));
  const counted = liveCounts ? old.length : unused.length;
  return unused.slice(0, Math.max(0, counted - limit));
}
