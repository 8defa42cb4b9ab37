/**
 * etcd as `npm start` runs it, on unix sockets, dies in every way that it can: it comes back by itself or with the next
 * start, with everything that it kept, and no container is touched.
 */

import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import net from 'node:net';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { configMaps, replicationControllers } from '../../api/resources/core.ts';
import { containerIdentities, importSleeper } from '../support/engine-state.ts';
import { eventually } from '../support/eventually.ts';
import { LocalCluster, runProgram } from '../support/local-cluster.ts';

const namespace = 'default';
const image = 'longshore-test/sleeper:1';
const replicas = 2;

describe('etcd as npm start runs it', () => {
  let cluster: LocalCluster;
  let running: string[];
  let written = 0;

  before(async () => {
    await importSleeper(image);
    cluster = await LocalCluster.start({ flags: ['--no-demo'] });
    const labels = { app: 'kept' };
    await cluster.client.create(replicationControllers, {
      metadata: { name: 'kept', namespace },
      spec: {
        replicas,
        selector: labels,
        template: {
          metadata: { labels },
          spec: {
            terminationGracePeriodSeconds: 0,
            containers: [{ name: 'main', image, imagePullPolicy: 'Never' }],
          },
        },
      },
    });
    running = await eventually('pods run', async () => {
      const found = await containerIdentities();
      return found.length === replicas && found;
    });
    await write();
  });
  after(() => cluster.remove());

  /** One more object, so that each trouble finds something new that must be kept. */
  async function write(): Promise<void> {
    await cluster.client.create(configMaps, { metadata: { name: `written-${written}`, namespace } });
    written += 1;
  }

  async function everythingIsThere(): Promise<void> {
    await eventually('writes work again', () => write().then(() => true), { timeoutMs: 60_000, everyMs: 200 });
    const { items } = await cluster.client.list(configMaps, { namespace });
    const names = items.map(({ metadata }) => metadata?.name).filter((name) => name?.startsWith('written-'));
    assert.equal(names.length, written);
    await eventually('the cluster is ready', () =>
      cluster.kubecfg('get', 'nodes').then((text) => /\bReady/.test(text)),
    );
    assert.deepEqual(await containerIdentities(), running);
  }

  /** The etcd that belongs to this cluster's process. */
  async function etcdPid(): Promise<number | undefined> {
    const children = await readFile(`/proc/${cluster.pid}/task/${cluster.pid}/children`, 'utf8');
    for (const pid of children.trim().split(' ').map(Number)) {
      const name = await readFile(`/proc/${pid}/comm`, 'utf8').catch(() => ''); // it has just ended
      if (name.trim() === 'etcd') return pid;
    }
    return undefined;
  }

  it('is started again by itself after kill -9', async () => {
    for (let i = 0; i < 2; i += 1) {
      const pid = await eventually('etcd runs', etcdPid);
      process.kill(pid, 'SIGKILL');
      await eventually('another etcd runs', async () => ![pid, undefined].includes(await etcdPid()));
      await everythingIsThere();
    }
  });

  it('comes back with everything after kill -9 of all', async () => {
    await cluster.kill();
    await cluster.start();
    await everythingIsThere();
  });

  it('says who has its folder when another etcd has it', async () => {
    await cluster.kill();
    const socket = join(cluster.dataDir, 'etcd', 'client:0');
    await runProgram('rm', ['-f', socket]);
    // Nobody's but this test's; the start waits half a minute for it to go.
    const other = net.createServer().listen(socket);
    try {
      await assert.rejects(cluster.start(), /Another etcd uses .*fuser -v/);
    } finally {
      other.close();
    }
    await cluster.start();
    await everythingIsThere();
  });

  it('lives through a full disk', async () => {
    await cluster.stop();
    const folder = join(cluster.dataDir, 'etcd');
    await runProgram('mv', [folder, `${folder}.before`]);
    await runProgram('mkdir', [folder]);
    await runProgram('mount', ['-t', 'tmpfs', '-o', 'size=160m,mode=0700', 'tmpfs', folder]);
    try {
      await runProgram('cp', ['-a', `${folder}.before/data`, folder]);
      await cluster.start();
      const pid = await eventually('etcd runs', etcdPid);
      // Until nothing is left: etcd takes room for its log at the same time.
      await runProgram('sh', ['-c', 'dd if=/dev/zero of="$1" bs=4k || true', 'sh', join(folder, 'filler')]);
      await fillDatabase();
      await eventually('etcd gives up', async () => (await etcdPid()) !== pid, { timeoutMs: 60_000 });
      await runProgram('rm', [join(folder, 'filler')]);
      await everythingIsThere();
      await cluster.stop();
      await runProgram('rm', ['-rf', `${folder}.before`]);
      await runProgram('cp', ['-a', folder, `${folder}.before`]);
    } finally {
      await cluster.kill();
      await runProgram('umount', ['-l', folder]);
      await runProgram('rmdir', [folder]);
      await runProgram('mv', [`${folder}.before`, folder]);
    }
    await cluster.start();
    await everythingIsThere();
  });

  /** Until etcd cannot keep any more. What is refused is not counted. */
  async function fillDatabase(): Promise<void> {
    const data = { text: 'x'.repeat(900_000) };
    for (let i = 0; i < 200; i += 1) {
      try {
        await cluster.client.create(configMaps, { metadata: { name: `ballast-${i}`, namespace }, data });
      } catch {
        return;
      }
    }
    throw new Error('the disk never got full');
  }
});
