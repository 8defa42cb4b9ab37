/**
 * Making room: which pods of lower priority would have to go, and from where, so that a more important pod fits.
 * Pure: it tries things on clones of nodes and changes nothing.
 */

import { own } from '../../api/json-record.ts';
import { matchesLabelSelector } from '../../api/label-selector.ts';
import { parseTime } from '../../api/time.ts';
import type { PodDisruptionBudget } from '../../api/types/policy/v1.ts';
import type { Cached } from '../../client/object-cache.ts';
import { describeRefusals } from '../diagnosis.ts';
import type { Refusal, Refused } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import type { PodInfo } from '../pod-info.ts';
import type { Snapshot } from '../snapshot.ts';

export type Preemption =
  | { readonly type: 'room'; readonly node: NodeInfo; readonly victims: readonly PodInfo[] }
  | { readonly type: 'none'; readonly message: string };

export interface PreemptionContext {
  readonly snapshot: Snapshot;
  readonly budgets: readonly Cached<PodDisruptionBudget>[];
  /** Wall time in milliseconds: victims that have not started count as started now. */
  readonly now: number;
  /** Default: upstream's. */
  readonly candidates?: CandidateLimits;
  /** What was found out for pods before. Default: nothing. */
  readonly memory?: CandidateMemory;
  /** Where room was made for the pod before. Default: what its status says. */
  readonly nominatedNodeName?: string | undefined;
}

/**
 * What trying out a node came to, remembered for all pods of one template and priority until the node or a budget
 * changes: a Deployment of a thousand important replicas does not try every node a thousand times.
 */
export class CandidateMemory {
  /** By slot. */
  readonly #known: (Known | undefined)[] = [];

  find(node: NodeInfo, key: string, rivals: readonly PodInfo[]): Outcome | undefined {
    const known = this.#known[node.slot];
    const isGood = known?.node === node && known.generation === node.generation && known.rivals === rivals;
    return isGood && known.key === key ? known.outcome : undefined;
  }

  remember(node: NodeInfo, key: string, { rivals, outcome }: Pick<Known, 'rivals' | 'outcome'>): void {
    while (this.#known.length < node.slot) this.#known.push(undefined);
    this.#known[node.slot] = { node, generation: node.generation, rivals, key, outcome };
  }
}

interface Known {
  readonly node: NodeInfo;
  readonly generation: number;
  /** Pods that room on the node was kept for. */
  readonly rivals: readonly PodInfo[];
  readonly key: string;
  readonly outcome: Outcome;
}

/**
 * How many nodes are tried: trying out every node of a large cluster would take long, and one good candidate is
 * enough. The greater of the two.
 */
export interface CandidateLimits {
  readonly percentage: number;
  readonly absolute: number;
}

export const defaultCandidates: CandidateLimits = { percentage: 10, absolute: 100 };

/** Compared with hundreds of others for each pod that is placed so: what that takes is worked out once. */
class Candidate {
  readonly node: NodeInfo;
  /** The most important first. */
  readonly victims: readonly PodInfo[];
  readonly violations: number;
  readonly topPriority: number;
  /** Shifted, so that one more victim always counts, even of a negative priority. */
  readonly prioritySum: number;
  /** Of the top victims that have started, in milliseconds. */
  readonly #earliestStart: number;
  readonly #allHaveStarted: boolean;

  constructor(node: NodeInfo, victims: readonly PodInfo[], violations: number) {
    this.node = node;
    this.victims = victims;
    this.violations = violations;
    this.topPriority = victims[0]?.priority ?? Number.MIN_SAFE_INTEGER;
    this.prioritySum = victims.reduce((sum, { priority }) => sum + priority + 2 ** 31, 0);
    const top = victims.filter(({ priority }) => priority === this.topPriority);
    const starts = top.flatMap(({ pod }) => parseTime(pod.status?.startTime) ?? []);
    this.#earliestStart = Math.min(...starts);
    this.#allHaveStarted = starts.length === top.length;
  }

