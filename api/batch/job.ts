/** The kind Job. */

import type { Job } from 'kubernetes-types/batch/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const jobs = defineKind<Job>({
  group: 'batch',
  version: 'v1',
  kind: 'Job',
  plural: 'jobs',
  categories: ['all'],
  subresources: [statusSubresource],
});
