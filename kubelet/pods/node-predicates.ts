/**
 * Whether a node has room for a pod and is one that the pod wants, in upstream's order and words: what schedulers ask
 * beforehand, and pods that name their node are asked here alone. Pure.
 */

import { type Amounts, addAmounts, onlyAmounts, readAmounts, wholeAmount } from '../../api/amounts.ts';
import { matchesRequiredNodes } from '../../api/node-selection.ts';
import { computePodAmounts } from '../../api/pod-amounts.ts';
import { podCondition, sidecarsOf } from '../../api/pods.ts';
import { milliUnits, type Quantity, wholeUnits } from '../../api/quantity.ts';
import { tolerates } from '../../api/taints.ts';
import type { Node } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type ContainerSpec, type PodObject, statusOf } from '../model/pod.ts';
import type { PodFailure } from './pod-state.ts';

export interface NodeView {
  readonly name: string;
  /** As the API has it. */
  readonly node: DeepReadonly<Node>;
  /** What pods can have here. */
  readonly allocatable: Readonly<Record<string, string>>;
}

/** Why there is no room for the pod beside `others`; undefined: there is. */
export function computeRoomRefusal(
  pod: PodObject,
  { allocatable }: Pick<NodeView, 'allocatable'>,
  others: readonly PodObject[],
): PodFailure | undefined {
  const capacity = readAmounts(allocatable);
  const used = new Map<string, Quantity>();
  for (const other of others) addAmounts(used, heldAmountsOf(other));
  const short = findShortage(pod, capacity, used);
  if (short === undefined) return undefined;
  const { name, requested, taken, whole } = short;
  return {
    reason: `OutOf${name}`,
    message: `Node didn't have enough resource: ${name}, requested: ${requested}, used: ${taken}, capacity: ${whole}`,
  };
}

/** How much more the pod asks for than there is beside `others`. */
export function computeMissingAmounts(
  pod: PodObject,
  { allocatable }: Pick<NodeView, 'allocatable'>,
  others: readonly PodObject[],
): Amounts {
  const capacity = readAmounts(allocatable);
  const used = new Map<string, Quantity>();
  for (const other of others) addAmounts(used, heldAmountsOf(other));
  const wanted = [...onlyAmounts(wantedAmountsOf(pod), (name) => isCounted(name, capacity))];
  return new Map(
    wanted.flatMap(([name, quantity]) => {
      const missing = quantity.nanos - left(name, capacity, used);
      return quantity.nanos > 0n && missing > 0n ? [[name, { ...quantity, nanos: missing }] as const] : [];
    }),
  );
}

/** Why the pod would find no room on this node even if it were alone; undefined: it would. */
export function computeCapacityRefusal(
  pod: PodObject,
  { allocatable }: Pick<NodeView, 'allocatable'>,
): string | undefined {
  const short = findShortage(pod, readAmounts(allocatable), new Map());
  return (
    short && `Node didn't have enough capacity: ${short.name}, requested: ${short.requested}, capacity: ${short.whole}`
  );
}

interface Shortage {
  readonly name: string;
  readonly requested: string;
  readonly taken: string;
  readonly whole: string;
}

function findShortage(pod: PodObject, capacity: Amounts, used: Amounts): Shortage | undefined {
  const wanted = onlyAmounts(wantedAmountsOf(pod), (name) => isCounted(name, capacity));
  const ranked = [...wanted].sort(([a], [b]) => rankOf(a) - rankOf(b));
  const short = ranked.find(([name, { nanos }]) => nanos > 0n && nanos > left(name, capacity, used));
  if (short === undefined) return undefined;
  const [name, quantity] = short;
  return {
    name,
    requested: amountText(name, quantity),
    taken: amountText(name, used.get(name)),
    whole: amountText(name, capacity.get(name)),
  };
}

/** Why this is not a node for the pod, by its labels. */
export function computeAffinityRefusal({ spec }: PodObject, { name, node }: NodeView): PodFailure | undefined {
  if (spec === undefined || matchesRequiredNodes(spec, { name, labels: node.metadata?.labels ?? {} })) return undefined;
  return predicateFailure('NodeAffinity', "node(s) didn't match Pod's node affinity/selector");
}

export function computePortsRefusal(pod: PodObject, others: readonly PodObject[]): PodFailure | undefined {
  const taken = others.flatMap(hostPortsOf);
  const clashes = hostPortsOf(pod).some((port) => taken.some((other) => clash(port, other)));
  return clashes
    ? predicateFailure('NodePorts', "node(s) didn't have free ports for the requested pod ports")
    : undefined;
}

