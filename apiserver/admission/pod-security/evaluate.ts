/** A pod against a level and a version of the pod security standards. Pure. */

import { baselineChecks } from './baseline-checks.ts';
import type { Check, CheckedPod, CheckPod, Violation } from './check.ts';
import type { LevelVersion, PolicyVersion } from './level.ts';
import { restrictedChecks } from './restricted-checks.ts';

/** What is wrong with the pod, in upstream's order. Empty: it may run. */
export function evaluatePod({ level, version }: LevelVersion, pod: CheckedPod): readonly Violation[] {
  if (level === 'privileged') return [];
  return checksFor(level, version).flatMap((check) => check(pod) ?? []);
}

/** `host namespaces, privileged` */
export const reasonsOf = (violations: readonly Violation[]): string =>
  violations.map(({ reason }) => reason).join(', ');

/** `host namespaces (hostNetwork=true), privileged (container "c" must not …)` */
export const detailsOf = (violations: readonly Violation[]): string =>
  violations.map(({ reason, detail }) => (detail === '' ? reason : `${reason} (${detail})`)).join(', ');

/** Nothing changes after it. */
const newest = Math.max(
  ...[...baselineChecks, ...restrictedChecks].flatMap(({ versions }) => versions.map(([since]) => since)),
);

const known = new Map<string, readonly CheckPod[]>();

function checksFor(level: Check['level'], version: PolicyVersion): readonly CheckPod[] {
  const minor = version === 'latest' ? newest : Math.min(version, newest);
  const key = `${level}:${minor}`;
  const found = known.get(key) ?? collectChecks(level, minor);
  known.set(key, found);
  return found;
}

function collectChecks(level: Check['level'], minor: number): readonly CheckPod[] {
  const restricted = level === 'baseline' ? [] : restrictedChecks.filter((check) => checkSince(check, minor));
  const overridden = restricted.flatMap(({ overrides = [] }) => overrides);
  const baseline = baselineChecks.filter(({ id }) => !overridden.includes(id));
  return [...baseline, ...restricted].flatMap((check) => checkSince(check, minor) ?? []);
}

const checkSince = ({ versions }: Check, minor: number): CheckPod | undefined =>
  versions.findLast(([since]) => since <= minor)?.[1];
