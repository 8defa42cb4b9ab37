/** The controller of CronJobs: which changes wake it. */

import { parseApiVersion } from '../../../api/resource.ts';
import { cronJobs, jobs } from '../../../api/resources/batch.ts';
import type { CronJob, Job } from '../../../api/types/batch/v1.ts';
import { type Controller, keyOfChange } from '../../../client/controller.ts';
import type { ObjectChange } from '../../../client/object-cache.ts';
import type { ControllerContext } from '../../controller-context.ts';
import { byController, controllerOf } from '../ownership.ts';
import { CronJobReconciler } from './cron-job-reconciler.ts';

export function createCronJobController(context: ControllerContext): Controller {
  const { client, informers, events, clock } = context;
  const cronJobInformer = informers.of(cronJobs);
  const jobInformer = informers.of(jobs, { indexers: { controller: byController } });
  const recorder = events.from('cronjob-controller');
  const reconciler = new CronJobReconciler({
    client,
    cronJobs: cronJobInformer,
    jobs: jobInformer,
    recorder,
    clock,
  });
  const controller = context.controller({ reconciler });
  return controller
    .watch(cronJobInformer, (change) => {
      const waitMs = hasNewSchedule(change) ? reconciler.msUntilNext(change.next) : undefined;
      if (waitMs === undefined) return keyOfChange(change);
      // A new schedule makes up for nothing: it begins with its next time.
      for (const key of keyOfChange(change)) controller.addAfter(key, waitMs);
      return [];
    })
    .watch(jobInformer, cronJobKeys);
}

function hasNewSchedule(
  change: ObjectChange<CronJob>,
): change is Extract<ObjectChange<CronJob>, { readonly type: 'updated' }> {
  if (change.type !== 'updated') return false;
  const { previous, next } = change;
  return previous.spec.schedule !== next.spec.schedule || previous.spec.timeZone !== next.spec.timeZone;
}

function* cronJobKeys({ previous, next }: ObjectChange<Job>): Iterable<string> {
  for (const job of [previous, next]) {
    const owner = job && controllerOf(job);
    if (owner?.kind === cronJobs.kind && parseApiVersion(owner.apiVersion)?.group === cronJobs.group)
      yield `${job?.metadata.namespace}/${owner.name}`;
  }
}