  earliestStart(now: number): number {
    return this.#allHaveStarted ? this.#earliestStart : Math.min(this.#earliestStart, now);
  }
}

type Outcome = Candidate | Refusal;

const plugin = 'DefaultPreemption';
const notHelpful: Refusal = {
  plugin,
  reasons: ['Preemption is not helpful for scheduling'],
  resolvable: false,
};
const noVictims: Refusal = { plugin, reasons: ['No preemption victims found for incoming pod'], resolvable: false };

export function computePreemption(pod: PodInfo, refused: Refused, context: PreemptionContext): Preemption {
  const ineligible = whyIneligible(pod, refused, context);
  if (ineligible !== undefined) return { type: 'none', message: ineligible };
  const { memory, budgets } = context;
  const key = `${pod.priority} ${pod.template} ${budgets.map(({ metadata }) => metadata.resourceVersion).join()}`;
  const tryOut = (node: NodeInfo): Outcome => {
    const rivals = memory === undefined ? undefined : refused.question.dependsOn(node);
    const known = rivals && memory?.find(node, key, rivals);
    if (known !== undefined) return known;
    const outcome = tryNode(pod, node, refused, context);
    if (rivals !== undefined) memory?.remember(node, key, { rivals, outcome });
    return outcome;
  };
  const outcomes: Refusal[] = [];
  const candidates: Candidate[] = [];
  const { percentage, absolute } = context.candidates ?? defaultCandidates;
  const enough = Math.max(1, absolute, Math.ceil((refused.nodes.length * percentage) / 100));
  for (const [i, node] of refused.nodes.entries()) {
    if (candidates.length >= enough) break;
    const outcome = refused.answers[i]?.resolvable ? tryOut(node) : notHelpful;
    if (outcome instanceof Candidate) candidates.push(outcome);
    else outcomes.push(outcome);
  }
  const best = bestOf(candidates, context.now);
  if (best === undefined) return { type: 'none', message: describeRefusals(context.snapshot.nodeCount, outcomes) };
  return { type: 'room', node: best.node, victims: best.victims };
}

function whyIneligible(
  pod: PodInfo,
  refused: Refused,
  { snapshot, nominatedNodeName }: PreemptionContext,
): string | undefined {
  if (pod.pod.spec.preemptionPolicy === 'Never') return 'not eligible due to preemptionPolicy=Never.';
  const nominated = nominatedNodeName ?? pod.pod.status?.nominatedNodeName;
  const node = nominated ? snapshot.node(nominated) : undefined;
  if (node === undefined || refused.answers[refused.nodes.indexOf(node)]?.resolvable === false) return undefined;
  const ending = [...node.pods.values()].some((other) => other.priority < pod.priority && isPreempted(other));
  return ending ? 'not eligible due to a terminating pod on the nominated node.' : undefined;
}

function isPreempted({ terminating, pod }: PodInfo): boolean {
  const conditions = pod.status?.conditions ?? [];
  return (
    terminating &&
    conditions.some(
      ({ type, status, reason }) =>
        type === 'DisruptionTarget' && status === 'True' && reason === 'PreemptionByScheduler',
    )
  );
}

/** Takes all less important pods off the node, then puts back what can stay, the most important first. */
function tryNode(pod: PodInfo, node: NodeInfo, { question }: Refused, { budgets, now }: PreemptionContext): Outcome {
  const lesser = [...node.pods.values()].filter((other) => other.priority < pod.priority);
  if (lesser.length === 0) return noVictims;
  const trial = node.clone();
  const leave = (other: PodInfo): void => {
    trial.remove(other.key);
    question.countPod(other, node, -1);
  };
  const stay = (other: PodInfo): void => {
    trial.add(other);
    question.countPod(other, node, 1);
  };
  for (const other of lesser) leave(other);
  const refusal = question.refuseIf(trial);
  const victims: PodInfo[] = [];
  let violations = 0;
  if (refusal === undefined) {
    lesser.sort((a, b) => compareImportance(a, b, now));
    const violating = violatorsAmong(lesser, budgets);
    for (const other of [...lesser].sort((a, b) => Number(violating.has(b)) - Number(violating.has(a)))) {
      stay(other);
      if (question.refuseIf(trial) === undefined) continue;
      leave(other);
      victims.push(other);
      if (violating.has(other)) violations++;
    }
  }
  const gone = refusal === undefined ? victims : lesser;
  for (const other of gone) question.countPod(other, node, 1);
  if (refusal !== undefined) return refusal;
  return new Candidate(
    node,
    victims.sort((a, b) => compareImportance(a, b, now)),
    violations,
  );
}

/** The pods whose end would break a disruption budget, given that those before them in the list end too. */
function violatorsAmong(pods: readonly PodInfo[], budgets: PreemptionContext['budgets']): ReadonlySet<PodInfo> {
  const left = budgets.map(({ status }) => status?.disruptionsAllowed ?? 0);
  const violators = new Set<PodInfo>();
  for (const pod of pods) {
    budgets.forEach((budget, i) => {
      if (!protects(budget, pod)) return;
      left[i] = (left[i] ?? 0) - 1;
      if ((left[i] ?? 0) < 0) violators.add(pod);
    });
  }
  return violators;
}

/** A budget with an empty selector protects nothing here; a pod that is already being disrupted is not counted again. */
function protects({ metadata, spec, status }: Cached<PodDisruptionBudget>, pod: PodInfo): boolean {
  const selector = spec?.selector;
  if (selector === undefined || metadata.namespace !== pod.namespace) return false;
  const { matchLabels = {}, matchExpressions = [] } = selector;
  if (Object.keys(matchLabels).length + matchExpressions.length === 0) return false;
  if (own(status?.disruptedPods ?? {}, pod.pod.metadata.name) !== undefined) return false;
  return matchesLabelSelector(selector, pod.labels);
}

function bestOf(candidates: readonly Candidate[], now: number): Candidate | undefined {
  let [best] = candidates;
  for (const candidate of candidates)
    if (best !== undefined && compareCandidates(candidate, best, now) < 0) best = candidate;
  return best;
}

/** Less is better: budgets broken, top victim, sum of priorities, number; then the youngest of the top victims. */
function compareCandidates(a: Candidate, b: Candidate, now: number): number {
  return (
    a.violations - b.violations ||
    a.topPriority - b.topPriority ||
    a.prioritySum - b.prioritySum ||
    a.victims.length - b.victims.length ||
    b.earliestStart(now) - a.earliestStart(now)
  );
}

/** The more important first: by priority, then the one that runs longer. */
function compareImportance(a: PodInfo, b: PodInfo, now: number): number {
  return b.priority - a.priority || startOf(a, now) - startOf(b, now);
}

function startOf({ pod }: PodInfo, now: number): number {
  return parseTime(pod.status?.startTime) ?? now;
}