/** Only taints that would evict the pod again count here; those of others are the scheduler's. */
export function computeTaintRefusal({ spec }: PodObject, { node }: NodeView): PodFailure | undefined {
  const evicting = (node.spec?.taints ?? []).filter(({ effect }) => effect === 'NoExecute');
  if (evicting.every((taint) => tolerates(spec?.tolerations, taint))) return undefined;
  return predicateFailure('TaintToleration', "node(s) had taints that the pod didn't tolerate");
}

export function computeSystemRefusal({ spec }: PodObject): PodFailure | undefined {
  if ((spec?.os?.name ?? 'linux') !== 'linux')
    return {
      reason: 'PodOSNotSupported',
      message: "Failed to admit pod as the OS field doesn't match node OS",
    };
  if ((spec?.nodeSelector?.['kubernetes.io/os'] ?? 'linux') !== 'linux')
    return {
      reason: 'PodOSSelectorNodeLabelDoesNotMatch',
      message: "Failed to admit pod as the `kubernetes.io/os` label doesn't match node label",
    };
  return undefined;
}

const predicateFailure = (reason: string, text: string): PodFailure => ({
  reason,
  message: `Predicate ${reason} failed: ${text}`,
});

/** With the pod itself, of which a node can have only so many. */
function wantedAmountsOf({ spec }: PodObject): Amounts {
  const amounts = spec === undefined ? [] : computePodAmounts(spec, 'requests', { withOverhead: true });
  return new Map([...amounts, ['pods', wholeAmount(1)]]);
}

/** What it has as long as it has not become smaller; what it asks for beyond that and does not get, it has not. */
function heldAmountsOf(pod: PodObject): Amounts {
  const { spec, status } = pod;
  if (spec === undefined) return wantedAmountsOf(pod);
  const isPending = podCondition(pod, 'PodResizePending')?.status === 'True';
  const held = isPending ? withAllGiven(spec, pod) : spec;
  const amounts = computePodAmounts(held, 'requests', { withOverhead: true, status });
  return new Map([...amounts, ['pods', wholeAmount(1)]]);
}

function withAllGiven(spec: NonNullable<PodObject['spec']>, pod: PodObject): NonNullable<PodObject['spec']> {
  const whole = pod.status?.allocatedResources;
  return {
    ...spec,
    containers: spec.containers.map((one) => withGiven(one, pod)),
    ...(spec.resources && whole && { resources: { requests: whole } }),
  };
}

function withGiven(spec: ContainerSpec, pod: PodObject): ContainerSpec {
  const given = statusOf(pod, { spec, kind: 'main' })?.allocatedResources;
  return given === undefined ? spec : { ...spec, resources: { requests: given } };
}

const plain = ['pods', 'cpu', 'memory', 'ephemeral-storage'];
const rankOf = (name: string): number => (plain.includes(name) ? plain.indexOf(name) : plain.length);

/** Extended resources that the node does not know are somebody else's business: whoever counts them may be away. */
function isCounted(name: string, capacity: Amounts): boolean {
  return plain.includes(name) || name.startsWith('hugepages-') || capacity.has(name);
}

const left = (name: string, capacity: Amounts, used: Amounts): bigint =>
  (capacity.get(name)?.nanos ?? 0n) - (used.get(name)?.nanos ?? 0n);

function amountText(name: string, quantity: Quantity | undefined): string {
  if (quantity === undefined) return '0';
  return String(name === 'cpu' ? milliUnits(quantity) : wholeUnits(quantity));
}

interface HostPort {
  readonly address: string;
  readonly protocol: string;
  readonly port: number;
}

const anyAddress = '0.0.0.0';

function hostPortsOf({ spec }: PodObject): HostPort[] {
  return [...(spec?.containers ?? []), ...sidecarsOf(spec)]
    .flatMap(({ ports = [] }) => ports)
    .flatMap(({ hostPort = 0, hostIP, protocol = 'TCP' }) =>
      hostPort > 0 ? [{ address: hostIP || anyAddress, protocol, port: hostPort }] : [],
    );
}

const clash = (a: HostPort, b: HostPort): boolean =>
  a.port === b.port &&
  a.protocol === b.protocol &&
  (a.address === b.address || a.address === anyAddress || b.address === anyAddress);
