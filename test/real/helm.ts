/** Helm, and a chart (`chart/`) with a definition, an object of it, and hooks: installed, upgraded, rolled back, removed. */

import assert from 'node:assert/strict';
import { join } from 'node:path';
import { packageRoot } from '../../base/package-root.ts';
import { importSleeper } from '../support/engine-state.ts';
import { builtProgram, scratchFolder } from './artifacts.ts';
import type { Checks } from './checks.ts';
import type { Subject } from './subject.ts';
import { runToEnd, type World } from './world.ts';

const chart = join(packageRoot, 'test/real/chart');
const namespace = 'bakery';
const release = 'corner';
const hooks = ['pre-install', 'post-install', 'pre-upgrade', 'post-rollback', 'pre-delete'] as const;

export const helm: Subject = {
  what: 'Helm, and a chart with definitions and hooks',
  async prepare(report) {
    await builtProgram('helm', report);
  },
  async run(world, checks) {
    await importSleeper('longshore-real/busybox:1');
    const home = await scratchFolder('helm');
    const program = await builtProgram('helm', () => {});
    const env = { HOME: home, KUBECONFIG: world.cluster.kubeconfig };
    const run: Helm = (...words) => runToEnd([program, '--namespace', namespace, ...words], { env });
    await checkInstall(world, checks, run);
    await checkUpgrades(world, checks, run);
    await checkUninstall(world, checks, run);
  },
};

/** All that it writes; rejects when it fails. */
type Helm = (...words: readonly string[]) => Promise<string>;

const inNamespace = (world: World, ...words: readonly string[]) => world.kubectl(['-n', namespace, ...words]);
const field = (world: World, object: string, path: string) =>
  inNamespace(world, 'get', object, '-o', `jsonpath={${path}}`);
const jobNames = async (world: World) => (await inNamespace(world, 'get', 'jobs', '-o', 'name')).split('\n');
const ranHook = (hook: (typeof hooks)[number]) => `job.batch/${release}-${hook}`;

async function checkInstall(world: World, checks: Checks, run: Helm): Promise<void> {
  await checks.check('helm install --wait: definitions first, hooks in their order', async () => {
    await run('install', release, chart, '--create-namespace', '--wait', '--timeout=3m');
    assert.equal(await field(world, `loaf/${release}`, '.spec'), '{"flour":"rye","grams":750}');
    assert.equal(await field(world, `configmap/${release}-greeting`, '.data.served'), 'true');
    const ran = await jobNames(world);
    assert.ok(ran.includes(ranHook('pre-install')) && ran.includes(ranHook('post-install')), ran.join());
    assert.equal(await field(world, `deployment/${release}`, '.status.readyReplicas'), '1');
  });
  // Only now: a dry run does not bring the chart's definitions, and Helm looks up the kinds of all it would make.
  await checks.check('helm install --dry-run=server renders with what the cluster has, and makes nothing', async () => {
    assert.match(await run('install', 'dry', chart, '--dry-run=server'), /kubernetesService: "kubernetes"/);
    const names = await inNamespace(world, 'get', 'deployment,configmap,loaf,job,secret', '-o', 'name');
    assert.doesNotMatch(names, /dry/);
  });
  await checks.check('helm list, status, get, history', async () => {
    assert.match(await run('list'), new RegExp(`${release}\\s+${namespace}\\s+1 .*deployed\\s+bakery-1.0.0`));
    assert.match(await run('status', release, '--show-resources'), /==> v1\/ConfigMap/);
    assert.match(await run('get', 'manifest', release), /kind: Loaf/);
    assert.match(await run('history', release), /Install complete/);
  });
  await checks.check('helm test', async () => {
    assert.match(await run('test', release, '--logs'), /Phase:\s+Succeeded[\s\S]*it greets/);
  });
  await checks.check('a second release under the same name is refused', async () => {
    await assert.rejects(run('install', release, chart), /cannot re-use a name that is still in use/);
  });
  await checks.check('what another release owns is not taken', async () => {
    await inNamespace(world, 'create', 'configmap', 'second-greeting');
    await assert.rejects(run('install', 'second', chart), /exists and cannot be imported into the current release/);
  });
}

async function checkUpgrades(world: World, checks: Checks, run: Helm): Promise<void> {
  const greeting = () => field(world, `configmap/${release}-greeting`, '.data.greeting');
  await checks.check('helm upgrade changes, adds, and keeps what was changed by hand', async () => {
    await inNamespace(world, 'label', 'loaf', release, 'by=hand');
    await run('upgrade', release, chart, '--set=greeting=servus,extra=true,replicas=2', '--wait', '--timeout=3m');
    assert.equal(await greeting(), 'servus');
    assert.equal(await field(world, `loaf/${release}`, '.metadata.labels.by'), 'hand');
    await inNamespace(world, 'get', 'configmap', `${release}-extra`);
    assert.ok((await jobNames(world)).includes(ranHook('pre-upgrade')));
  });
  await checks.check('an upgrade that changes nothing changes no object', async () => {
    const versions = () =>
      inNamespace(world, 'get', 'deployment,configmap,loaf', '-o', 'jsonpath={.items[*].metadata.resourceVersion}');
    const before = await versions();
    await run('upgrade', release, chart, '--reuse-values', '--wait', '--timeout=3m');
    assert.equal(await versions(), before);
  });
  await checks.check('an upgrade whose hook fails is failed, and with --atomic rolled back', async () => {
    await assert.rejects(
      run('upgrade', release, chart, '--reuse-values', '--set=failing=true'),
      /pre-upgrade hooks failed/,
    );
    assert.match(await run('history', release), /failed/);
    const words = ['--reuse-values', '--set=failing=true,greeting=never', '--atomic', '--timeout=2m'];
    await assert.rejects(run('upgrade', release, chart, ...words), /rolled back due to atomic being set/);
    assert.equal(await greeting(), 'servus');
  });
  await checks.check('helm rollback takes back what the upgrade added', async () => {
    await run('rollback', release, '1', '--wait', '--timeout=3m');
    assert.equal(await greeting(), 'hello');
    assert.equal(await inNamespace(world, 'get', 'configmap', `${release}-extra`, '--ignore-not-found'), '');
    assert.ok(!(await jobNames(world)).includes(ranHook('post-rollback')), 'the hook was to go when it succeeded');
  });
  await checks.check('values that the chart refuses change nothing', async () => {
    await assert.rejects(run('upgrade', release, chart, '--set=replicas=-1'), /replicas/);
    assert.equal(await greeting(), 'hello');
  });
}

async function checkUninstall(world: World, checks: Checks, run: Helm): Promise<void> {
  await checks.check('helm uninstall --wait: the hook before, then everything but the definitions', async () => {
    await run('uninstall', release, '--wait', '--timeout=3m');
    assert.ok((await jobNames(world)).includes(ranHook('pre-delete')));
    const left = await inNamespace(world, 'get', 'deployment,loaf,pod,secret', '-o', 'name', '--selector', `app!=none`);
    assert.doesNotMatch(left, new RegExp(`(deployment|loaf)[^\n]*/${release}|helm.release`));
    await world.kubectl(['get', 'crd', 'loaves.bakery.example.com']);
  });
  await checks.check('the definition, and the namespace with the rest', async () => {
    await world.kubectl(['delete', 'crd', 'loaves.bakery.example.com', '--timeout=60s']);
    await world.kubectl(['delete', 'namespace', namespace, '--timeout=120s']);
  });
}
