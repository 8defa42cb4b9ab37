/** Jobs, CronJobs, budgets and autoscalers against the real API server; the tests play the kubelet. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { deployments, replicaSets } from '../../api/resources/apps.ts';
import { horizontalPodAutoscalers } from '../../api/resources/autoscaling.ts';
import { cronJobs, jobs } from '../../api/resources/batch.ts';
import { events, namespaces, pods } from '../../api/resources/core.ts';
import { podDisruptionBudgets } from '../../api/resources/policy.ts';
import { isNotFound, StatusError } from '../../api/status-error.ts';
import type { Deployment, ReplicaSet } from '../../api/types/apps/v1.ts';
import type { HorizontalPodAutoscaler } from '../../api/types/autoscaling/v2.ts';
import type { CronJob, CronJobSpec, Job, JobSpec } from '../../api/types/batch/v1.ts';
import type { Namespace, Pod } from '../../api/types/core/v1.ts';
import type { PodDisruptionBudget } from '../../api/types/policy/v1.ts';
import { systemClock } from '../../base/clock.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import { createInformer } from '../../client/informer.ts';
import { ServedResources } from '../../client/served-resources.ts';
import { cacheOf } from '../../client/testing/stored-object.ts';
import { HorizontalReconciler } from '../../controller-manager/autoscaling/horizontal-reconciler.ts';
import { MetricProposals } from '../../controller-manager/autoscaling/metric-proposal.ts';
import { MetricsClient } from '../../controller-manager/autoscaling/metrics-client.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { podIndexes } from '../../controller-manager/pods/pod-indexes.ts';
import { JobReconciler } from '../../controller-manager/workloads/jobs/job-reconciler.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const tracking = 'batch.kubernetes.io/job-tracking';

describe('Jobs, CronJobs, budgets, autoscalers', () => {
  let server: TestApiServer;
  let namespace = '';
  let count = 0;
  const closers: (() => Promise<unknown>)[] = [];

  before(async () => {
    server = await startTestApiServer();
  });
  after(() => server.stop());
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function begin(...controllers: string[]): Promise<Running> {
    count += 1;
    namespace = `jobs-${count}`;
    await server.client.create<Namespace>(namespaces, { metadata: { name: namespace } });
    return await start(...controllers);
  }

  async function start(...controllers: string[]): Promise<Running> {
    const { connection } = server;
    const options = { connection, logger: silentLogger, leaderElect: false, identity: 'test', controllers };
    const manager = await startControllerManager(options);
    closers.push(() => manager.stop());
    return manager;
  }

  const template = { spec: { restartPolicy: 'Never', containers: [{ name: 'c', image: 'app:1' }] } };
  const createJob = (spec: Omit<JobSpec, 'template'>, name = 'work') =>
    server.client.create<Job>(jobs, { metadata: { namespace, name }, spec: { ...spec, template } });
  const job = (name = 'work') => server.client.get(jobs, { namespace, name });
  const allPods = async () => (await server.client.list(pods, { namespace })).items;
  const openPods = async () =>
    (await allPods()).filter(
      ({ metadata, status }) => !metadata.deletionTimestamp && !/Succeeded|Failed/.test(status?.phase ?? ''),
    );
  const untilOpen = (wanted: number) =>
    eventually(`${wanted} pods that have not ended`, async () => {
      const open = await openPods();
      return open.length === wanted && open;
    });
  const setStatus = ({ metadata: { name } }: { metadata: { name: string } }, status: Pod['status']) =>
    server.client.patch(pods, { namespace, name }, { type: 'merge', body: { status } }, { subresource: 'status' });
  const untilEnded = (type: string) =>
    eventually(`the Job is ${type}`, async () => {
      const found = await job();
      return found.status?.conditions?.some((one) => one.type === type && one.status === 'True') && found;
    });
  const messages = async () => (await server.client.list(events, { namespace })).items.map(({ message }) => message);

  it('run their pods to the end, two at a time, and count each once', async () => {
    await begin('job-controller');
    await createJob({ completions: 3, parallelism: 2 });
    for (const pod of await untilOpen(2)) {
      assert.deepEqual(pod.metadata.finalizers, [tracking]);
      await setStatus(pod, { phase: 'Succeeded' });
    }
    for (const pod of await untilOpen(1)) await setStatus(pod, { phase: 'Succeeded' });
    const { status } = await untilEnded('Complete');
    assert.equal(status?.succeeded, 3);
    assert.equal(status?.conditions?.find(({ type }) => type === 'Complete')?.reason, 'CompletionsReached');
    assert.ok(status?.completionTime);
    assert.ok((await allPods()).every(({ metadata }) => metadata.finalizers === undefined));
    await eventually('told', async () => (await messages()).includes('Job completed'));
  });

  it('are counted once whoever dies in the middle, and whatever pods do meanwhile', async () => {
    let manager = await begin('job-controller');
    await createJob({ completions: 6, parallelism: 3, completionMode: 'Indexed' });
    for (let round = 0; round < 2; round += 1) {
      const open = await untilOpen(3);
      // Nobody looks while they end.
      await manager.stop();
      for (const pod of open) await setStatus(pod, { phase: 'Succeeded' });
      manager = await start('job-controller');
    }
    const { status } = await untilEnded('Complete');
    assert.equal(status?.completedIndexes, '0-5');
    assert.equal(status?.succeeded, 6);
    const indexes = (await allPods()).map(
      ({ metadata }) => metadata.annotations?.['batch.kubernetes.io/job-completion-index'],
    );
    assert.deepEqual(indexes.sort(), ['0', '1', '2', '3', '4', '5']);
  });

  it('that have ended do not begin again because a cache is behind', async () => {
    await begin();
    const cachedJobs = cacheOf([await createJob({})]);
    const cachedPods = cacheOf<Pod>([], podIndexes.indexers);
    const reconciler = new JobReconciler({
      client: server.client,
      jobs: cachedJobs,
      pods: cachedPods,
      recorder: { record: () => {} },
      clock: systemClock,
    });
    const look = async () => {
      await reconciler.reconcile(`${namespace}/work`);
      cachedPods.replace(await allPods());
    };
    await look();
    for (const pod of await untilOpen(1)) {
      await setStatus(pod, { phase: 'Succeeded' });
      reconciler.expectations.observedCreation((await job()).metadata.uid);
    }
    cachedPods.replace(await allPods());
    await look();
    await untilEnded('Complete');
    // The pod has no finalizer by now, and the cached Job has counted none.
    for (let again = 0; again < 2; again += 1) await look();
    assert.equal((await allPods()).length, 1);
  });

  it('that fail end with the reason, their other pods with them', async () => {
    await begin('job-controller');
    const rule = { action: 'FailJob', onExitCodes: { operator: 'In', values: [42] } };
    await createJob({ completions: 2, parallelism: 2, podFailurePolicy: { rules: [rule] } });
    const [first] = await untilOpen(2);
    assert.ok(first);
    const state = { terminated: { exitCode: 42 } };
    const container = { name: 'c', image: 'app:1', imageID: '', ready: false, restartCount: 0, state };
    await setStatus(first, { phase: 'Failed', containerStatuses: [container] });
    const { status } = await untilEnded('Failed');
    const condition = status?.conditions?.find(({ type }) => type === 'Failed');
    assert.equal(condition?.reason, 'PodFailurePolicy');
    assert.match(condition?.message ?? '', /failed with exit code 42 matching FailJob rule at index 0$/);
    assert.equal(status?.failed, 2);
    await untilOpen(0);
  });

  it('let pods go that lost their Job, and go themselves when their time is over', async () => {
    await begin('job-controller', 'ttl-after-finished-controller', 'garbage-collector-controller');
    await createJob({});
    await untilOpen(1);
    await server.client.delete(jobs, { namespace, name: 'work' }, { propagationPolicy: 'Orphan' });
    await eventually('no pod keeps the finalizer', async () => {
      const left = await allPods();
      return left.length === 1 && left.every(({ metadata }) => !metadata.finalizers?.includes(tracking));
    });
    await createJob({ completions: 0, ttlSecondsAfterFinished: 0 }, 'short');
    await eventually('it is gone', async () => await job('short').then(() => false, isNotFound));
  });

  it('of a schedule: a missed run is made up for once, and not beside another when that is forbidden', async () => {
    const controllers = ['cronjob-controller', 'job-controller'] as const;
    const manager = await begin(...controllers);
    const spec: CronJobSpec = {
      schedule: '0 0 1 1 *',
      suspend: true,
      concurrencyPolicy: 'Forbid',
      jobTemplate: { spec: { template } },
    };
    await server.client.create<CronJob>(cronJobs, { metadata: { namespace, name: 'tick' }, spec });
    const key = { namespace, name: 'tick' };
    const miss = (lastScheduleTime: string) =>
      server.client.patch(
        cronJobs,
        key,
        { type: 'merge', body: { status: { lastScheduleTime } } },
        { subresource: 'status' },
      );
    await miss('2024-06-01T00:00:00Z');
    await server.client.patch(cronJobs, key, { type: 'merge', body: { spec: { suspend: false } } });
    const [made] = await eventually('a Job', async () => {
      const { items } = await server.client.list(jobs, { namespace });
      return items.length > 0 && items;
    });
    assert.match(made?.metadata.name ?? '', /^tick-\d{8}$/);
    await eventually(
      'the status names it',
      async () => (await server.client.get(cronJobs, key)).status?.active?.length === 1,
    );
    // Another process that knows nothing, and is told of another miss.
    await manager.stop();
    await server.client.patch(cronJobs, key, { type: 'merge', body: { spec: { schedule: '0 0 2 1 *' } } });
    await miss('2024-06-01T00:00:00Z');
    await start(...controllers);
    await eventually('the run is known to be under way', async () =>
      (await messages()).some((message) => message?.startsWith('Not starting job because prior execution is running')),
    );
    assert.equal((await server.client.list(jobs, { namespace })).items.length, 1);
    for (const pod of await untilOpen(1)) await setStatus(pod, { phase: 'Succeeded' });
    await eventually(
      'the success is noted',
      async () => (await server.client.get(cronJobs, key)).status?.lastSuccessfulTime,
    );
  });

  it('a budget lets as many pods be evicted as it says', async () => {
    await begin('replicaset-controller', 'disruption-controller');
    const labels = { app: 'web' };
    await server.client.create<ReplicaSet>(replicaSets, {
      metadata: { namespace, name: 'web' },
      spec: {
        replicas: 3,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'app:1' }] } },
      },
    });
    const ready = [{ type: 'Ready', status: 'True' }];
    for (const pod of await untilOpen(3)) await setStatus(pod, { phase: 'Running', conditions: ready });
    await server.client.create<PodDisruptionBudget>(podDisruptionBudgets, {
      metadata: { namespace, name: 'web' },
      spec: { maxUnavailable: '34%', selector: { matchLabels: labels } },
    });
    const budget = async () => (await server.client.get(podDisruptionBudgets, { namespace, name: 'web' })).status;
    const allowed = (wanted: number) =>
      eventually(`${wanted} may go`, async () => (await budget())?.disruptionsAllowed === wanted);
    await allowed(2);
    assert.equal((await budget())?.expectedPods, 3);
    const evict = ({ metadata: { name } }: { metadata: { name: string } }) =>
      server.client.createSubresource(pods, { namespace, name }, 'eviction', {
        apiVersion: 'policy/v1',
        kind: 'Eviction',
        metadata: { namespace, name },
      });
    const [first, second, third] = await openPods();
    assert.ok(first && second && third);
    await evict(first);
    await evict(second);
    await assert.rejects(evict(third), (error: unknown) => error instanceof StatusError && error.status.code === 429);
    await allowed(0);
    for (const pod of await untilOpen(3)) await setStatus(pod, { phase: 'Running', conditions: ready });
    await allowed(2);
  });

  it('an autoscaler keeps its bounds, says what it lacks, and scales by what is measured', async () => {
    await begin('replicationcontroller-controller');
    const labels = { app: 'web' };
    const key = { namespace, name: 'web' };
    await server.client.create<Deployment>(deployments, {
      metadata: key,
      spec: {
        replicas: 1,
        selector: { matchLabels: labels },
        template: { metadata: { labels }, spec: { containers: [{ name: 'c', image: 'app:1' }] } },
      },
    });
    const target = { type: 'AverageValue', averageValue: '100' };
    const scaleTargetRef = { apiVersion: 'apps/v1', kind: 'Deployment', name: 'web' };
    await server.client.create<HorizontalPodAutoscaler>(horizontalPodAutoscalers, {
      metadata: key,
      spec: {
        scaleTargetRef,
        minReplicas: 2,
        maxReplicas: 5,
        metrics: [{ type: 'External', external: { metric: { name: 'jobs' }, target } }],
      },
    });
    const { look, measure } = await autoscaler();
    const replicas = async () => (await server.client.get(deployments, key)).spec?.replicas;
    const condition = async (type: string) =>
      (await server.client.get(horizontalPodAutoscalers, key)).status?.conditions?.find((one) => one.type === type);
    await look();
    assert.equal(await replicas(), 2);
    assert.equal((await condition('AbleToScale'))?.reason, 'SucceededRescale');
    await look();
    assert.equal((await condition('ScalingActive'))?.reason, 'FailedGetExternalMetric');
    assert.match(
      (await condition('ScalingActive'))?.message ?? '',
      /the server could not find the requested resource \(get jobs\.external\.metrics\.k8s\.io\)$/,
    );
    await server.client.patch(
      deployments,
      key,
      { type: 'merge', body: { status: { replicas: 2 } } },
      { subresource: 'status' },
    );
    measure('900');
    await look();
    assert.equal(await replicas(), 4, 'twice as many at most');
    await look();
    assert.equal(await replicas(), 5);
    assert.equal((await condition('ScalingLimited'))?.reason, 'TooManyReplicas');
    assert.equal((await condition('ScalingActive'))?.reason, 'ValidMetricFound');
    measure('100');
    await look();
    assert.equal(await replicas(), 5, 'what was asked for of late counts');
    assert.equal((await condition('AbleToScale'))?.reason, 'ScaleDownStabilized');
  });

  /** The reconciler, which looks when the test wants it to, and somebody who serves a metric. */
  async function autoscaler() {
    let value: string | undefined;
    const { client } = server;
    const raw: typeof client.raw = async (method, path, options) =>
      value !== undefined && path.includes('external.metrics.k8s.io')
        ? { code: 200, text: JSON.stringify({ items: [{ metricName: 'jobs', value }] }) }
        : await client.raw(method, path, options);
    const stop = new AbortController();
    const autoscalers = createInformer(client, horizontalPodAutoscalers, { namespace, logger: silentLogger });
    const seenPods = createInformer(client, pods, { namespace, logger: silentLogger });
    const resources = new ServedResources({ client, logger: silentLogger });
    const parts = [autoscalers, seenPods, resources];
    const running = Promise.all(parts.map((part) => part.run(stop.signal)));
    closers.push(async () => {
      stop.abort();
      await running;
    });
    await Promise.all([autoscalers.synced(), seenPods.synced()]);
    await eventually('what there is', () => resources.all().length > 0);
    const reconciler = new HorizontalReconciler({
      client,
      resources,
      autoscalers,
      pods: seenPods,
      proposals: new MetricProposals(new MetricsClient({ raw }, resources)),
      recorder: { record: () => {} },
      clock: systemClock,
      logger: silentLogger,
    });
    const key = { namespace, name: 'web' };
    const look = async () => {
      await reconciler.reconcile(`${namespace}/web`);
      const { metadata } = await client.get(horizontalPodAutoscalers, key);
      await eventually(
        'the cache has it',
        () => autoscalers.get(`${namespace}/web`)?.metadata.resourceVersion === metadata.resourceVersion,
      );
    };
    const measure = (next: string) => {
      value = next;
    };
    return { look, measure };
  }
});
