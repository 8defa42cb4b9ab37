/** Why a pod fits on no node, in full: the nodes in groups, and which of them miss by least. Pure. */

import type { DiagnosisGroup, NearbyNode, SchedulingDiagnosis } from '../api/scheduling-diagnosis.ts';
import { compareText } from '../base/compare.ts';
import type { Refusal, Refused } from './framework.ts';
import type { NodeInfo } from './node-info.ts';
import type { PodInfo } from './pod-info.ts';

/** It is written down on the pod: so many nodes are named, in all groups together. */
const namedNodes = 120;
const nearestNodes = 3;
const stepsOfNode = 6;

export interface ExplanationInput {
  readonly nodes: number;
  /** RFC 3339. */
  readonly observedAt: string;
  readonly preemption?: string | undefined;
}

export function computeDiagnosis(refused: Refused, input: ExplanationInput): SchedulingDiagnosis {
  const { preemption, ...rest } = input;
  return {
    ...rest,
    groups: computeGroups(refused.refusals),
    nearest: computeNearest(refused),
    ...(preemption !== undefined && preemption !== '' && { preemption }),
  };
}

/**
 * The diagnoses of this second, for the other pods of their templates: a thousand replicas that fit nowhere ask about
 * every node once in a while, not a thousand times.
 */
export class RecentDiagnoses {
  readonly #made = new Map<string, SchedulingDiagnosis>();
  /** `observedAt` has whole seconds: what is shown as of this second was looked at in this second. */
  #second = '';

  of(pod: PodInfo, refused: Refused, input: ExplanationInput): SchedulingDiagnosis {
    const [first] = refused.nodes;
    if (first === undefined || refused.question.dependsOn(first)?.length !== 0) return computeDiagnosis(refused, input);
    if (this.#second !== input.observedAt) this.#made.clear();
    this.#second = input.observedAt;
    const key = JSON.stringify([input.preemption, pod.template]);
    const made = this.#made.get(key) ?? computeDiagnosis(refused, input);
    this.#made.set(key, made);
    return made;
  }
}

/** When the pod itself stands in the way, whatever the node. */
export function computeDiagnosisOfPod(refusal: Refusal, { nodes, observedAt }: ExplanationInput): SchedulingDiagnosis {
  const { plugin, reasons, resolvable } = refusal;
  return { observedAt, nodes, groups: [{ plugin, reasons, count: nodes, nodes: [], resolvable }], nearest: [] };
}

/** The largest first. Each group has its share of the names. */
function computeGroups(refusals: Refused['refusals']): readonly DiagnosisGroup[] {
  const groups = new Map<string, { refusal: Refusal; names: string[] }>();
  for (const [{ name }, refusal] of refusals) {
    const key = JSON.stringify([refusal.plugin, refusal.reasons, refusal.resolvable]);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, { refusal, names: [name] });
    else group.names.push(name);
  }
  const share = Math.max(1, Math.floor(namedNodes / Math.max(1, groups.size)));
  return [...groups.values()]
    .map(({ refusal: { plugin, reasons, resolvable }, names }) => ({
      ...{ plugin, reasons, resolvable, count: names.length },
      nodes: names.sort(compareText).slice(0, share),
    }))
    .sort((a, b) => b.count - a.count || compareText(a.nodes[0] ?? '', b.nodes[0] ?? ''));
}

interface Measured {
  readonly node: NodeInfo;
  readonly steps: readonly string[];
  readonly distance: number;
}

function computeNearest({ nodes, question }: Refused): readonly NearbyNode[] {
  const nearest: Measured[] = [];
  for (const node of nodes) {
    const obstacles = question.obstacles(node);
    const distance = obstacles.reduce((sum, obstacle) => sum + obstacle.distance, 0);
    const last = nearest.at(-1);
    if (nearest.length === nearestNodes && last !== undefined && compareDistance(last, { node, distance }) <= 0)
      continue;
    nearest.push({ node, distance, steps: obstacles.flatMap(({ steps }) => steps) });
    nearest.sort(compareDistance);
    nearest.length = Math.min(nearest.length, nearestNodes);
  }
  return nearest.map(({ node, steps }) => ({ node: node.name, steps: steps.slice(0, stepsOfNode) }));
}

const compareDistance = (a: Pick<Measured, 'node' | 'distance'>, b: Pick<Measured, 'node' | 'distance'>): number =>
  a.distance - b.distance || compareText(a.node.name, b.node.name);
