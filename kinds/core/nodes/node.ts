/** Nodes. What their kubelets say is their status; what may run on them is their spec. */

import { equalJson } from '../../../api/json-record.ts';
import { checkCidr, parseCidr } from '../../../api/net.ts';
import { nodeCondition } from '../../../api/nodes.ts';
import { nodes } from '../../../api/resources/core.ts';
import type { Node, NodeStatus, Taint } from '../../../api/types/core/v1.ts';
import { type FieldErrors, FieldPath } from '../../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../../columns.ts';
import { connectSubresource, defineKind, statusSubresource } from '../../define-kind.ts';
import { checkLabelValue, checkQualifiedName } from '../../validation/names.ts';
import { validateAmount } from '../../workloads/pod-spec/resources.ts';

const specPath = FieldPath.of('spec');
// Upstream speaks of taints as if they were metadata.
const taintsPath = FieldPath.of('metadata', 'taints');
const effects = ['NoSchedule', 'PreferNoSchedule', 'NoExecute'];

/** The one block and the list of all say the same; where they differ, the one counts. */
function alignPodCidrs(node: Node): void {
  const { spec } = node;
  if (!spec) return;
  const [first] = spec.podCIDRs ?? [];
  // Where they agree nothing is written: a status patch shares the spec with what is stored.
  if (spec.podCIDR === first) return;
  if (spec.podCIDR) spec.podCIDRs = [spec.podCIDR];
  else if (first) spec.podCIDR = first;
}

/** What is allocatable is everything, unless the kubelet says less. */
function setAllocatable({ status }: Node): void {
  if (status?.capacity && !status.allocatable) status.allocatable = { ...status.capacity };
}

/** Configuration by the API has gone; its fields are dropped. */
function dropConfigSource({ spec }: Node): void {
  if (spec) delete spec.configSource;
}

function validate(node: Node, errors: FieldErrors): void {
  validateTaints(node.spec?.taints ?? [], errors);
  validateStatus(node, errors);
  validatePodCidrs(node.spec?.podCIDRs ?? [], errors);
}

function validateTaints(taints: readonly Taint[], errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { key, value = '', effect, timeAdded }] of taints.entries()) {
    const place = taintsPath.index(index);
    for (const message of checkQualifiedName(key)) errors.invalid(place.child('key'), key, message);
    for (const message of checkLabelValue(value)) errors.invalid(place.child('value'), value, message);
    if (effect === '') errors.required(place.child('effect'));
    else if (!effects.includes(effect)) errors.notSupported(place.child('effect'), effect, effects);
    const pair = `${key}:${effect}`;
    if (seen.has(pair)) {
      const shown = JSON.stringify({ Key: key, Value: value, Effect: effect, TimeAdded: timeAdded ?? null });
      errors.add(
        'FieldValueDuplicate',
        place,
        `Duplicate value: ${shown}: taints must be unique by key and effect pair`,
      );
    }
    seen.add(pair);
  }
}

function validateStatus({ status }: Node, errors: FieldErrors): void {
  for (const part of ['capacity', 'allocatable'] as const) {
    for (const [name, amount] of Object.entries(status?.[part] ?? {}))
      validateAmount(name, amount, FieldPath.of('status', part, name), errors);
  }
  const features = status?.declaredFeatures ?? [];
  for (const [index, feature] of features.entries()) {
    const before = features[index - 1];
    const place = FieldPath.of('status', 'declaredFeatures').index(index);
    if (before === undefined) continue;
    if (feature === before) errors.duplicate(place, feature);
    else if (feature < before) errors.invalid(place, feature, 'list must be sorted alphabetically');
  }
}

function validatePodCidrs(cidrs: readonly string[], errors: FieldErrors): void {
  const place = specPath.child('podCIDRs');
  for (const [index, cidr] of cidrs.entries()) {
    for (const message of checkCidr(cidr)) errors.invalid(place.index(index), cidr, message);
  }
  if (cidrs.length < 2) return;
  const families = cidrs.map((cidr) => parseCidr(cidr)?.family);
  if (cidrs.length > 2 || families[0] === families[1])
    errors.invalid(place, cidrs, 'may specify no more than one CIDR for each IP family');
}

