/** The kind ResourceQuota. */

import type { ResourceQuota } from 'kubernetes-types/core/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const resourceQuotas = defineKind<ResourceQuota>({
  group: '',
  version: 'v1',
  kind: 'ResourceQuota',
  plural: 'resourcequotas',
  shortNames: ['quota'],
  subresources: [statusSubresource],
  strategy: { answersDeletedObject: true },
});
