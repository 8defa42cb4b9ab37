/** By what pods are spread that say nothing about it: built in, or a profile's own list. Pure. */

import type { Fields } from '../../api/configuration-fields.ts';
import { hostnameLabel, zoneLabel } from '../../api/labels.ts';
import type { TopologySpreadConstraint } from '../../api/types/core/v1.ts';
import type { DeepReadonly } from '../../base/deep-readonly.ts';

/** Without selectors: which pods are spread follows from the Services and the controller of the pod. */
export type DefaultConstraints = readonly DeepReadonly<TopologySpreadConstraint>[];

/** Hosts first, zones less strictly. */
export const systemDefaults: DefaultConstraints = [
  { topologyKey: hostnameLabel, maxSkew: 3, whenUnsatisfiable: 'ScheduleAnyway' },
  { topologyKey: zoneLabel, maxSkew: 5, whenUnsatisfiable: 'ScheduleAnyway' },
];

const positive = { from: 1, to: 2 ** 31 - 1, detail: 'must be greater than zero' };
const whenUnsatisfiable = ['DoNotSchedule', 'ScheduleAnyway'] as const;
const policies = ['Honor', 'Ignore'] as const;

export function readTopologySpreadArgs(args: Fields): DefaultConstraints {
  args.allow('apiVersion', 'kind', 'defaultConstraints', 'defaultingType');
  const type = args.choice('defaultingType', ['System', 'List'] as const) ?? 'System';
  const entries = args.list('defaultConstraints');
  const constraints = entries.map(readConstraint);
  if (type === 'System' && constraints.length > 0)
    args.errors.invalid(args.pathOf('defaultingType'), type, 'when .defaultConstraints are not empty');
  const seen = new Set<string>();
  constraints.forEach((constraint, i) => {
    const key = `{${constraint.topologyKey}, ${constraint.whenUnsatisfiable}}`;
    if (seen.has(key)) args.errors.duplicate(`${args.pathOf('defaultConstraints')}[${i}]`, key);
    seen.add(key);
  });
  return type === 'System' ? systemDefaults : constraints;
}

function readConstraint(fields: Fields): DefaultConstraints[number] {
  fields.allow(
    ...['maxSkew', 'topologyKey', 'whenUnsatisfiable', 'minDomains', 'labelSelector'],
    ...['nodeAffinityPolicy', 'nodeTaintsPolicy'],
  );
  const topologyKey = fields.text('topologyKey') ?? '';
  if (topologyKey === '') fields.errors.required(fields.pathOf('topologyKey'), 'can not be empty');
  if (fields.has('labelSelector'))
    fields.errors.forbidden(
      fields.pathOf('labelSelector'),
      'constraint must not define a selector, as they deduced for each pod',
    );
  const when = fields.choice('whenUnsatisfiable', whenUnsatisfiable);
  if (!fields.has('whenUnsatisfiable')) fields.errors.required(fields.pathOf('whenUnsatisfiable'), 'can not be empty');
  const maxSkew = fields.integer('maxSkew', positive);
  if (!fields.has('maxSkew')) fields.errors.invalid(fields.pathOf('maxSkew'), 0, positive.detail);
  const minDomains = fields.integer('minDomains', positive);
  if (minDomains !== undefined && when === 'ScheduleAnyway')
    fields.errors.invalid(
      fields.pathOf('minDomains'),
      minDomains,
      'can only use minDomains if whenUnsatisfiable=DoNotSchedule, not ScheduleAnyway',
    );
  const nodeAffinityPolicy = fields.choice('nodeAffinityPolicy', policies);
  const nodeTaintsPolicy = fields.choice('nodeTaintsPolicy', policies);
  return {
    ...{ topologyKey, maxSkew: maxSkew ?? 1, whenUnsatisfiable: when ?? 'ScheduleAnyway' },
    ...(minDomains !== undefined && { minDomains }),
    ...(nodeAffinityPolicy && { nodeAffinityPolicy }),
    ...(nodeTaintsPolicy && { nodeTaintsPolicy }),
  };
}
