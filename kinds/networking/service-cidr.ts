/** The kind ServiceCIDR. */

import { checkCidr } from '../../api/net.ts';
import { serviceCidrs } from '../../api/resources/networking.ts';
import { type FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import { ageColumn, nameColumn, textColumn } from '../columns.ts';
import { defineKind, statusSubresource } from '../define-kind.ts';
import { specAndStatus } from '../spec-and-status.ts';
import { validateImmutable } from '../validation/immutable.ts';

export const serviceCidrKind = defineKind(serviceCidrs, {
  subresources: [statusSubresource],
  columns: [
    nameColumn,
    textColumn('CIDRs', 'Where addresses of Services are from.', ({ spec }) => (spec?.cidrs ?? []).join(',')),
    ageColumn,
  ],
  strategy: {
    ...specAndStatus({ newStatus: () => ({}), hasGeneration: false }),
    metadataOnUpdate: 'both',
    validate({ spec }, errors, { subresource }) {
      if (subresource !== 'status') validateCidrs(spec?.cidrs ?? [], errors);
    },
    validateUpdate(next, previous, errors, { subresource }) {
      if (subresource !== 'status') validateChange(next.spec?.cidrs ?? [], previous.spec?.cidrs ?? [], errors);
    },
  },
});

const cidrsPath = FieldPath.of('spec', 'cidrs');

function validateCidrs(cidrs: readonly string[], errors: FieldErrors): void {
  // Upstream shows the whole spec in these messages, with Go's names.
  const shown = { CIDRs: cidrs };
  if (cidrs.length === 0) errors.required(cidrsPath, 'at least one CIDR required');
  else if (cidrs.length > 2) errors.invalid(cidrsPath, shown, 'may only hold up to 2 values');
  else if (cidrs.length === 2 && !isDualStack(cidrs)) {
    const detail = 'may specify no more than one IP for each IP family, i.e 192.168.0.0/24 and 2001:db8::/64';
    errors.invalid(cidrsPath, shown, detail);
  } else {
    for (const [i, cidr] of cidrs.entries())
      for (const message of checkCidr(cidr)) errors.invalid(cidrsPath.index(i), cidr, message);
  }
}

const notCidr = checkCidr('')[0];

/** One network of each family; what is no network at all has none. */
function isDualStack(cidrs: readonly string[]): boolean {
  if (cidrs.some((cidr) => checkCidr(cidr)[0] === notCidr)) return false;
  return new Set(cidrs.map((cidr) => cidr.includes(':'))).size === 2;
}

/** Nothing may change, but a network of the other family may come second. */
function validateChange(next: readonly string[], previous: readonly string[], errors: FieldErrors): void {
  const grows = previous.length === 1 && next.length === 2;
  if (!grows && next.length !== previous.length) {
    validateImmutable(next, previous, cidrsPath, errors);
    return;
  }
  for (const [i, cidr] of previous.entries()) validateImmutable(next[i], cidr, cidrsPath.index(i), errors);
}
