/**
 * The ReplicaSets of a Deployment as its history: which one is of its template now, which revision each is, and what
 * their annotations tell. Pure.
 */

import { parseInt64 } from '../../../api/int64.ts';
import { lastAppliedAnnotation } from '../../../api/labels.ts';
import type { Deployment, ReplicaSet } from '../../../api/types/apps/v1.ts';
import { compareText } from '../../../base/compare.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { computeBounds, type RolloutBounds } from './rollout-bounds.ts';
import { sameTemplate } from './template-identity.ts';

type DeploymentView = Cached<Deployment>;
type SetView = Cached<ReplicaSet>;
type Annotations = Readonly<Record<string, string>>;

export const revisionAnnotation = 'deployment.kubernetes.io/revision';
/** Which revisions a ReplicaSet was before a rollback made it the newest again. */
export const revisionHistoryAnnotation = 'deployment.kubernetes.io/revision-history';
/** How many replicas the Deployment wanted when it last sized the ReplicaSet: another number now means that it was scaled. */
export const desiredReplicasAnnotation = 'deployment.kubernetes.io/desired-replicas';
export const maxReplicasAnnotation = 'deployment.kubernetes.io/max-replicas';
/** The old API's way to ask for a rollback: the revision, 0 for the last one. */
export const rollbackToAnnotation = 'deprecated.deployment.rollback.to';
/** What the pods were started with (`config-rollout`): true of the Deployment now, not of a revision. */
export const seenConfigurationAnnotation = 'longshore.dev/seen-configuration';
/** On a Deployment: which rollout has failed and went back, and why. */
export const rolledBackAnnotation = 'longshore.dev/rolled-back';
/** On a ReplicaSet: as which revision it failed. As another one it may be tried again. */
export const failedRevisionAnnotation = 'longshore.dev/failed-revision';

/** Annotations of a Deployment that its ReplicaSets do not get, and the other way round. */
const notCopied = new Set([
  lastAppliedAnnotation,
  revisionAnnotation,
  revisionHistoryAnnotation,
  desiredReplicasAnnotation,
  maxReplicasAnnotation,
  rollbackToAnnotation,
  seenConfigurationAnnotation,
  rolledBackAnnotation,
  failedRevisionAnnotation,
]);
const longestHistory = 2000;

export interface SetHistory {
  /** Of the Deployment's template; absent when there is none yet. */
  readonly current: SetView | undefined;
  /** The others, the oldest first. */
  readonly old: readonly SetView[];
}

/** Of several ReplicaSets with the Deployment's template the oldest is the current one, every time. */
export function historyOf({ spec }: DeploymentView, sets: Iterable<SetView>): SetHistory {
  const byAge = [...sets].sort(compareAge);
  const current = byAge.find((set) => sameTemplate(set.spec?.template, spec?.template));
  return { current, old: byAge.filter((set) => set !== current) };
}

/** The oldest first; those of one second by name. */
export function compareAge(a: SetView, b: SetView): number {
  const [first, second] = [a.metadata, b.metadata];
  return compareText(first.creationTimestamp, second.creationTimestamp) || compareText(first.name, second.name);
}

export const sizeOf = ({ spec }: SetView): number => spec?.replicas ?? 1;

export const isActiveSet = (set: SetView): boolean => sizeOf(set) > 0;

/** Undefined where the annotation is missing or no number. */
export function numberIn(annotations: Annotations | undefined, name: string): number | undefined {
  const text = annotations?.[name];
  return text !== undefined && /^[+-]?\d+$/.test(text) ? Number(text) : undefined;
}

/**
 * A revision may be as large as 64 bits hold, more than a plain number tells apart. 0 where none is noted; undefined where
 * what is noted is no number.
 */
export const revisionOf = ({ metadata }: SetView): bigint | undefined => revisionIn(metadata.annotations);

function revisionIn(annotations: Annotations | undefined): bigint | undefined {
  const text = annotations?.[revisionAnnotation];
  return text === undefined ? 0n : parseInt64(text);
}

export const maxRevision = (sets: readonly SetView[]): bigint =>
  sets.reduce((most, set) => larger(most, revisionOf(set) ?? 0n), 0n);

const larger = (a: bigint, b: bigint): bigint => (a > b ? a : b);