function validateUpdate(next: Node, previous: Node, errors: FieldErrors): void {
  const [spec, before] = [next.spec ?? {}, previous.spec ?? {}];
  validateTaints(spec.taints ?? [], errors);
  if ((before.podCIDRs ?? []).length > 0 && !equalJson(spec.podCIDRs, before.podCIDRs))
    errors.forbidden(specPath.child('podCIDRs'), 'node updates may not change podCIDR except from "" to valid');
  validateAddresses(next.status?.addresses ?? [], errors);
  if (before.providerID && spec.providerID !== before.providerID)
    errors.forbidden(specPath.child('providerID'), 'node updates may not change providerID except from "" to valid');
  if ((spec.externalID ?? '') !== (before.externalID ?? ''))
    errors.forbidden(specPath.child('externalID'), 'may not be updated');
}

function validateAddresses(addresses: NonNullable<NodeStatus['addresses']>, errors: FieldErrors): void {
  const seen = new Set<string>();
  for (const [index, { type, address }] of addresses.entries()) {
    const one = JSON.stringify([type, address]);
    if (seen.has(one))
      errors.duplicate(FieldPath.of('status', 'addresses').index(index), { Type: type, Address: address });
    seen.add(one);
  }
}

const rolePrefix = 'node-role.kubernetes.io/';

function rolesOf({ metadata }: Node): string {
  const roles = new Set<string>();
  for (const [label, value] of Object.entries(metadata?.labels ?? {})) {
    if (label.startsWith(rolePrefix) && label.length > rolePrefix.length) roles.add(label.slice(rolePrefix.length));
    else if (label === 'kubernetes.io/role' && value !== '') roles.add(value);
  }
  return roles.size === 0 ? '<none>' : [...roles].sort().join(',');
}

function stateOf(node: Node): string {
  const ready = nodeCondition(node, 'Ready');
  const state = ready ? (ready.status === 'True' ? 'Ready' : 'NotReady') : 'Unknown';
  return node.spec?.unschedulable ? `${state},SchedulingDisabled` : state;
}

const addressOf = ({ status }: Node, wanted: string): string =>
  status?.addresses?.find(({ type }) => type === wanted)?.address ?? '<none>';
const shown = (text: string | undefined): string => text || '<unknown>';

export const nodeKind = defineKind(nodes, {
  shortNames: ['no'],
  subresources: [connectSubresource('proxy', 'nodeProxy', 'NodeProxyOptions'), statusSubresource],
  columns: [
    nameColumn,
    textColumn('Status', 'Whether it takes pods.', (node) => stateOf(node)),
    textColumn('Roles', 'What it is for.', (node) => rolesOf(node)),
    ageColumn,
    textColumn('Version', 'The version of its kubelet.', ({ status }) => status?.nodeInfo?.kubeletVersion ?? ''),
    textColumn('Internal-IP', 'Its address in the cluster.', (node) => addressOf(node, 'InternalIP'), 1),
    textColumn('External-IP', 'Its address outside.', (node) => addressOf(node, 'ExternalIP'), 1),
    textColumn('OS-Image', 'Its operating system.', ({ status }) => shown(status?.nodeInfo?.osImage), 1),
    textColumn('Kernel-Version', 'Its kernel.', ({ status }) => kernelOf(status?.nodeInfo), 1),
    textColumn(
      'Container-Runtime',
      'What runs its containers.',
      ({ status }) => shown(status?.nodeInfo?.containerRuntimeVersion),
      1,
    ),
  ],
  selectableFields: [{ name: 'spec.unschedulable', value: ({ spec }) => String(spec?.unschedulable ?? false) }],
  strategy: {
    metadataOnUpdate: 'both',
    warnings: ({ spec }) =>
      spec?.externalID ? ['spec.externalID: this field is deprecated, and is unused by Kubernetes'] : [],
    setDefaults(node) {
      alignPodCidrs(node);
      setAllocatable(node);
    },
    prepareForCreate: (node) => dropConfigSource(node),
    prepareForUpdate(next, previous, { subresource }) {
      if (subresource === 'status') next.spec = previous.spec ?? {};
      else {
        dropConfigSource(next);
        Object.assign(next, { status: previous.status });
      }
    },
    validate: (node, errors) => validate(node, errors),
    validateUpdate: (next, previous, errors) => validateUpdate(next, previous, errors),
  },
});

/** The kernel and what it runs on. */
function kernelOf(info: { kernelVersion?: string; architecture?: string } | undefined): string {
  const kernel = shown(info?.kernelVersion);
  return info?.architecture ? `${kernel} (${info.architecture})` : kernel;
}
