/** `kubecfg create job|cronjob|poddisruptionbudget` and `autoscale` against the real API server. */

import assert from 'node:assert/strict';
import { after, before, it } from 'node:test';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { cronJobs, jobs } from '../../api/resources/batch.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
let server: TestApiServer;
let kubecfg: TestKubecfg;

before(async () => {
  server = await startTestApiServer();
  kubecfg = await TestKubecfg.open(server.connection);
});
after(async () => {
  await kubecfg.close();
  await server.stop();
});

it('a Job of an image and a command', async () => {
  assert.equal(await kubecfg.must('create job once --image app:1 -- echo done'), 'job.batch/once created\n');
  const { spec } = await server.client.get(jobs, { namespace, name: 'once' });
  const [container] = spec?.template.spec?.containers ?? [];
  assert.deepEqual([container?.name, container?.image, container?.command], ['once', 'app:1', ['echo', 'done']]);
  assert.equal(spec?.template.spec?.restartPolicy, 'Never');
});

it('a CronJob, and a run of it out of turn', async () => {
  const made = await kubecfg.must('create cronjob nightly --image app:1 --schedule @daily -- tidy');
  assert.equal(made, 'cronjob.batch/nightly created\n');
  const cronJob = await server.client.get(cronJobs, { namespace, name: 'nightly' });
  assert.equal(cronJob.spec.schedule, '@daily');
  assert.equal(await kubecfg.must('create job now --from cronjob/nightly'), 'job.batch/now created\n');
  const { metadata, spec } = await server.client.get(jobs, { namespace, name: 'now' });
  assert.equal(metadata.annotations?.['cronjob.kubernetes.io/instantiate'], 'manual');
  assert.deepEqual(
    metadata.ownerReferences?.map(({ uid, controller, blockOwnerDeletion }) => [uid, controller, blockOwnerDeletion]),
    [[cronJob.metadata.uid, true, undefined]],
  );
  assert.deepEqual(spec?.template.spec?.containers[0]?.command, ['tidy']);
});

it('a budget', async () => {
  const made = await kubecfg.must('create pdb web --selector app=web,tier!=db,!old --min-available 50%');
  assert.equal(made, 'poddisruptionbudget.policy/web created\n');
  const { spec } = await server.client.get(podDisruptionBudgets, { namespace, name: 'web' });
  assert.equal(spec?.minAvailable, '50%');
  assert.deepEqual(spec?.selector, {
    matchLabels: { app: 'web' },
    matchExpressions: [
      { key: 'tier', operator: 'NotIn', values: ['db'] },
      { key: 'old', operator: 'DoesNotExist' },
    ],
  });
});

it('an autoscaler', async () => {
  await kubecfg.must('create deployment web --image app:1');
  const made = await kubecfg.must('autoscale deployment/web --min 2 --max 5 --cpu 60% --memory 100Mi');
  assert.equal(made, 'horizontalpodautoscaler.autoscaling/web autoscaled\n');
  const { spec } = await server.client.get(horizontalPodAutoscalers, { namespace, name: 'web' });
  assert.deepEqual([spec?.minReplicas, spec?.maxReplicas], [2, 5]);
  assert.deepEqual(spec?.scaleTargetRef, { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' });
  assert.deepEqual(
    spec?.metrics?.map(({ resource }) => resource?.target),
    [
      { type: 'Utilization', averageUtilization: 60 },
      { type: 'AverageValue', averageValue: '100Mi' },
    ],
  );
});

it('what is wrong is said in one sentence', async () => {
  const cases: readonly (readonly [line: string, errors: RegExp])[] = [
    ['create job x', /^error: either --image or --from must be specified\n$/],
    ['create job x --from deployment/web', /^error: from must be an existing cronjob\n$/],
    ['create job x --from cronjob/nightly -- sh', /^error: cannot specify --from and command\n$/],
    ['create cronjob x --image app:1', /^error: required flag\(s\) "schedule" not set\n$/],
    ['create cronjob x --image app:1 --schedule never', /expected exactly 5 fields, found 1: \[never\]/],
    ['create pdb x --min-available 1', /^error: a selector must be specified\n$/],
    ['create pdb x --selector app=web', /^error: one of min-available or max-unavailable must be specified\n$/],
    ['create pdb x --selector app=web --min-available few', /^error: invalid format specified for min-available\n$/],
    ['create pdb x --selector a=b=c --min-available 1', /^error: couldn't parse the selector string "a=b=c"\n$/],
    ['autoscale deployment/web --min 3', /^error: required flag\(s\) "max" not set\n$/],
    ['autoscale deployment/web --min 3 --max 2', /must be larger or equal to --min=MINPODS, max: 2, min: 3\n$/],
    ['autoscale job/once --max 2', /^error: cannot autoscale a Job: could not find scale subresource for batch\/v1/],
    ['autoscale deployment/web --max 2 --cpu much', /^error: invalid --cpu "much"/],
  ];
  for (const [line, errors] of cases) assert.match((await kubecfg.run(line)).errors, errors, line);
});
