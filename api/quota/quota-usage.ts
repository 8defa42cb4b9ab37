/**
 * CONTRACT: what an object of a resource counts in a ResourceQuota. Used where it is charged (admission) and where it is
 * counted again (the controller), so that both come to the same figures. Pure.
 */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import { type Amounts, one } from '../amounts.ts';
import type { KubernetesObject } from '../object.ts';
import type { ScopedResourceSelectorRequirement } from '../types/core/v1.ts';

export type Requirement = DeepReadonly<ScopedResourceSelectorRequirement>;

export interface GroupResource {
  readonly group: string;
  readonly plural: string;
}

export interface QuotaUsage<T extends KubernetesObject = KubernetesObject> {
  readonly resource: GroupResource;
  /** Updates count too, by what they add: of the object, or of this subresource of it. Absent: creations only. */
  readonly countsUpdates?: { readonly subresource?: string };
  /** Metadata alone is enough to count by. */
  readonly metadataOnly?: boolean;
  /** Whether a quota's resource of this name is about such objects. */
  isMatching(name: string): boolean;
  /** `now` in milliseconds. */
  usageOf(object: DeepReadonly<T>, now: number): Amounts;
  /** Whether the object belongs to the scope. Absent: such objects belong to none. */
  isInScope?(requirement: Requirement, object: DeepReadonly<T>): boolean;
  /** What the object has to say while these resources are limited, and does not: `must specify …`. */
  whyIncomplete?(limited: readonly string[], object: DeepReadonly<T>): string | undefined;
}

/** `count/deployments.apps` */
export const countName = ({ group, plural }: GroupResource): string =>
  `count/${plural}${group === '' ? '' : `.${group}`}`;

/** Old names for numbers of objects. */
const oldNames = ['configmaps', 'replicationcontrollers', 'resourcequotas', 'secrets'];

/** What any resource counts: one for each object. */
export function countOnly(resource: GroupResource): QuotaUsage {
  const { group, plural } = resource;
  const names = [countName(resource), ...(group === '' && oldNames.includes(plural) ? [plural] : [])];
  const usage = new Map(names.map((name) => [name, one]));
  return {
    resource,
    metadataOnly: true,
    isMatching: (name) => names.includes(name),
    usageOf: () => usage,
  };
}
