/** The API server as clients meet it: over HTTPS, on the in-memory store. */

import assert from 'node:assert/strict';
import https from 'node:https';
import { after, before, describe, it } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { WebSocket } from 'ws';
import { configMaps, namespaces, pods, services } from '../../api/resources/core.ts';
import { endpointSlices } from '../../api/resources/discovery.ts';
import {
  isAlreadyExists,
  isConflict,
  isForbidden,
  isInvalid,
  isNotFound,
  StatusError,
} from '../../api/status-error.ts';
import type { ConfigMap, Pod, Service } from '../../api/types/core/v1.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { silentLogger } from '../../base/logger.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

let server: TestApiServer;
before(async () => {
  server = await startTestApiServer();
});
after(() => server.stop());

let count = 0;
async function newNamespace(): Promise<string> {
  count += 1;
  const name = `test-${count}`;
  await server.client.create(namespaces, { metadata: { name } });
  return name;
}

const configMap = (namespace: string, name: string, rest: Partial<ConfigMap> = {}): ConfigMap => ({
  ...rest,
  metadata: { namespace, name, ...rest.metadata },
});

interface RawAnswer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said, to be looked into by the test
  readonly json: any;
}

async function raw(
  method: string,
  path: string,
  body?: unknown,
  headers: Record<string, string> = {},
  client = server.client,
): Promise<RawAnswer> {
  try {
    const { code, text } = await client.raw(method, path, { ...(body !== undefined && { body }), headers });
    return { code, json: text.startsWith('{') ? JSON.parse(text) : undefined };
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, json: error.status };
    throw error;
  }
}

describe('writes', () => {
  it('are made once, refused when stale, and change nothing when nothing changed', async () => {
    const namespace = await newNamespace();
    const made = await server.client.create(configMaps, configMap(namespace, 'a', { data: { k: '1' } }));
    await assert.rejects(server.client.create(configMaps, configMap(namespace, 'a')), isAlreadyExists);
    const second = await server.client.update(configMaps, { ...made, data: { k: '2' } });
    await assert.rejects(server.client.update(configMaps, { ...made, data: { k: '3' } }), isConflict);
    const same = await server.client.update(configMaps, second);
    assert.equal(same.metadata.resourceVersion, second.metadata.resourceVersion);
  });

  it('all count when many patch one object at once', async () => {
    const namespace = await newNamespace();
    await server.client.create(configMaps, configMap(namespace, 'a'));
    const key = { namespace, name: 'a' };
    await Promise.all(
      Array.from({ length: 30 }, (_, n) =>
        server.client.patch(configMaps, key, { type: 'merge', body: { data: { [`k${n}`]: 'v' } } }),
      ),
    );
    const { data = {} } = await server.client.get(configMaps, key);
    assert.equal(Object.keys(data).length, 30);
  });

  it('leave nothing behind under dryRun', async () => {
    const namespace = await newNamespace();
    await server.client.create(configMaps, configMap(namespace, 'a'), { dryRun: true });
    await assert.rejects(server.client.get(configMaps, { namespace, name: 'a' }), isNotFound);
    const service: Service = { metadata: { namespace, name: 's' }, spec: { ports: [{ port: 80 }] } };
    const dry = await server.client.create(services, service, { dryRun: true });
    assert.match(dry.spec?.clusterIP ?? '', /^10\.96\./);
  });

  it('name the field that is wrong', async () => {
    const namespace = await newNamespace();
    await assert.rejects(server.client.create(configMaps, configMap(namespace, 'Bad_Name')), (error) => {
      assert.ok(isInvalid(error));
      assert.equal(error.status.details?.causes?.[0]?.field, 'metadata.name');
      return true;
    });
  });

  it('wait for finalizers, and end with the last of them', async () => {
    const namespace = await newNamespace();
    const key = { namespace, name: 'a' };
    await server.client.create(configMaps, configMap(namespace, 'a', { metadata: { finalizers: ['example.com/f'] } }));
    await server.client.delete(configMaps, key);
    assert.ok((await server.client.get(configMaps, key)).metadata.deletionTimestamp);
    await server.client.patch(configMaps, key, { type: 'merge', body: { metadata: { finalizers: null } } });
    await assert.rejects(server.client.get(configMaps, key), isNotFound);
  });

  it('never land in a namespace that is missing or ending', async () => {
    await assert.rejects(server.client.create(configMaps, configMap('nowhere', 'a')), isNotFound);
    const namespace = await newNamespace();
    await server.client.delete(namespaces, { name: namespace });
    await assert.rejects(server.client.create(configMaps, configMap(namespace, 'a')), isForbidden);
  });
});

