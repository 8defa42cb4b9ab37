/** The kind Lease. */

import type { Lease } from 'kubernetes-types/coordination/v1';
import { defineKind } from '../define-kind.ts';

export const leases = defineKind<Lease>({
  group: 'coordination.k8s.io',
  version: 'v1',
  kind: 'Lease',
  plural: 'leases',
});
