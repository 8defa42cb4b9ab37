/** Leases: who leads, and which nodes are alive. */

import { leases } from '../../api/resources/coordination.ts';
import type { Lease } from '../../api/types/coordination/v1.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind } from '../define-kind.ts';
import { checkQualifiedName } from '../validation/names.ts';

const path = FieldPath.of('spec');
function validate(lease: Lease, errors: FieldErrors): void {
  const spec = lease.spec ?? {};
  const { leaseDurationSeconds, leaseTransitions, strategy, preferredHolder } = spec;
  if (leaseDurationSeconds !== undefined && leaseDurationSeconds <= 0)
    errors.invalid(path.child('leaseDurationSeconds'), leaseDurationSeconds, 'must be greater than 0');
  if (leaseTransitions !== undefined && leaseTransitions < 0)
    errors.invalid(path.child('leaseTransitions'), leaseTransitions, 'must be greater than or equal to 0');
  if (strategy !== undefined)
    for (const message of checkQualifiedName(strategy)) errors.invalid(path.child('strategy'), strategy, message);
  if (preferredHolder && !strategy)
    errors.forbidden(path.child('preferredHolder'), 'may only be specified when `strategy` is defined');
}

export const leaseKind = defineKind(leases, {
  columns: [nameColumn, textColumn('Holder', 'Who holds it.', ({ spec }) => spec?.holderIdentity ?? ''), ageColumn],
  strategy: {
    allowCreateOnUpdate: true,
    allowUnconditionalUpdate: false,
    setDefaults(lease) {
      lease.spec ??= {};
    },
    /** Leader election by strategy is switched off upstream: its fields are dropped. */
    prepareForCreate: ({ spec }) => dropCoordinated(spec),
    prepareForUpdate: ({ spec }) => dropCoordinated(spec),
    validate: (lease, errors) => validate(lease, errors),
  },
});

function dropCoordinated(spec: Lease['spec']): void {
  if (!spec) return;
  Reflect.deleteProperty(spec, 'strategy');
  Reflect.deleteProperty(spec, 'preferredHolder');
}
