/**
 * The leading scheduler is stopped (SIGSTOP) beyond its Lease, another takes over, and the first goes on: its late
 * writes harm nothing. Real processes; the lease is short, by the scheduler's own configuration.
 */

import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { nodes, pods } from '../../api/resources/core.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import { packageRoot } from '../../base/package-root.ts';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const leaseKey = { namespace: 'kube-system', name: 'kube-scheduler' };
const configuration = {
  ...{ apiVersion: 'kubescheduler.config.k8s.io/v1', kind: 'KubeSchedulerConfiguration' },
  leaderElection: { leaseDuration: '4s', renewDeadline: '3s', retryPeriod: '500ms' },
};
const podsEach = 20;
/** Of each of the three nodes: nearly full in the end. */
const room = 14;

describe('a leader that was stopped beyond its Lease', () => {
  let api: TestApiServer;
  let folder: string;
  const children: ChildProcess[] = [];

  before(async () => {
    api = await startTestApiServer();
    folder = await mkdtemp(join(tmpdir(), 'longshore-stopped-'));
    await writeFile(join(folder, 'kubeconfig'), kubeconfigText(api.connection));
    await writeFile(join(folder, 'scheduler.json'), JSON.stringify(configuration));
    const amounts = { cpu: '100', memory: '100Gi', pods: String(room) };
    for (const name of ['a', 'b', 'c']) {
      await api.client.create(nodes, { metadata: { name }, status: { capacity: amounts, allocatable: amounts } });
      await api.client.patch(nodes, { name }, { type: 'merge', body: { spec: { taints: null } } });
    }
  });
  after(async () => {
    await Promise.all(
      children.map(async (child) => {
        if (child.exitCode !== null || child.signalCode !== null) return;
        const exited = once(child, 'exit');
        child.kill('SIGKILL');
        await exited;
      }),
    );
    await api.stop();
    await rm(folder, { recursive: true });
  });

  function startScheduler(): ChildProcess {
    const files = ['--kubeconfig', join(folder, 'kubeconfig'), '--config', join(folder, 'scheduler.json')];
    const words = ['--import', 'tsx', join(packageRoot, 'scheduler', 'main.ts'), ...files, '--health-port', '0'];
    const child = spawn(process.execPath, words, { cwd: packageRoot, stdio: 'ignore' });
    children.push(child);
    return child;
  }

  const holder = async () => (await api.client.get(leases, leaseKey)).spec?.holderIdentity ?? '';
  const all = async () => (await api.client.list(pods, { namespace })).items;
  const create = (round: string) =>
    Promise.all(
      Array.from({ length: podsEach }, (_, i) => {
        const pod: Pod = {
          metadata: { name: `${round}-${i}`, namespace },
          spec: { containers: [{ name: 'a', image: 'a:1' }] },
        };
        return api.client.create(pods, pod);
      }),
    );
  const allPlaced = (count: number) =>
    eventually(`${count} pods have a node`, async () => {
      const placed = (await all()).filter(({ spec }) => spec?.nodeName);
      return placed.length === count;
    });
  const placesOf = async () => new Map((await all()).map(({ metadata, spec }) => [metadata.name, spec?.nodeName]));

  it('changes no decision of its successor, and overfills no node', async () => {
    const first = startScheduler();
    const leader = await eventually('the first leads', async () => (await holder()) || undefined);
    // It is stopped in the middle of its work: what it had sent, and what it has decided, comes late.
    const created = create('first');
    await eventually('it has begun', async () => (await all()).some(({ spec }) => spec?.nodeName));
    first.kill('SIGSTOP');
    await created;
    startScheduler();
    await eventually('the second leads', async () => ![leader, ''].includes(await holder()));
    await allPlaced(podsEach);
    const before = await placesOf();
    first.kill('SIGCONT');
    await create('second');
    await allPlaced(2 * podsEach);
    for (const [name, node] of before) assert.equal((await placesOf()).get(name), node);
    const counts = new Map<string, number>();
    for (const { spec } of await all()) counts.set(spec?.nodeName ?? '', (counts.get(spec?.nodeName ?? '') ?? 0) + 1);
    for (const count of counts.values()) assert.ok(count <= room);
  });
});
