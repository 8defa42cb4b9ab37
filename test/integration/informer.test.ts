import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { configMaps } from '../../api/resources/core.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import type { Informer } from '../../client/object-cache.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';

describe('informer', () => {
  let server: TestApiServer;
  let proxy: TcpProxy;
  let client: Client;
  let stop: AbortController;
  let running: Promise<void>;

  before(async () => {
    server = await startTestApiServer();
    proxy = await TcpProxy.start(server.port);
    const connection = { ...server.connection, servers: [`https://127.0.0.1:${proxy.port}`] };
    client = createRestClient(connection, { userAgent: 'test', logger: silentLogger });
  });
  after(async () => {
    await client.close();
    await proxy.stop();
    await server.stop();
  });
  afterEach(async () => {
    proxy.refuse(false);
    stop.abort();
    await running;
    await server.client.deleteCollection(configMaps, { namespace });
  });

  const write = (name: string, value: string) =>
    server.client.patch<ConfigMap>(configMaps, { namespace, name }, { type: 'merge', body: { data: { value } } });
  const create = (name: string, value = '') =>
    server.client.create<ConfigMap>(configMaps, { metadata: { namespace, name, labels: { name } }, data: { value } });

  /** Runs an informer, and keeps what its listener makes of the changes. */
  async function start(labelSelector?: string): Promise<{ informer: Informer<ConfigMap>; world: Map<string, string> }> {
    const world = new Map<string, string>();
    const informer = createInformer(client, configMaps, {
      namespace,
      logger: silentLogger,
      ...(labelSelector !== undefined && { labelSelector }),
    });
    informer.onChange(({ type, next, previous }) => {
      const { name } = (next ?? previous)?.metadata ?? { name: '' };
      assert.equal(world.has(name), type !== 'added', `${type} ${name}`);
      if (next === undefined) world.delete(name);
      else world.set(name, next.data?.value ?? '');
    });
    stop = new AbortController();
    running = informer.run(stop.signal);
    await informer.synced();
    return { informer, world };
  }

  const shows = (world: Map<string, string>, wanted: Record<string, string>) =>
    eventually('the listener knows it', () => {
      assert.deepEqual(Object.fromEntries([...world].sort()), wanted);
      return true;
    });

  it('shows what is there and follows what happens', async () => {
    await create('a', '1');
    const { informer, world } = await start();
    assert.deepEqual([...world], [['a', '1']]);
    assert.equal(informer.get('default/a')?.metadata.managedFields, undefined);
    await create('b', '1');
    await write('a', '2');
    await shows(world, { a: '2', b: '1' });
    await server.client.delete(configMaps, { namespace, name: 'a' });
    await shows(world, { b: '1' });
  });

  it('hears of objects that begin and cease to match its selector', async () => {
    await create('a');
    const { world } = await start('name=a');
    const label = (value: string) =>
      server.client.patch(
        configMaps,
        { namespace, name: 'a' },
        { type: 'merge', body: { metadata: { labels: { name: value } } } },
      );
    await label('x');
    await shows(world, {});
    await label('a');
    await shows(world, { a: '' });
  });

  it('loses nothing when its connections are cut, and is never emptied', async () => {
    await create('a', '1');
    const { informer, world } = await start();
    proxy.refuse(true);
    proxy.cut();
    await write('a', '2');
    await create('b', '1');
    await eventually('the watch is down', () => informer.connectedSince === undefined);
    assert.equal(informer.size, 1);
    proxy.refuse(false);
    await shows(world, { a: '2', b: '1' });
    assert.ok(informer.connectedSince !== undefined);
  });

  it('finds what was deleted while it was away for longer than history lasts', async () => {
    await create('a', '1');
    await create('b', '1');
    const { world } = await start();
    proxy.refuse(true);
    proxy.cut();
    await server.client.delete(configMaps, { namespace, name: 'a' });
    await write('b', '2');
    const { metadata } = await create('c', '1');
    await server.store.compact(Number(metadata.resourceVersion));
    proxy.refuse(false);
    await shows(world, { b: '2', c: '1' });
  });

  it('stops when it is told to', async () => {
    await start();
    stop.abort();
    await running;
    await eventually('the watch is closed', () => proxy.connections <= 1);
  });
});
