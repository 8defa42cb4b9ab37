/** Scopes of a quota that select by a name that an object has: of its priority class, of its volume attributes class. */

import type { DeepReadonly } from '../../base/deep-readonly.ts';
import type { ResourceQuotaSpec } from '../types/core/v1.ts';
import type { Requirement } from './quota-usage.ts';

/** All that a quota asks of an object; `scopes` is the short form. */
export function requirementsOf(spec: DeepReadonly<ResourceQuotaSpec> | undefined): readonly Requirement[] {
  const scopes = (spec?.scopes ?? []).map((scopeName) => ({ scopeName, operator: 'Exists' }));
  return [...scopes, ...(spec?.scopeSelector?.matchExpressions ?? [])];
}

/** Whether one of the object's `names` is selected; who has none is selected by what asks for none. */
export function selectsName({ operator, values = [] }: Requirement, names: readonly string[]): boolean {
  switch (operator) {
    case 'Exists':
      return names.length > 0;
    case 'DoesNotExist':
      return names.length === 0;
    case 'In':
      return names.some((name) => values.includes(name));
    case 'NotIn':
      return names.length === 0 || names.some((name) => !values.includes(name));
    default:
      return false;
  }
}
