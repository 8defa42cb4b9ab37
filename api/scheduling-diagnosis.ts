/**
 * Why a pod fits on no node, as the scheduler writes it down on the pod and `pods/<name>/why` shows it: every node in
 * exactly one group, and the nodes that miss by least with what would help. Of large groups the first nodes are named.
 */

import { isRecord } from './json-record.ts';

/** Holds a SchedulingDiagnosis as JSON; taken off when the pod gets a node. */
export const diagnosisAnnotation = 'longshore.dev/scheduling-diagnosis';

export interface SchedulingDiagnosis {
  /** RFC 3339. */
  readonly observedAt: string;
  /** How many there were. */
  readonly nodes: number;
  readonly groups: readonly DiagnosisGroup[];
  /** The nearest first. */
  readonly nearest: readonly NearbyNode[];
  /** Why making room did not help, or where room is being made. */
  readonly preemption?: string;
}

/** The nodes that one plugin refuses for the same reasons. */
export interface DiagnosisGroup {
  readonly plugin: string;
  readonly reasons: readonly string[];
  readonly count: number;
  /** By name; fewer than `count` where there are many. */
  readonly nodes: readonly string[];
  /** Whether the removal of pods could help there. */
  readonly resolvable: boolean;
}

export interface NearbyNode {
  readonly node: string;
  /** All that would have to be done: `needs 300m more cpu`, `remove taint gpu=true:NoSchedule, or tolerate it`. */
  readonly steps: readonly string[];
}

/** Undefined for what is none: whoever may write the pod may write anything there. */
export function parseSchedulingDiagnosis(text: string | undefined): SchedulingDiagnosis | undefined {
  if (text === undefined) return undefined;
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  return isDiagnosis(value) ? value : undefined;
}

function isDiagnosis(value: unknown): value is SchedulingDiagnosis {
  return (
    isRecord(value) &&
    typeof value.observedAt === 'string' &&
    typeof value.nodes === 'number' &&
    isListOf(value.groups, isGroup) &&
    isListOf(value.nearest, isNearby) &&
    (value.preemption === undefined || isText(value.preemption))
  );
}

const isText = (value: unknown): value is string => typeof value === 'string';

function isListOf<T>(value: unknown, is: (item: unknown) => item is T): value is T[] {
  return Array.isArray(value) && value.every(is);
}

const isGroup = (value: unknown): value is DiagnosisGroup =>
  isRecord(value) &&
  isText(value.plugin) &&
  isListOf(value.reasons, isText) &&
  typeof value.count === 'number' &&
  isListOf(value.nodes, isText) &&
  typeof value.resolvable === 'boolean';

const isNearby = (value: unknown): value is NearbyNode =>
  isRecord(value) && isText(value.node) && isListOf(value.steps, isText);
