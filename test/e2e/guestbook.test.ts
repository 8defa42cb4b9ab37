/** What a new user sees: `npm start`, the guestbook in a browser, and what happens when its parts die. */

import assert from 'node:assert/strict';
import { execFile } from 'node:child_process';
import { chmod } from 'node:fs/promises';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { promisify } from 'node:util';
import type { Stored } from '../../api/object.ts';
import { pods } from '../../api/resources/core.ts';
import { roleBindings, roles } from '../../api/resources/rbac.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { packageRoot } from '../../base/package-root.ts';
import { containerIdentities, runningContainers } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { inClusterScript, outputOfClient } from '../support/in-cluster-client.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';

const url = 'http://localhost:30080';
const namespace = 'default';

async function page(path = '/', at = url): Promise<string> {
  const response = await fetch(at + path, { signal: AbortSignal.timeout(5_000), headers: { connection: 'close' } });
  assert.equal(response.status, 200);
  return await response.text();
}

async function sign(message: string): Promise<void> {
  const body = new URLSearchParams({ message });
  const response = await fetch(url, { method: 'POST', body, redirect: 'manual', signal: AbortSignal.timeout(5_000) });
  assert.equal(response.status, 303);
}

describe('npm start', () => {
  let cluster: LocalCluster;

  before(async () => {
    cluster = await LocalCluster.start();
  });
  after(() => cluster.remove());

  const podsOf = async (tier: string): Promise<Stored<Pod>[]> =>
    (await cluster.client.list(pods, { namespace, labelSelector: `tier=${tier}` })).items;
  const readyPodsOf = async (tier: string): Promise<Stored<Pod>[]> =>
    (await podsOf(tier)).filter(
      ({ metadata, status }) =>
        metadata.deletionTimestamp === undefined &&
        status?.conditions?.some(({ type, status: is }) => type === 'Ready' && is === 'True'),
    );
  const ready = (tier: string, count: number) =>
    eventually(
      `${count} ready pods of ${tier}`,
      async () => {
        const [all, good] = [await podsOf(tier), await readyPodsOf(tier)];
        return all.length === count && good.length === count;
      },
      { timeoutMs: 60_000 },
    );

  it('says where the guestbook is, what to try, and how to stop', () => {
    for (const said of [
      /http:\/\/localhost:30080/,
      /admin\.kubeconfig/,
      /scale deployment\/frontend --replicas 10/,
      /Ctrl-C stops it/,
    ]) {
      assert.match(cluster.output, said);
    }
  });

  it('passes the CIS benchmark as it comes, and what is broken afterwards is found', async () => {
    const cis = async (): Promise<string> => {
      const script = join(packageRoot, 'cli/kubecfg.mjs');
      const { stdout } = await promisify(execFile)(process.execPath, [
        script,
        'cis',
        '--data-dir',
        cluster.dataDir,
      ]).catch((error: { readonly stdout: string }) => error);
      return stdout;
    };
    const failed = (report: string): string[] =>
      report.split('\n').flatMap((line) => /^✗ (\S+) /.exec(line)?.[1] ?? []);
    const report = await cis();
    assert.deepEqual(failed(report), [], report);
    for (const id of [
      '1.1.21',
      '1.2.1',
      '1.2.8',
      '1.2.14',
      '1.2.17',
      '1.2.22',
      '1.2.29',
      '1.3.5',
      '4.2.1',
      '4.2.3',
      '5.1.1',
    ])
      assert.match(report, new RegExp(`^✓ ${id.replaceAll('.', '\\.')} `, 'm'));
    await chmod(join(cluster.dataDir, 'pki/ca.key'), 0o644);
    const broken = await cis();
    assert.deepEqual(failed(broken), ['1.1.21'], broken);
    assert.match(broken, /more than 600: .*pki\/ca\.key \(644\)/);
    await chmod(join(cluster.dataDir, 'pki/ca.key'), 0o600);
  });

  it('answers from all three frontends, on localhost and on the node’s own address', async () => {
    const servers = new Set<string>();
    await eventually('three frontends have answered', async () => {
      servers.add(/Served by pod <b>([^<]+)/.exec(await page())?.[1] ?? '');
      return servers.size === 3;
    });
    assert.deepEqual([...servers].sort(), (await podsOf('web')).map(({ metadata }) => metadata.name).sort());
    const [pod] = await podsOf('web');
    const response = await fetch(`http://${pod?.status?.hostIP}:30080/`);
    assert.equal(response.status, 200);
  });

  it('pulled its images from the registry on loopback', async () => {
    const [pod] = await podsOf('web');
    assert.match(pod?.status?.containerStatuses?.[0]?.imageID ?? '', /localhost:5000\/longshore\/guestbook@sha256:/);
  });

  it('gives each pod a token, with which the official client does from inside what roles allow, and no more', async () => {
    const rules = [{ apiGroups: [''], resources: ['pods'], verbs: ['get', 'list'] }];
    await cluster.client.create(roles, { metadata: { namespace, name: 'reader' }, rules });
    await cluster.client.create(roleBindings, {
      metadata: { namespace, name: 'reader' },
      roleRef: { apiGroup: 'rbac.authorization.k8s.io', kind: 'Role', name: 'reader' },
      subjects: [{ kind: 'ServiceAccount', name: 'default', namespace }],
    });
    const said = JSON.parse(await outputOfClient(cluster, inClusterScript));
    assert.equal(said.user, 'system:serviceaccount:default:default');
    assert.deepEqual(said.pod, ['in-cluster']);
    assert.equal(said.server, 'https://10.96.0.1:443');
    assert.equal(said.namespace, namespace);
    assert.ok(said.pods.includes('in-cluster'), JSON.stringify(said));
    assert.equal(said.secrets, 403);
  });

  it('keeps a message when all frontends die', async () => {
    await sign('Grüße & <b>hello</b>');
    const before = await podsOf('web');
    await cluster.kubecfg('delete', 'pods', '-l', 'tier=web', '--grace-period', '0');
    await ready('web', 3);
    const after = await podsOf('web');
    assert.equal(after.filter(({ metadata }) => before.some((one) => one.metadata.uid === metadata.uid)).length, 0);
    assert.match(await eventually('a page', () => page()), /Grüße &amp; &lt;b&gt;hello&lt;\/b&gt;/);
  });

  it('scales 3 → 10 → 1', async () => {
    await cluster.kubecfg('scale', 'deployment/frontend', '--replicas', '10');
    await ready('web', 10);
    assert.equal((await runningContainers()).filter(({ container }) => container === 'guestbook').length, 10);
    await cluster.kubecfg('scale', 'deployment/frontend', '--replicas', '1');
    await ready('web', 1);
    await eventually(
      'one container',
      async () => (await runningContainers()).filter(({ container }) => container === 'guestbook').length === 1,
    );
    await cluster.kubecfg('scale', 'deployment/frontend', '--replicas', '3');
    await ready('web', 3);
  });

  it('rolls the frontend, and back', async () => {
    const before = await podsOf('web');
    await cluster.kubecfg('set', 'env', 'deployment/frontend', 'COLOR=blue');
    assert.match(await cluster.kubecfg('rollout', 'status', 'deployment/frontend'), /successfully rolled out/);
    await ready('web', 3);
    const rolled = await podsOf('web');
    assert.ok(rolled.every(({ metadata }) => before.every((one) => one.metadata.uid !== metadata.uid)));
    assert.match(await eventually('a page', () => page()), /Grüße/);
    await cluster.kubecfg('rollout', 'undo', 'deployment/frontend');
    assert.match(await cluster.kubecfg('rollout', 'status', 'deployment/frontend'), /successfully rolled out/);
    await ready('web', 3);
    assert.ok((await podsOf('web')).every(({ spec }) => spec?.containers[0]?.env === undefined));
  });

  it('brings a killed container back, in the same pod, and Redis keeps its data', async () => {
    const leader = (await runningContainers()).find(({ pod }) => pod.startsWith('redis-leader'));
    await runProgram('docker', ['kill', leader?.id ?? '']);
    await eventually('a new container in the same pod', async () => {
      const now = (await runningContainers()).find(({ pod }) => pod === leader?.pod);
      return now !== undefined && now.id !== leader?.id;
    });
    assert.match(await eventually('a page', () => page('/?from=leader')), /hello/);
    const { status } = await cluster.client.get(pods, { namespace, name: leader?.pod ?? '' });
    assert.equal(status?.containerStatuses?.[0]?.restartCount, 1);
  });

  it('stops within 10 s with containers running, and adopts them when it starts again', async () => {
    const before = await containerIdentities();
    const nodeIp = (await podsOf('web'))[0]?.status?.hostIP ?? '';
    const started = performance.now();
    assert.equal(await cluster.stop(), 0);
    assert.ok(performance.now() - started < 10_000);
    assert.deepEqual(await containerIdentities(), before);
    // The kernel's rules stay in force. (On loopback, Longshore itself listens.)
    assert.match(await page('/', `http://${nodeIp}:30080`), /hello/);

    await cluster.start();
    assert.deepEqual(await containerIdentities(), before);
    assert.match(await page(), /hello/);
  });

  it('survives kill -9 of the whole of it', async () => {
    const before = await containerIdentities();
    await cluster.kill();
    await cluster.start();
    assert.deepEqual(await containerIdentities(), before);
    assert.match(await page(), /hello/);
  });

  it('refuses to run twice on one data directory', async () => {
    const second = runProgram(process.execPath, ['cli/kubecfg.mjs', 'up', '--data-dir', cluster.dataDir]);
    await assert.rejects(second, new RegExp(`already runs on ${cluster.dataDir} \\(process ${cluster.pid}\\)`));
  });

  it('down leaves nothing of it', async () => {
    await cluster.kubecfg('down', '--data-dir', cluster.dataDir);
    assert.equal(await runProgram('docker', ['ps', '-aq', '--filter', 'label=dev.longshore.type']), '');
    assert.doesNotMatch(await runProgram('docker', ['network', 'ls']), /longshore/);
    assert.doesNotMatch(await runProgram('nft', ['list', 'tables']), /longshore/);
    assert.doesNotMatch(await runProgram('iptables', ['-S', 'DOCKER-USER']), /longshore/);
  });
});
