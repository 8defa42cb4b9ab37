/** Pods say by nodeSelector and node affinity where they may run, and where they would rather run. */

import type { Fields } from '../../api/configuration-fields.ts';
import { own } from '../../api/json-record.ts';
import { matchesRequiredNodes, matchesTerm, namesOf, requiredTerms } from '../../api/node-selection.ts';
import type { NodeAffinity, NodeSelectorRequirement } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { FilterPlugin, Refusal, ScorePlugin } from '../framework.ts';
import type { NodeInfo } from '../node-info.ts';
import { normalizeToHundred } from '../normalize.ts';
import type { PodSpecView } from '../pod-info.ts';
import { readAddedAffinity } from './added-affinity.ts';

const name = 'NodeAffinity';
const refusal: Refusal = {
  plugin: name,
  reasons: ["node(s) didn't match Pod's node affinity/selector"],
  resolvable: false,
};
const notOfProfile: Refusal = {
  plugin: name,
  reasons: ["node(s) didn't match scheduler-enforced node affinity"],
  resolvable: false,
};

/** What a profile asks of the nodes of all its pods, beside what each pod asks. */
export type AddedAffinity = DeepReadonly<NodeAffinity>;

export function readNodeAffinityArgs(args: Fields): AddedAffinity {
  args.allow('apiVersion', 'kind', 'addedAffinity');
  return readAddedAffinity(args.record('addedAffinity'));
}

export function createNodeAffinity(added: AddedAffinity = {}): FilterPlugin & ScorePlugin {
  const addedTerms = added.requiredDuringSchedulingIgnoredDuringExecution?.nodeSelectorTerms;
  return {
    name,
    scope: 'template',
    eventsToRegister: ['node added', 'node labels'],
    weight: 2,

    prepareFilter({ pod: { spec } }) {
      const ownTerms = requiredTerms(spec);
      if (spec.nodeSelector === undefined && ownTerms === undefined && addedTerms === undefined) return undefined;
      const candidates = candidatesOf(spec);
      if (candidates?.size === 0) return { plugin: name, reasons: ['pod affinity terms conflict'], resolvable: false };
      return {
        ...(candidates !== undefined && { candidates }),
        refuse(node) {
          if (addedTerms?.some((term) => matchesTerm(term, node)) === false) return notOfProfile;
          return matchesRequiredNodes(spec, node) ? undefined : refusal;
        },
        help: (node) => computeHelp(spec, node),
      };
    },

    prepareScore({ pod: { spec } }) {
      const preferred = [
        ...(added.preferredDuringSchedulingIgnoredDuringExecution ?? []),
        ...(spec.affinity?.nodeAffinity?.preferredDuringSchedulingIgnoredDuringExecution ?? []),
      ];
      if (preferred.length === 0) return undefined;
      return {
        score(node) {
          let sum = 0;
          for (const { preference, weight } of preferred) if (matchesTerm(preference, node)) sum += weight;
          return sum;
        },
        normalize: (scores) => normalizeToHundred(scores, { reverse: false }),
      };
    },
  };
}

export const nodeAffinity = createNodeAffinity();

/** The labels that would have to be there: of the selector, and of the term that the node misses by least. */
function computeHelp(spec: PodSpecView['spec'], node: NodeInfo) {
  const labels = Object.entries(spec.nodeSelector ?? {})
    .filter(([key, value]) => own(node.labels, key) !== value)
    .map(([key, value]) => `label the node ${key}=${value}`);
  const terms = requiredTerms(spec);
  const unmet = (terms ?? []).map((term) => [
    ...(term.matchExpressions ?? []).filter((one) => !matchesTerm({ matchExpressions: [one] }, node)).map(labelText),
    ...(term.matchFields ?? []).filter((one) => !matchesTerm({ matchFields: [one] }, node)).map(nameText),
  ]);
  const nearest = unmet.sort((a, b) => a.length - b.length)[0] ?? [];
  const steps = [...labels, ...nearest];
  return { steps, distance: Math.max(1, steps.length) };
}

type Requirement = DeepReadonly<NodeSelectorRequirement>;

function labelText({ key, operator, values = [] }: Requirement): string {
  switch (operator) {
    case 'In':
      return `label the node ${key}=${values.join('|')}`;
    case 'NotIn':
      return `give the node another value of the label ${key} than ${values.join(', ')}`;
    case 'Exists':
      return `give the node a label ${key}`;
    case 'DoesNotExist':
      return `take the label ${key} off the node`;
    default:
      return `give the node a label ${key} ${operator === 'Gt' ? 'greater than' : 'less than'} ${values[0] ?? ''}`;
  }
}

const nameText = ({ operator, values = [] }: Requirement): string =>
  operator === 'In'
    ? `the pod only accepts the node ${values.join(', ')}`
    : `the pod does not accept this node by name`;

/** The nodes that every term names, as the pods of a DaemonSet do: the others need not even be looked at. */
function candidatesOf(spec: PodSpecView['spec']): ReadonlySet<string> | undefined {
  const terms = requiredTerms(spec);
  if (terms === undefined || terms.length === 0) return undefined;
  const names = terms.map(namesOf);
  if (names.includes(undefined)) return undefined;
  return new Set(names.flatMap((some) => some ?? []));
}
