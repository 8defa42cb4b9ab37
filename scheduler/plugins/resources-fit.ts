/** A pod needs room for what it requests; how full a node may be to be a good one is a matter of the strategy. */

import type { Fields } from '../../api/configuration-fields.ts';
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { amountText } from '../resources.ts';
import { defaultStrategy, readScoringStrategy, type ScoringStrategy, scoreNode } from './scoring-strategy.ts';

const name = 'NodeResourcesFit';

export interface ResourcesFitArgs {
  readonly strategy: ScoringStrategy;
  /** Of what is not a machine's own, these are not looked at: by name, and by what stands before the slash. */
  readonly ignoredResources: readonly string[];
  readonly ignoredResourceGroups: readonly string[];
}

const defaultArgs: ResourcesFitArgs = { strategy: defaultStrategy, ignoredResources: [], ignoredResourceGroups: [] };

export function readResourcesFitArgs(args: Fields): ResourcesFitArgs {
  args.allow('apiVersion', 'kind', 'ignoredResources', 'ignoredResourceGroups', 'scoringStrategy');
  const ignoredResourceGroups = args.texts('ignoredResourceGroups');
  ignoredResourceGroups.forEach((group, i) => {
    if (group.includes('/'))
      args.errors.invalid(
        `${args.pathOf('ignoredResourceGroups')}[${i}]`,
        group,
        "resource group name can't contain '/'",
      );
  });
  return {
    strategy: readScoringStrategy(args.record('scoringStrategy')),
    ignoredResources: args.texts('ignoredResources'),
    ignoredResourceGroups,
  };
}

export function createResourcesFit(args: ResourcesFitArgs = defaultArgs): FilterPlugin & ScorePlugin {
  return {
    name,
    scope: 'template',
    eventsToRegister: ['node added', 'node resources', 'pod removed'],
    weight: 1,

    prepareFilter(pod) {
      const requests = [...pod.requests].filter(([resource, amount]) => amount > 0 && !isIgnored(resource, args));
      const refusals = new Map<string, Refusal>();
      return {
        refuse: (node) => refuse(requests, node, refusals),
        help: (node) => computeHelp(requests, node),
      };
    },

    prepareScore(pod) {
      return { score: (node) => scoreNode(args.strategy, pod, node) };
    },
  };
}

export const resourcesFit = createResourcesFit();

type Requests = readonly (readonly [string, number])[];

function isIgnored(resource: string, { ignoredResources, ignoredResourceGroups }: ResourcesFitArgs): boolean {
  if (!resource.includes('/')) return false;
  return ignoredResources.includes(resource) || ignoredResourceGroups.includes(resource.split('/', 1)[0] ?? '');
}

/** One and the same object for all nodes of which the same is said: `known` has those that there are. */
function refuse(requests: Requests, node: NodeInfo, known: Map<string, Refusal>): Refusal | undefined {
  const reasons: string[] = isFull(node) ? ['Too many pods'] : [];
  let resolvable = true;
  for (const [resource, amount] of requests) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    if (amount <= allocatable - (node.requested.get(resource) ?? 0)) continue;
    reasons.push(`Insufficient ${resource}`);
    if (amount > allocatable) resolvable = false;
  }
  if (reasons.length === 0) return undefined;
  const key = `${resolvable} ${reasons.join()}`;
  const refusal = known.get(key) ?? { plugin: name, reasons, resolvable };
  known.set(key, refusal);
  return refusal;
}

const isFull = ({ pods, allocatable }: NodeInfo): boolean => pods.size + 1 > (allocatable.get('pods') ?? 0);

/** What is short, each with its amount; farther away the greater the share of the node that is missing. */
function computeHelp(requests: Requests, node: NodeInfo) {
  const steps: string[] = isFull(node)
    ? [`needs room for one more pod (it takes ${node.allocatable.get('pods') ?? 0})`]
    : [];
  let distance = steps.length;
  for (const [resource, amount] of requests) {
    const allocatable = node.allocatable.get(resource) ?? 0;
    const missing = amount - (allocatable - (node.requested.get(resource) ?? 0));
    if (missing <= 0) continue;
    const more = `needs ${amountText(resource, missing)} more ${resource}`;
    steps.push(
      amount <= allocatable
        ? more
        : `${more}: the pod asks for more than the node has (${amountText(resource, allocatable)})`,
    );
    distance += amount <= allocatable ? missing / allocatable : 10;
  }
  return { steps, distance };
}
