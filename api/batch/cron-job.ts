/** The kind CronJob. */

import type { CronJob } from 'kubernetes-types/batch/v1';
import { defineKind, statusSubresource } from '../define-kind.ts';

export const cronJobs = defineKind<CronJob>({
  group: 'batch',
  version: 'v1',
  kind: 'CronJob',
  plural: 'cronjobs',
  shortNames: ['cj'],
  categories: ['all'],
  subresources: [statusSubresource],
});