describe('reads', () => {
  it('page through a list as it was when it began', async () => {
    const namespace = await newNamespace();
    for (const name of ['a', 'b', 'c', 'd', 'e']) await server.client.create(configMaps, configMap(namespace, name));
    const first = await server.client.list(configMaps, { namespace, limit: 2 });
    assert.equal(first.metadata.remainingItemCount, 3);
    await server.client.delete(configMaps, { namespace, name: 'c' });
    const second = await server.client.list(configMaps, { namespace, limit: 9, continue: first.metadata.continue });
    assert.deepEqual(
      second.items.map(({ metadata }) => metadata.name),
      ['c', 'd', 'e'],
    );
  });

  it('see every write that was acknowledged before them, through another server too', async () => {
    const store = new MemoryStore();
    const [one, two] = await Promise.all([startTestApiServer({ store }), startTestApiServer({ store })]);
    try {
      for (let n = 0; n < 50; n += 1) {
        await one.client.create(configMaps, configMap('default', `n${n}`));
        assert.equal(
          (await two.client.get(configMaps, { namespace: 'default', name: `n${n}` })).metadata.name,
          `n${n}`,
        );
        assert.equal((await two.client.list(configMaps, { namespace: 'default' })).items.length, n + 1);
      }
    } finally {
      await Promise.all([one.stop(), two.stop()]);
      await store.close();
    }
  });

  it('come as tables and metadata for those who ask', async () => {
    const namespace = await newNamespace();
    await server.client.create(configMaps, configMap(namespace, 'a', { data: { k: 'v' } }));
    const path = `/api/v1/namespaces/${namespace}/configmaps`;
    const table = await raw('GET', path, undefined, { accept: 'application/json;as=Table;g=meta.k8s.io;v=v1' });
    assert.equal(table.json.kind, 'Table');
    assert.deepEqual(table.json.rows[0].cells.slice(0, 2), ['a', 1]);
    const metadata = await raw('GET', `${path}/a`, undefined, {
      accept: 'application/json;as=PartialObjectMetadata;g=meta.k8s.io;v=v1',
    });
    assert.equal(metadata.json.data, undefined);
    assert.equal((await raw('GET', path, undefined, { accept: 'text/html' })).code, 406);
  });
});

describe('watches', () => {
  it('begin with what is there, say when that was all, and go on', async () => {
    const namespace = await newNamespace();
    await server.client.create(configMaps, configMap(namespace, 'a'));
    const ended = new AbortController();
    const seen: string[] = [];
    for await (const event of server.client.watch(configMaps, {
      namespace,
      sendInitialEvents: true,
      signal: ended.signal,
    })) {
      // One of those that tell of progress: they come once a minute, the first at any moment.
      if (event.type === 'BOOKMARK' && !event.initialEventsEnd) continue;
      seen.push(
        event.type === 'BOOKMARK' ? `end ${event.initialEventsEnd}` : `${event.type} ${event.object.metadata.name}`,
      );
      if (event.type === 'BOOKMARK') await server.client.create(configMaps, configMap(namespace, 'b'));
      if (seen.at(-1) === 'ADDED b') await server.client.delete(configMaps, { namespace, name: 'a' });
      if (seen.at(-1) === 'DELETED a') ended.abort();
    }
    assert.deepEqual(seen, ['ADDED a', 'end true', 'ADDED b', 'DELETED a']);
  });

  it('turn what a selector gains and loses into ADDED and DELETED', async () => {
    const namespace = await newNamespace();
    const key = { namespace, name: 'a' };
    const made = await server.client.create(configMaps, configMap(namespace, 'a'));
    const ended = new AbortController();
    const seen: string[] = [];
    const options = {
      namespace,
      labelSelector: 'on=yes',
      resourceVersion: made.metadata.resourceVersion,
      signal: ended.signal,
    };
    const watching = (async () => {
      for await (const event of server.client.watch(configMaps, options)) {
        if (event.type !== 'BOOKMARK') seen.push(event.type);
        if (seen.length === 3) ended.abort();
      }
    })();
    for (const on of ['no', 'yes', 'yes', 'no']) {
      await server.client.patch(configMaps, key, {
        type: 'merge',
        body: {
          metadata: { labels: { on, turn: `${Math.random()}`.slice(2) } },
        },
      });
    }
    await watching;
    assert.deepEqual(seen, ['ADDED', 'MODIFIED', 'DELETED']);
  });

  it('go over WebSocket, too', async () => {
    const namespace = await newNamespace();
    const { certificateAuthority, clientCertificate, clientKey } = server.connection;
    const url = `${server.url.replace('https', 'wss')}/api/v1/namespaces/${namespace}/configmaps?watch=1`;
    const socket = new WebSocket(url, { ca: certificateAuthority, cert: clientCertificate, key: clientKey });
    const message = new Promise<string>((resolve, reject) => {
      socket.on('message', (data) => resolve(String(data)));
      socket.on('error', reject);
    });
    await new Promise((resolve) => socket.on('open', resolve));
    await server.client.create(configMaps, configMap(namespace, 'a'));
    const event = JSON.parse(await message);
    assert.equal(event.type, 'ADDED');
    assert.equal(event.object.metadata.name, 'a');
    socket.terminate();
  });

  it('end cleanly when the server stops', async () => {
    const own = await startTestApiServer();
    const client = createRestClient(own.connection, { userAgent: 'test', logger: silentLogger });
    const watching = client.watch(configMaps, { namespace: 'default', signal: new AbortController().signal });
    const over = (async () => {
      for await (const _ of watching) assert.fail('nothing happens here');
    })();
    await delay(100);
    await own.stop();
    await over;
    await client.close();
  });
});

