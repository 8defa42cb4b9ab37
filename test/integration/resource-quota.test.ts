/** Quotas hold: with the real admission, through two API servers over one store, and the controller that counts again. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { configMaps, namespaces, pods, resourceQuotas, services } from '../../api/resources/core.ts';
import { isAlreadyExists, isForbidden, isNotFound } from '../../api/status-error.ts';
import type { Pod, ResourceQuotaSpec, Service } from '../../api/types/core/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import type { Running } from '../../base/lifecycle.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

describe('resource quotas', () => {
  const store = new MemoryStore();
  let first: TestApiServer;
  let second: TestApiServer;
  let manager: Running;
  let client: Client;
  let namespace = '';
  let count = 0;

  before(async () => {
    first = await startTestApiServer({ store });
    second = await startTestApiServer({ store, authority: first.authority });
    client = first.client;
    manager = await startControllerManager({
      connection: first.connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
      controllers: ['resourcequota-controller'],
    });
  });
  after(async () => {
    await manager.stop();
    await second.stop();
    await first.stop();
    await store.close();
  });
  beforeEach(async () => {
    count += 1;
    namespace = `quota-${count}`;
    await client.create(namespaces, { metadata: { name: namespace } });
  });

  /** Makes a quota, and waits until it counts. */
  async function limit(spec: ResourceQuotaSpec, name = 'q'): Promise<void> {
    await client.create(resourceQuotas, { metadata: { namespace, name }, spec });
    await used((amounts) => amounts !== undefined, name);
  }
  const read = async (name = 'q') => (await client.get(resourceQuotas, { namespace, name })).status;
  const used = (is: (amounts: Readonly<Record<string, string>> | undefined) => boolean, name = 'q') =>
    eventually(`what is used of ${name}`, async () => is((await read(name))?.used));
  const configMap = (name: string) => ({ metadata: { namespace, name } });
  const podOf = (name: string, cpu: string): Pod => ({
    metadata: { namespace, name },
    spec: { containers: [{ name: 'c', image: 'a', resources: { requests: { cpu } } }] },
  });

  it('counts what is there, refuses what is too much, and makes room when something goes', async () => {
    await client.create(configMaps, configMap('before'));
    await limit({ hard: { configmaps: '2', 'requests.cpu': '1' } });
    assert.deepEqual(await read(), {
      hard: { configmaps: '2', 'requests.cpu': '1' },
      used: { configmaps: '1', 'requests.cpu': '0' },
    });
    await client.create(configMaps, configMap('a'));
    const tooMany = /exceeded quota: q, requested: configmaps=1, used: configmaps=2, limited: configmaps=2$/;
    await assert.rejects(client.create(configMaps, configMap('b')), tooMany);
    await client.delete(configMaps, { namespace, name: 'before' });
    await eventually('room', () => client.create(configMaps, configMap('b')));
    await assert.rejects(client.create(pods, podOf('big', '1500m')), isForbidden);
    await client.create(pods, podOf('p', '600m'));
    await used((amounts) => amounts?.['requests.cpu'] === '600m');
    const failed = { type: 'merge', body: { status: { phase: 'Failed' } } } as const;
    await client.patch(pods, { namespace, name: 'p' }, failed, { subresource: 'status' });
    await used((amounts) => amounts?.['requests.cpu'] === '0');
  });

  it('keeps nothing for a write that was refused after it was charged', async () => {
    await limit({ hard: { configmaps: '5' } });
    await client.create(configMaps, configMap('a'));
    await assert.rejects(client.create(configMaps, configMap('a')), isAlreadyExists);
    await used((amounts) => amounts?.configmaps === '1');
  });

  it('counts what an update adds: node ports of a Service', async () => {
    await limit({ hard: { 'services.nodeports': '1' } });
    const ports = [{ name: 'a', port: 1 }];
    const service: Service = { metadata: { namespace, name: 's' }, spec: { ports } };
    await client.create(services, service);
    const patch = (spec: object) => client.patch(services, { namespace, name: 's' }, { type: 'merge', body: { spec } });
    await patch({ type: 'NodePort' });
    await assert.rejects(
      patch({ ports: [...ports, { name: 'b', port: 2 }] }),
      /requested: services.nodeports=1, used: services.nodeports=1/,
    );
    await patch({ type: 'ClusterIP' });
    await used((amounts) => amounts?.['services.nodeports'] === '0');
  });

  it('takes a new limit at once', async () => {
    await limit({ hard: { configmaps: '0' } });
    await assert.rejects(client.create(configMaps, configMap('a')), isForbidden);
    const body = { spec: { hard: { configmaps: '1' } } };
    await client.patch(resourceQuotas, { namespace, name: 'q' }, { type: 'merge', body });
    await eventually('the new limit', () => client.create(configMaps, configMap('a')));
  });

  it('is never exceeded by many that create and delete through two servers', async () => {
    const most = 10;
    await limit({ hard: { configmaps: String(most), 'count/configmaps': '12' } });
    let alive = 0;
    let highest = 0;
    let refused = 0;
    async function churn(worker: number): Promise<void> {
      const { client: own } = worker % 2 === 0 ? first : second;
      for (let round = 0; round < 10; round += 1) {
        const key = { namespace, name: `c-${worker}-${round}` };
        try {
          await own.create(configMaps, { metadata: key });
        } catch (error) {
          assert.ok(isForbidden(error), String(error));
          refused += 1;
          continue;
        }
        // Counted from the answer until the deletion is asked for: there are at least as many.
        alive += 1;
        highest = Math.max(highest, alive);
        await own.get(configMaps, key);
        alive -= 1;
        await own.delete(configMaps, key).catch((error) => assert.ok(isNotFound(error)));
      }
    }
    await Promise.all(Array.from({ length: 16 }, (_, worker) => churn(worker)));
    assert.ok(highest <= most, `${highest} at once`);
    assert.ok(refused > 0, 'there was no competition');
    await used((amounts) => amounts?.configmaps === '0' && amounts['count/configmaps'] === '0');
  });
});
