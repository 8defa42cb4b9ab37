/** The Job that a CronJob makes for one run. Pure. */

import { apiVersionOf } from '../../../api/resource.ts';
import { jobs } from '../../../api/resources/batch.ts';
import type { CronJob, Job } from '../../../api/types/batch/v1.ts';
import type { ObjectReference } from '../../../api/types/core/v1.ts';
import { changedCopy } from '../../../client/changed-copy.ts';
import type { Cached } from '../../../client/object-cache.ts';
import { controllerReference } from '../ownership.ts';
import { jobNameOf } from './cron-plan.ts';
import { formatInZone } from './time-zone.ts';

const scheduledAnnotation = 'batch.kubernetes.io/cronjob-scheduled-timestamp';

export function jobOfRun(cronJob: Cached<CronJob>, at: number) {
  const { jobTemplate = {}, timeZone = 'UTC' } = cronJob.spec;
  const { labels = {}, annotations = {} } = jobTemplate.metadata ?? {};
  const metadata = {
    name: jobNameOf(cronJob, at),
    namespace: cronJob.metadata.namespace ?? '',
    labels: { ...labels },
    annotations: { ...annotations, [scheduledAnnotation]: formatInZone(at, timeZone) },
    ownerReferences: [controllerReference(cronJob)],
  };
  const { spec = { template: {} } } = jobTemplate;
  return { ...changedCopy<Job>(bare, { spec }), metadata };
}

const bare = {
  apiVersion: apiVersionOf(jobs),
  kind: jobs.kind,
  metadata: { name: '', uid: '', resourceVersion: '', creationTimestamp: '' },
};

/** As the status of the CronJob names it. */
export function referenceTo({ metadata }: Cached<Job>): ObjectReference {
  const { namespace, name, uid, resourceVersion } = metadata;
  return {
    kind: jobs.kind,
    apiVersion: apiVersionOf(jobs),
    ...(namespace !== undefined && { namespace }),
    name,
    uid,
    resourceVersion,
  };
}