/** The revision before the newest; 0 when there is none. */
export function lastRevision(sets: readonly SetView[]): bigint {
  const [, last = 0n] = [...sets].sort((a, b) => compareRevisions(b, a)).map((set) => revisionOf(set) ?? 0n);
  return last;
}

/** The lowest first; where none is noted, or no number, before all others. */
export function compareRevisions(a: SetView, b: SetView): number {
  const [first, second] = [revisionOf(a) ?? 0n, revisionOf(b) ?? 0n];
  return first === second ? 0 : first < second ? -1 : 1;
}

/** What the annotations of the Deployment's current ReplicaSet have to be. The same record when nothing changes. */
export function annotationsOfCurrent(
  deployment: DeploymentView,
  annotations: Annotations | undefined,
  revision: bigint,
): Annotations {
  const next: Record<string, string> = { ...annotations, ...carriedAnnotations(deployment.metadata.annotations) };
  const written = annotations?.[revisionAnnotation];
  const earlier = revisionIn(annotations);
  // A revision that somebody wrote by hand, and that is no number, is left to him.
  if (earlier !== undefined && earlier < revision) {
    next[revisionAnnotation] = String(revision);
    if (written !== undefined) {
      const history = longerHistory(annotations?.[revisionHistoryAnnotation], written);
      if (history !== undefined) next[revisionHistoryAnnotation] = history;
    }
  }
  const unchanged = Object.entries(next).every(([name, value]) => annotations?.[name] === value);
  return annotations !== undefined && unchanged ? annotations : next;
}

/** Of a Deployment's annotations those that its ReplicaSets have too. */
export function carriedAnnotations(annotations: Annotations | undefined): Record<string, string> {
  return Object.fromEntries(Object.entries(annotations ?? {}).filter(([name]) => !notCopied.has(name)));
}

/** What a Deployment's annotations become when it is rolled back to `set`. */
export function annotationsAfterRollback(deployment: DeploymentView, set: SetView): Record<string, string> {
  const own = Object.entries(deployment.metadata.annotations ?? {}).filter(([name]) => notCopied.has(name));
  return { ...Object.fromEntries(own), ...carriedAnnotations(set.metadata.annotations) };
}

/** The oldest revisions are forgotten when the text gets too long. */
function longerHistory(history: string | undefined, revision: string): string | undefined {
  const revisions = [...(history ? history.split(',') : []), revision];
  while (revisions.length > 0 && revisions.join(',').length > longestHistory) revisions.shift();
  return revisions.length === 0 ? undefined : revisions.join(',');
}

/** What is noted on a ReplicaSet when it is sized. */
export function sizeAnnotations({ replicas, maxSurge }: RolloutBounds): Record<string, string> {
  return { [desiredReplicasAnnotation]: String(replicas), [maxReplicasAnnotation]: String(replicas + maxSurge) };
}

/** Old ReplicaSets that the history limit leaves no room for, the lowest revision first. Those that still have pods stay. */
export function setsToCleanUp({ spec }: DeploymentView, old: readonly SetView[]): SetView[] {
  const limit = spec?.revisionHistoryLimit;
  if (limit === undefined || limit === 2 ** 31 - 1) return [];
  const alive = old.filter(({ metadata }) => metadata.deletionTimestamp === undefined);
  const byRevision = [...alive].sort((a, b) => compareRevisions(a, b) || compareAge(a, b));
  return byRevision.slice(0, Math.max(0, alive.length - limit)).filter(isEmpty);
}

function isEmpty(set: SetView): boolean {
  const { observedGeneration = 0, replicas = 0 } = set.status ?? {};
  return sizeOf(set) === 0 && replicas === 0 && observedGeneration >= (set.metadata.generation ?? 0);
}

/** The Deployment's number of replicas is another than when its ReplicaSets were sized. */
export function wasScaled(deployment: DeploymentView, { current, old }: SetHistory): boolean {
  const { replicas } = computeBounds(deployment.spec);
  const active = [...old, ...(current ? [current] : [])].filter(isActiveSet);
  return active.some(({ metadata }) => {
    const desired = numberIn(metadata.annotations, desiredReplicasAnnotation);
    return desired !== undefined && desired !== replicas;
  });
}
