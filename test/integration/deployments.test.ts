/** Deployments with their controllers and kubecfg, on the real API server; scheduler and kubelet are played. */

import assert from 'node:assert/strict';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { deployments, replicaSets } from '../../api/resources/apps.ts';
import { configMaps, events, namespaces } from '../../api/resources/core.ts';
import type { Deployment, DeploymentSpec } from '../../api/types/apps/v1.ts';
import type { ConfigMap, Namespace } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { TestKubecfg } from '../support/kubecfg.ts';
import { type PlayedPods, playPods } from '../support/played-pods.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const controllers = [
  'deployment-controller',
  'replicaset-controller',
  'deployment-rollback-controller',
  'configuration-rollout-controller',
];

const revision = 'deployment.kubernetes.io/revision';

describe('Deployments', () => {
  let server: TestApiServer;
  let kubecfg: TestKubecfg;
  let namespace = '';
  let count = 0;
  let played: PlayedPods;
  let stopManager: () => Promise<void>;
  /** The most pods, the fewest that are ready, and the most templates that were ever seen at once. */
  let seen = { most: 0, fewestReady: 0, templates: 0 };
  const closers: (() => Promise<unknown>)[] = [];

  before(async () => {
    server = await startTestApiServer();
    kubecfg = await TestKubecfg.open(server.connection);
  });
  after(async () => {
    await kubecfg.close();
    await server.stop();
  });
  beforeEach(async () => {
    count += 1;
    namespace = `rolls-${count}`;
    await server.client.create<Namespace>(namespaces, { metadata: { name: namespace } });
    seen = { most: 0, fewestReady: Number.POSITIVE_INFINITY, templates: 0 };
    played = await playPods(server.client, namespace, { isGood: (image) => !image.includes('bad'), onChange: look });
    closers.push(() => played.stop());
    await startManager();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  function look(): void {
    const counts = Object.values(played?.counts() ?? {});
    const sum = (of: (one: { all: number; ready: number }) => number) => counts.reduce((all, one) => all + of(one), 0);
    seen = {
      most: Math.max(
        seen.most,
        sum((one) => one.all),
      ),
      fewestReady: Math.min(
        seen.fewestReady,
        sum((one) => one.ready),
      ),
      templates: Math.max(seen.templates, counts.length),
    };
  }

  async function startManager(): Promise<void> {
    const { connection } = server;
    const manager = await startControllerManager({
      connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      controllers,
    });
    stopManager = () => manager.stop();
    closers.push(stopManager);
  }

  const key = () => ({ namespace, name: 'web' });
  const read = () => server.client.get(deployments, key());
  const run = (line: string) => kubecfg.run(`-n ${namespace} ${line}`);
  const must = (line: string) => kubecfg.must(`-n ${namespace} ${line}`);
  const sets = async () => (await server.client.list(replicaSets, { namespace })).items;

  const create = (image: string, spec: Partial<DeploymentSpec> = {}) =>
    server.client.create<Deployment>(deployments, {
      metadata: key(),
      spec: {
        replicas: 4,
        selector: { matchLabels: { app: 'web' } },
        template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
        ...spec,
      },
    });
  const complete = (image: string, replicas: number) =>
    eventually(`${replicas} of ${image}`, async () => {
      const { status, metadata } = await read();
      const { [image]: pods, ...others } = played.counts();
      return (
        pods?.ready === replicas &&
        pods.all === replicas &&
        Object.keys(others).length === 0 &&
        status?.availableReplicas === replicas &&
        status.observedGeneration === metadata.generation
      );
    });

  it('roll within their bounds, while the controller is stopped and started again', async () => {
    await create('app:1', {
      replicas: 8,
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 2, maxUnavailable: 1 } },
    });
    await complete('app:1', 8);
    seen = { most: 0, fewestReady: 8, templates: 0 };
    assert.equal(await must('set image deployment/web c=app:2'), 'deployment.apps/web image updated\n');
    await eventually('some are new', () => (played.counts()['app:2']?.all ?? 0) > 2);
    await stopManager();
    await must('set image deployment/web c=app:3');
    await startManager();
    await complete('app:3', 8);
    assert.ok(seen.most <= 10, `${seen.most} pods`);
    assert.ok(seen.fewestReady >= 7, `${seen.fewestReady} ready`);
    assert.match(await must('rollout status deployment/web'), /deployment "web" successfully rolled out\n$/);
    const history = await must('rollout history deployment/web');
    assert.match(history, /^deployment.apps\/web \nREVISION {2}CHANGE-CAUSE\n1 +<none>\n2 +<none>\n3 +<none>\n/);
  });

  it('go back, are paused, resumed and restarted by kubecfg', async () => {
    await create('app:1');
    await complete('app:1', 4);
    assert.equal(
      (await run('rollout undo deployment/web')).errors.trim(),
      'error: no rollout history found for deployment "web"',
    );
    await must('rollout pause deployment web');
    assert.match((await run('rollout pause deployment web')).errors, /error: deployments.apps "web" is already paused/);
    assert.match((await run('rollout restart deployment web')).errors, /can't restart paused deployment/);
    await must('set image deployment/web *=app:2');
    await eventually('the pause is told', async () =>
      (await read()).status?.conditions?.some(({ reason }) => reason === 'DeploymentPaused'),
    );
    assert.equal((await sets()).length, 1);
    await must('rollout resume deployment web');
    await complete('app:2', 4);
    assert.equal(await must('rollout undo deployment/web'), 'deployment.apps/web rolled back\n');
    await complete('app:1', 4);
    assert.match(await must('rollout history deployment/web'), /\n2 .*\n3 /);
    assert.match(
      await must('rollout history deployment/web --revision 2'),
      /with revision #2\nPod Template:[\s\S]*app:2/,
    );
    assert.match(
      await must('rollout undo deployment/web --to-revision 3'),
      /skipped rollback \(current template already matches revision 3\)/,
    );
    assert.match(
      (await run('rollout undo deployment/web --to-revision 9')).errors,
      /unable to find specified revision 9/,
    );
    assert.equal(await must('rollout restart deployment/web'), 'deployment.apps/web restarted\n');
    await eventually('a third set', async () => (await sets()).length === 3);
    await complete('app:1', 4);
  });

  it('that make no progress say so, keep the others going, and go back by the old annotation', async () => {
    await create('app:1', { progressDeadlineSeconds: 1 });
    await complete('app:1', 4);
    await must('set image deployment/web c=bad:1');
    const { code, errors } = await run('rollout status deployment/web --timeout 60s');
    assert.deepEqual([code, errors.trim()], [1, 'error: deployment "web" exceeded its progress deadline']);
    assert.ok((played.counts()['app:1']?.ready ?? 0) >= 3);
    const body = { metadata: { annotations: { 'deprecated.deployment.rollback.to': '0' } } };
    await server.client.patch<Deployment>(deployments, key(), { type: 'merge', body });
    await complete('app:1', 4);
    await eventually('the event', async () =>
      (await server.client.list(events, { namespace })).items.some(
        ({ reason, message }) =>
          reason === 'DeploymentRollback' && message === 'Rolled back deployment "web" to revision 1',
      ),
    );
  });

  it('with Recreate never have pods of two templates', async () => {
    await create('app:1', { strategy: { type: 'Recreate' } });
    await complete('app:1', 4);
    await must('set env deployment/web A=1');
    await eventually('the second set', async () => (await sets()).length === 2);
    await must('set image deployment/web c=app:2');
    await complete('app:2', 4);
    assert.equal(seen.templates, 1);
  });

  it('keep as many old ReplicaSets as they are told to', async () => {
    await create('app:1', { revisionHistoryLimit: 1, replicas: 1 });
    for (const image of ['app:1', 'app:2', 'app:3', 'app:4']) {
      await must(`set image deployment/web c=${image}`);
      await complete(image, 1);
    }
    await eventually('two sets', async () => (await sets()).length === 2);
  });

  it('change one object when they are scaled, and nothing when nothing changes', async () => {
    await create('app:1', { replicas: 2 });
    await complete('app:1', 2);
    const before = new Map((await sets()).map(({ metadata }) => [metadata.name, metadata.resourceVersion]));
    await must('scale deployment/web --replicas 3');
    await complete('app:1', 3);
    assert.equal((await sets()).length, before.size);
    const versions = async () =>
      JSON.stringify([
        (await read()).metadata.resourceVersion,
        (await sets()).map(({ metadata }) => metadata.resourceVersion),
      ]);
    await eventually('the status is told', async () => (await read()).status?.updatedReplicas === 3);
    const settled = await versions();
    await stopManager();
    await startManager();
    // Nothing must happen: the controller that has begun anew has looked at everything when it has made a ReplicaSet.
    await server.client.create<Deployment>(deployments, {
      metadata: { namespace, name: 'other' },
      spec: {
        replicas: 0,
        selector: { matchLabels: { app: 'other' } },
        template: { metadata: { labels: { app: 'other' } }, spec: { containers: [{ name: 'c', image: 'app:1' }] } },
      },
    });
    await eventually('it works', async () => (await sets()).length > before.size);
    const own = (await sets()).filter(({ metadata }) => before.has(metadata.name));
    assert.equal(
      JSON.stringify([(await read()).metadata.resourceVersion, own.map(({ metadata }) => metadata.resourceVersion)]),
      settled,
    );
  });

  it('roll when their configuration changes, if they ask for it, and stay where an undo put them', async () => {
    const configuration = (value: string) =>
      server.client.patch<ConfigMap>(
        configMaps,
        { namespace, name: 'app' },
        { type: 'merge', body: { data: { value } } },
      );
    await server.client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'app' }, data: { value: '1' } });
    await create('app:1', {
      replicas: 2,
      template: {
        metadata: { labels: { app: 'web' } },
        spec: { containers: [{ name: 'c', image: 'app:1', envFrom: [{ configMapRef: { name: 'app' } }] }] },
      },
    });
    await complete('app:1', 2);
    await configuration('2');
    await must('annotate deployment/web longshore.dev/roll-on-configuration-change=true');
    const seen = async () => (await read()).metadata.annotations?.['longshore.dev/seen-configuration'];
    const first = await eventually('it is noted', seen);
    assert.equal((await sets()).length, 1);
    await configuration('3');
    await eventually('it rolls', async () => (await sets()).length === 2);
    await complete('app:1', 2);
    assert.notEqual(await seen(), first);
    await must('rollout undo deployment/web');
    await eventually('it has gone back', async () => (await read()).metadata.annotations?.[revision] === '3');
    await complete('app:1', 2);
    assert.equal((await sets()).length, 2);
    assert.equal((await read()).spec?.template.metadata?.annotations, undefined);
  });

  it('go back by themselves when they crash, and apply --wait ends with the cause', async () => {
    const manifest = (image: string) =>
      kubecfg.file(`${image.replace(':', '-')}.json`, {
        apiVersion: 'apps/v1',
        kind: 'Deployment',
        metadata: { name: 'web', annotations: { 'longshore.dev/roll-back-after-crashes': '3' } },
        spec: {
          replicas: 3,
          selector: { matchLabels: { app: 'web' } },
          template: { metadata: { labels: { app: 'web' } }, spec: { containers: [{ name: 'c', image }] } },
        },
      });
    const applied = await must(`apply --wait -f ${await manifest('app:1')}`);
    assert.match(applied, /created\n(Waiting [^\n]+\n)+deployment "web" successfully rolled out\n$/);
    const { code, errors } = await run(`apply --wait -f ${await manifest('bad:1')}`);
    assert.equal(code, 1);
    assert.match(
      errors,
      /deployment "web" was rolled back from revision 2 to 1: Container c of pod web-\S+ has been restarted 5 times/,
    );
    await complete('app:1', 3);
    assert.match(await must('rollout status deployment/web'), /successfully rolled out/);
    const again = await run(`apply --wait -f ${await manifest('bad:1')}`);
    assert.match(again.errors, /was rolled back from revision 4 to 3/);
    await complete('app:1', 3);
  });

  it('set env, resources and service account change what they name only', async () => {
    await create('app:1', { replicas: 0 });
    assert.equal(await must('set env deployment/web A=1 B=2'), 'deployment.apps/web env updated\n');
    await must('set env deployment/web A- C=3');
    assert.equal(await must('set env deployment/web --list'), '# Deployment web, container c\nB=2\nC=3\n');
    assert.match((await run('set env deployment/web B=9 --overwrite=false')).errors, /already has a value/);
    await must('set resources deployment/web --limits cpu=200m,memory=64Mi --requests cpu=100m');
    await must('set resources deployment/web --limits cpu=300m');
    await must('set serviceaccount deployment/web robot');
    const { spec } = (await read()).spec?.template ?? {};
    assert.deepEqual(spec?.containers[0]?.resources, {
      limits: { cpu: '300m', memory: '64Mi' },
      requests: { cpu: '100m' },
    });
    assert.equal(spec?.serviceAccountName, 'robot');
    assert.equal(await must('set image deployment/web c=app:1'), '');
    assert.match((await run('set image deployment/web x=app:1')).errors, /unable to find container named "x"/);
    assert.match(await must('set image deployment/web c=app:9 --dry-run=server'), /image updated \(server dry run\)/);
    assert.equal((await read()).spec?.template.spec?.containers[0]?.image, 'app:1');
  });
});
