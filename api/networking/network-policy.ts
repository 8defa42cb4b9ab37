/** The kind NetworkPolicy. */

import type { NetworkPolicy } from 'kubernetes-types/networking/v1';
import { defineKind } from '../define-kind.ts';

export const networkPolicies = defineKind<NetworkPolicy>({
  group: 'networking.k8s.io',
  version: 'v1',
  kind: 'NetworkPolicy',
  plural: 'networkpolicies',
  shortNames: ['netpol'],
});
