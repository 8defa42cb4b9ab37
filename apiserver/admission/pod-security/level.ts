/** Levels and versions of the pod security standards, and what a namespace's labels ask for. Pure. */

import { type FieldError, FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';

const levels = ['privileged', 'baseline', 'restricted'] as const;
export type Level = (typeof levels)[number];

/** The minor number of a release of Kubernetes: 25 is v1.25. */
export type PolicyVersion = number | 'latest';

export interface LevelVersion {
  readonly level: Level;
  readonly version: PolicyVersion;
}

export const modes = ['enforce', 'audit', 'warn'] as const;
export type Mode = (typeof modes)[number];

/** What pods are held to, in each mode. */
export type Policy = Readonly<Record<Mode, LevelVersion>>;

export const labelPrefix = 'pod-security.kubernetes.io/';

export const parseLevel = (text: string): Level | undefined => levels.find((level) => level === text);

export function parseVersion(text: string): PolicyVersion | undefined {
  if (text === 'latest') return text;
  const [, minor] = /^v1\.(0|[1-9][0-9]*)$/.exec(text) ?? [];
  const version = Number(minor);
  return Number.isSafeInteger(version) ? version : undefined;
}

export const wrongLevel = `must be one of ${levels.join(', ')}`;
export const wrongVersion = 'must be "latest" or "v1.x"';

export const formatVersion = (version: PolicyVersion): string => (version === 'latest' ? version : `v1.${version}`);
/** `restricted:latest` */
export const formatLevelVersion = ({ level, version }: LevelVersion): string => `${level}:${formatVersion(version)}`;

/** Positive when the first is the stricter. */
export const compareLevels = (a: Level, b: Level): number => levels.indexOf(a) - levels.indexOf(b);

export const isSameLevelVersion = (a: LevelVersion, b: LevelVersion): boolean =>
  a.level === b.level && a.version === b.version;

/** What cannot be read is enforced as `restricted` and `latest`; it neither warns nor is audited. */
export const policyAsDefault = (level: LevelVersion): Policy => ({ enforce: level, audit: level, warn: level });

export interface LabelledPolicy {
  readonly policy: Policy;
  /** Labels that say nothing that is known. */
  readonly errors: readonly FieldError[];
}

type Labels = Readonly<Record<string, string>>;

/** Upstream's `PolicyToEvaluate`: what the labels leave open is as in `defaults`. There is always a policy. */
export function policyOfLabels(labels: Labels | undefined, defaults: Policy): LabelledPolicy {
  if (labels === undefined) return { policy: defaults, errors: [] };
  const errors = new FieldErrors();
  const enforce = readMode(labels, 'enforce', defaults, errors);
  const audit = readMode(labels, 'audit', defaults, errors);
  const warn = readMode(labels, 'warn', defaults, errors);
  return { policy: { enforce, audit, warn: orAsEnforced(labels, warn, enforce) }, errors: errors.list };
}

/** Who is told nothing about warnings is warned of what will be refused, where that says more. */
function orAsEnforced(labels: Labels, warn: LevelVersion, enforce: LevelVersion): LevelVersion {
  const isEnforced = parseLevel(labels[`${labelPrefix}enforce`] ?? '') !== undefined;
  const saysLevel = labels[`${labelPrefix}warn`] !== undefined;
  if (!isEnforced || saysLevel || compareLevels(enforce.level, warn.level) <= 0) return warn;
  const saysVersion = labels[`${labelPrefix}warn-version`] !== undefined;
  return saysVersion ? { level: enforce.level, version: warn.version } : enforce;
}

function readMode(labels: Labels, mode: Mode, defaults: Policy, errors: FieldErrors): LevelVersion {
  const fallback = defaults[mode];
  // Who mistypes what is enforced gets more of it, not less.
  const safest: Level = mode === 'enforce' ? 'restricted' : 'privileged';
  const level = readLabel(labels, mode, parseLevel, { fallback: fallback.level, safest, wrong: wrongLevel }, errors);
  const version = readLabel(
    labels,
    `${mode}-version`,
    parseVersion,
    { fallback: fallback.version, safest: 'latest' as const, wrong: wrongVersion },
    errors,
  );
  return { level, version };
}

interface Otherwise<T> {
  /** Of a label that is not there. */
  readonly fallback: T;
  /** Of a label that cannot be read. */
  readonly safest: T;
  readonly wrong: string;
}

function readLabel<T>(
  labels: Labels,
  name: string,
  parse: (text: string) => T | undefined,
  { fallback, safest, wrong }: Otherwise<T>,
  errors: FieldErrors,
): T {
  const label = labelPrefix + name;
  const text = labels[label];
  if (text === undefined) return fallback;
  const parsed = parse(text);
  if (parsed === undefined) errors.invalid(FieldPath.of('metadata', 'labels').key(label), text, wrong);
  return parsed ?? safest;
}
