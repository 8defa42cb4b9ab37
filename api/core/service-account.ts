/** The kind ServiceAccount. */

import type { ServiceAccount } from 'kubernetes-types/core/v1';
import { defineKind } from '../define-kind.ts';

export const serviceAccounts = defineKind<ServiceAccount>({
  group: '',
  version: 'v1',
  kind: 'ServiceAccount',
  plural: 'serviceaccounts',
  shortNames: ['sa'],
  subresources: [
    { name: 'token', verbs: ['create'], body: { group: 'authentication.k8s.io', version: 'v1', kind: 'TokenRequest' } },
  ],
  strategy: { answersDeletedObject: true },
});