describe('services', () => {
  it('never share an address or a port, through two servers at once', async () => {
    const store = new MemoryStore();
    const servers = await Promise.all([startTestApiServer({ store }), startTestApiServer({ store })]);
    try {
      const made = await Promise.all(
        Array.from({ length: 40 }, (_, n) =>
          servers[n % 2]?.client.create(services, {
            metadata: { namespace: 'default', name: `s${n}` },
            spec: { type: 'NodePort', ports: [{ port: 80 }] },
          }),
        ),
      );
      assert.equal(new Set(made.map((service) => service?.spec?.clusterIP)).size, 40);
      assert.equal(new Set(made.map((service) => service?.spec?.ports?.[0]?.nodePort)).size, 40);
    } finally {
      await Promise.all(servers.map((one) => one.stop()));
      await store.close();
    }
  });

  it('give back what they held', async () => {
    const namespace = await newNamespace();
    const service = (name: string): Service => ({
      metadata: { namespace, name },
      spec: { type: 'NodePort', clusterIP: '10.96.200.200', ports: [{ port: 80, nodePort: 31999 }] },
    });
    await server.client.create(services, service('a'));
    await assert.rejects(server.client.create(services, service('b')), isInvalid);
    await server.client.delete(services, { namespace, name: 'a' });
    await server.client.create(services, service('b'));
  });

  it('give back the port of their health checks when they stop needing it', async () => {
    const namespace = await newNamespace();
    const service = (name: string, port?: number): Service => ({
      metadata: { namespace, name },
      spec: {
        type: 'LoadBalancer',
        externalTrafficPolicy: 'Local',
        ports: [{ port: 80 }],
        ...(port && { healthCheckNodePort: port }),
      },
    });
    const made = await server.client.create(services, service('a'));
    const port = made.spec?.healthCheckNodePort;
    assert.ok(port);
    const { code, json } = await raw('POST', `/api/v1/namespaces/${namespace}/services`, service('b', port));
    assert.equal(code, 500);
    assert.match(
      json.message,
      /failed to allocate requested HealthCheck NodePort \d+: provided port is already allocated/,
    );
    await server.client.update(services, { ...made, spec: { ...made.spec, externalTrafficPolicy: 'Cluster' } });
    await server.client.create(services, service('b', port));
  });

  it('begin with the one of the API itself', async () => {
    for (let attempt = 0; attempt < 100; attempt += 1) {
      const slices = await server.client.list(endpointSlices, { namespace: 'default' });
      if (slices.items.length > 0) break;
      await delay(20);
    }
    const service = await server.client.get(services, { namespace: 'default', name: 'kubernetes' });
    assert.equal(service.spec?.clusterIP, '10.96.0.1');
    const slice = await server.client.get(endpointSlices, { namespace: 'default', name: 'kubernetes' });
    assert.deepEqual(slice.endpoints?.[0]?.addresses, ['192.0.2.1']);
  });
});

describe('a request that is refused', () => {
  it('leaves nothing behind', async () => {
    const timers = () => process.getActiveResourcesInfo().filter((resource) => resource === 'Timeout').length;
    const refused = ['/api/v1/nothing', '/api/v1/namespaces/default/pods/none', '/nothing', '/api/v1/pods/none/log'];
    const before = timers();
    for (let n = 0; n < 10; n += 1) for (const path of refused) assert.ok((await raw('GET', path)).code >= 400);
    assert.ok(timers() < before + 10, `${before} timers before, ${timers()} after`);
  });
});

