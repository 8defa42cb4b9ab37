/** The resources of batch. */

import { resource } from '../resource.ts';
import type { CronJob, Job } from '../types/batch/v1.ts';

export const cronJobs = resource<CronJob>({ group: 'batch', version: 'v1', kind: 'CronJob', plural: 'cronjobs' });

export const jobs = resource<Job>({ group: 'batch', version: 'v1', kind: 'Job', plural: 'jobs' });
