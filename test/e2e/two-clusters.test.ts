/**
 * Two clusters on one engine: neither touches what is the other's, whether they run at once, one after the other, or
 * with the data of a backup. What cannot be is refused before anything is changed.
 */

import assert from 'node:assert/strict';
import { mkdir, mkdtemp, rm } from 'node:fs/promises';
import { hostname, tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { pods } from '../../api/resources/core.ts';
import { packageRoot } from '../../base/package-root.ts';
import { containerIdentities, importSleeper } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';

const namespace = 'default';
const image = 'longshore-test/sleeper:1';
/** All that a second cluster needs for itself. */
const apart = [
  ...['--network-name', 'longshore2', '--cluster-cidr', '10.250.0.0/16', '--service-cidr', '10.97.0.0/16'],
  ...['--node-ports', '29000-29999', '--secure-port', '7443', '--kubelet-port', '11250'],
];

async function runPod(cluster: LocalCluster, name: string): Promise<void> {
  await cluster.client.create(pods, {
    metadata: { name, namespace },
    spec: { terminationGracePeriodSeconds: 0, containers: [{ name: 'main', image, imagePullPolicy: 'Never' }] },
  });
  await eventually(`${name} runs`, async () => {
    const { status } = await cluster.client.get(pods, { namespace, name });
    return status?.phase === 'Running';
  });
}

async function idOf(cluster: LocalCluster): Promise<string> {
  return (await cluster.kubecfg('get', 'namespaces', 'kube-system', '--template', '{{.metadata.uid}}')).trim();
}

async function containersOf(id: string): Promise<string[]> {
  const out = await runProgram('docker', ['ps', '-aq', '--no-trunc', '--filter', `label=longshore.dev/cluster=${id}`]);
  return out.trim().split('\n').sort();
}

const copy = (from: string, to: string) => runProgram('cp', ['-a', from, to]);

describe('two clusters on one engine', () => {
  let first: LocalCluster;
  let second: LocalCluster | undefined;
  let firstId: string;
  let firstContainers: string[];

  before(async () => {
    await importSleeper(image);
    first = await LocalCluster.start({ flags: ['--no-demo'] });
    firstId = await idOf(first);
    await runPod(first, 'first');
    firstContainers = await containersOf(firstId);
  });
  after(async () => {
    await second?.remove();
    await first.remove();
  });

  const firstIsUntouched = async () => assert.deepEqual(await containersOf(firstId), firstContainers);

  it('refuses the second while the first runs, and names it', async () => {
    await assert.rejects(
      LocalCluster.start({ flags: ['--no-demo'] }),
      new RegExp(`network longshore belongs to another cluster \\(${firstId}\\).*--data-dir ${first.dataDir}`),
    );
    await firstIsUntouched();
  });

  it('lets the second run beside the first when it has everything for itself', async () => {
    second = await LocalCluster.start({ flags: ['--no-demo', ...apart] });
    const id = await idOf(second);
    assert.notEqual(id, firstId);
    await runPod(second, 'second');
    assert.equal((await containersOf(id)).length, 2, 'a sandbox and a container');
    await firstIsUntouched();
    assert.match(
      await runProgram('nft', ['list', 'table', 'ip', 'longshore']),
      new RegExp(`chain cluster-${firstId} `),
    );
    assert.match(await runProgram('nft', ['list', 'table', 'ip', 'longshore2']), new RegExp(`chain cluster-${id} `));
  });

  it('takes the second down without the first', async () => {
    const id = await idOf(second ?? first);
    await second?.remove();
    second = undefined;
    assert.deepEqual(await containersOf(id), ['']);
    await firstIsUntouched();
    const tables = await runProgram('nft', ['list', 'tables', 'ip']);
    assert.match(tables, /longshore$/m);
    assert.doesNotMatch(tables, /longshore2/);
    assert.match(await runProgram('iptables', ['-S', 'DOCKER-USER']), new RegExp(`longshore ${firstId}`));
    assert.match(await first.kubecfg('get', 'nodes'), /\bReady/);
  });

  it('refuses a copy of a data directory, beside everything and to take it down, running and stopped', async () => {
    const backup = await mkdtemp(join(tmpdir(), 'longshore-copy-'));
    await rm(backup, { recursive: true });
    await copy(first.dataDir, backup);
    const isCopy = new RegExp(`${backup} holds the cluster of ${first.dataDir}`);
    const script = join(packageRoot, 'setup/start.mjs');
    const kubecfg = join(packageRoot, 'cli/kubecfg.mjs');
    const start = () => runProgram(process.execPath, [script, '--data-dir', backup, '--no-demo', ...apart]);
    await assert.rejects(start(), isCopy);
    await assert.rejects(first.kubecfg('down', '--data-dir', backup), isCopy);
    await firstIsUntouched();
    assert.match(await first.kubecfg('get', 'nodes'), /\bReady/);
    // Nothing is left at the old path, and the process is still there; halted, so that it puts nothing there meanwhile.
    process.kill(first.pid, 'SIGSTOP');
    await runProgram('mv', [first.dataDir, `${first.dataDir}.moved`]);
    const runsElsewhere = new RegExp(`runs on this machine already, in process ${first.pid},`);
    await assert.rejects(start(), runsElsewhere);
    await assert.rejects(runProgram(process.execPath, [kubecfg, 'down', '--data-dir', backup]), runsElsewhere);
    await runProgram('mv', [`${first.dataDir}.moved`, first.dataDir]);
    process.kill(first.pid, 'SIGCONT');
    await eventually('the first goes on', () => firstIsUntouched().then(() => true));
    await first.stop();
    await assert.rejects(start(), isCopy);
    await assert.rejects(first.kubecfg('down', '--data-dir', backup), isCopy);
    await firstIsUntouched();
    await first.start();
    await rm(backup, { recursive: true });
  });

  it('refuses another data directory on the network of a stopped cluster, before it touches anything', async () => {
    await first.stop();
    await assert.rejects(
      LocalCluster.start({ flags: ['--no-demo'] }),
      new RegExp(`network longshore belongs to another cluster \\(${firstId}\\).*--data-dir ${first.dataDir}`),
    );
    await firstIsUntouched();
  });

  it('takes nothing down for a data directory without a cluster', async () => {
    const empty = join(first.dataDir, 'mistyped');
    await mkdir(empty);
    assert.match(await first.kubecfg('down', '--data-dir', empty), /holds no cluster: there is nothing to remove/);
    await firstIsUntouched();
  });

  it('refuses a store that is gone, and one that is older than what it had', async () => {
    const data = join(first.dataDir, 'etcd', 'data');
    await copy(data, `${data}.old`);
    await first.start();
    await runPod(first, 'since-the-backup');
    await first.stop();
    firstContainers = await containersOf(firstId);
    await runProgram('mv', [data, `${data}.new`]);
    await assert.rejects(first.start(), /data is empty, but the cluster .* kept its objects there/);
    await runProgram('mv', [`${data}.old`, data]);
    await assert.rejects(first.start(), /data of etcd are older .*--accept-older-data/s);
    await firstIsUntouched();
    await runProgram('rm', ['-r', data]);
    await runProgram('mv', [`${data}.new`, data]);
    const before = await containerIdentities();
    await first.start();
    assert.deepEqual(await containerIdentities(), before);
  });

  it('leaves containers of a build before clusters had ids alone, unless its data show that they are its own', async () => {
    const uid = 'f00dfeed-0000-4000-8000-000000000000';
    const labels = { 'dev.longshore.type': 'sandbox', 'dev.longshore.attempt': '0', 'io.kubernetes.pod.uid': uid };
    const identity = {
      'dev.longshore.node': hostname().toLowerCase(),
      'io.kubernetes.pod.name': 'of-another-build',
      'io.kubernetes.pod.namespace': 'default',
    };
    const flags = Object.entries({ ...labels, ...identity }).flatMap(([name, value]) => [
      '--label',
      `${name}=${value}`,
    ]);
    const id = (await runProgram('docker', ['run', '-d', '--network', 'none', ...flags, image])).trim();
    await first.kill();
    await first.start();
    await runPod(first, 'after');
    assert.match(await runProgram('docker', ['inspect', '-f', '{{.State.Running}}', id]), /true/);
    await runProgram('docker', ['rm', '-f', id]);
  });
});