describe('who may do what', () => {
  it('refuses strangers everything but health and version', async () => {
    const stranger = createRestClient(await server.connectAs('nobody'), { userAgent: 'test', logger: silentLogger });
    assert.equal((await raw('GET', '/version', undefined, {}, stranger)).code, 200);
    assert.equal((await raw('GET', '/healthz', undefined, {}, stranger)).code, 200);
    assert.equal((await raw('GET', '/api/v1/pods', undefined, {}, stranger)).code, 403);
    assert.equal((await raw('GET', '/metrics', undefined, {}, stranger)).code, 403);
    await stranger.close();
  });

  it("refuses a certificate of somebody else's authority", async () => {
    const other = await startTestApiServer();
    const code = await new Promise<number>((resolve, reject) => {
      const { clientCertificate, clientKey } = other.connection;
      const request = https.get(
        `${server.url}/api/v1/pods`,
        { ca: server.connection.certificateAuthority, cert: clientCertificate, key: clientKey },
        (response) => {
          response.resume();
          resolve(response.statusCode ?? 0);
        },
      );
      request.on('error', reject);
    });
    assert.equal(code, 401);
    await other.stop();
  });

  it('lets masters act as others', async () => {
    const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
    const { code } = await raw('GET', '/api/v1/pods', undefined, { 'impersonate-user': 'ann' });
    assert.equal(code, 403);
    const own = await raw('POST', path, {});
    assert.equal(own.json.status.userInfo.username, 'admin');
  });
});

describe('bad requests', () => {
  const requests: readonly (readonly [string, string, unknown, number])[] = [
    ['POST', '/api/v1/namespaces/default/configmaps', '{', 400],
    ['POST', '/api/v1/namespaces/default/configmaps', '[]', 400],
    ['POST', '/api/v1/namespaces/default/configmaps', '{"metadata":{"name":"x"},"data":5}', 400],
    ['POST', '/api/v1/namespaces/default/configmaps', `{"metadata":${'['.repeat(100_000)}`, 400],
    ['POST', '/api/v1/namespaces/default/configmaps', `{"data":{"k":"${'x'.repeat(3_200_000)}"}}`, 413],
    ['GET', '/api/v1/namespaces/default/configmaps?limit=x', undefined, 400],
    ['GET', '/api/v1/namespaces/default/configmaps?continue=%25', undefined, 400],
    ['GET', '/api/v1/namespaces/default/configmaps?resourceVersion=-1', undefined, 400],
    ['GET', '/api/v1/namespaces/default/configmaps/%2F', undefined, 404],
    ['GET', '/api/v1/namespaces/default/nothings', undefined, 404],
    ['GET', '/nowhere', undefined, 404],
    ['PUT', '/api/v1/namespaces/default/configmaps', {}, 405],
    ['PATCH', '/api/v1/namespaces/default/configmaps/x', {}, 415],
    ['POST', '/api/v1/namespaces/default/configmaps?dryRun=Some', {}, 422],
    ['GET', '/api/v1/pods?timeout=soon', undefined, 400],
  ];
  for (const [method, path, body, expected] of requests) {
    it(`${method} ${path} gets ${expected}`, async () => {
      const { code } = await raw(method, path, body, { 'content-type': 'application/json' });
      assert.equal(code, expected);
      assert.equal((await raw('GET', '/readyz')).code, 200);
    });
  }
});

describe('evictions', () => {
  it('delete a pod that no budget protects', async () => {
    const namespace = await newNamespace();
    await server.client.create(pods, {
      metadata: { namespace, name: 'p' },
      spec: { containers: [{ name: 'c', image: 'i' }] },
    });
    const body = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'p', namespace } };
    assert.equal((await raw('POST', `/api/v1/namespaces/${namespace}/pods/p/eviction`, body)).code, 201);
    await assert.rejects(server.client.get(pods, { namespace, name: 'p' }), isNotFound);
  });

  it('say on a pod that ends with grace why it ends, whatever version was asked for', async () => {
    const namespace = await newNamespace();
    const metadata = { namespace, name: 'p' };
    await server.client.create(pods, { metadata, spec: { nodeName: 'n', containers: [{ name: 'c', image: 'i' }] } });
    const { resourceVersion } = (await server.client.get<Pod>(pods, metadata)).metadata;
    const eviction = { apiVersion: 'policy/v1', kind: 'Eviction', metadata };
    const evict = (version: string) =>
      raw('POST', `/api/v1/namespaces/${namespace}/pods/p/eviction`, {
        ...eviction,
        deleteOptions: { preconditions: { resourceVersion: version } },
      });
    assert.equal((await evict('1')).code, 409);
    const spared = await server.client.get<Pod>(pods, metadata);
    assert.equal(spared.status?.conditions, undefined);
    assert.equal((await evict(resourceVersion)).code, 201);
    const evicted = await server.client.get<Pod>(pods, metadata);
    assert.ok(evicted.metadata.deletionTimestamp);
    const said = evicted.status?.conditions?.map(({ type, status, reason }) => [type, status, reason]);
    assert.deepEqual(said, [['DisruptionTarget', 'True', 'EvictionByEvictionAPI']]);
  });
});

describe('errors', () => {
  it('are Status objects with the words of upstream', async () => {
    const { json } = await raw('GET', '/apis/apps/v1/namespaces/default/deployments/none');
    assert.equal(StatusError.from(json).message, 'deployments.apps "none" not found');
  });
});
