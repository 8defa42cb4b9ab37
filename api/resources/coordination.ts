/** The resources of coordination.k8s.io. */

import { resource } from '../resource.ts';
import type { Lease } from '../types/coordination/v1.ts';

export const leases = resource<Lease>({ group: 'coordination.k8s.io', version: 'v1', kind: 'Lease', plural: 'leases' });
