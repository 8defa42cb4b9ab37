/**
 * A kind that nobody knew when the server was compiled comes while it runs: it is served like any other, goes with its
 * namespace and its owner, and is gone when it is taken away.
 */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { resource } from '../../api/resource.ts';
import { configMaps, namespaces } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { ConfigMap } from '../../api/types/core/v1.ts';
import { silentLogger } from '../../base/logger.ts';
import { discover } from '../../client/discovery.ts';
import { createInformer } from '../../client/informer.ts';
import { startControllerManager } from '../../controller-manager/controller-manager.ts';
import { defineKind, statusSubresource } from '../../kinds/define-kind.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { FieldPath } from '../../machinery/field-errors.ts';
import { defineSchema } from '../../machinery/schema/schema.ts';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Widget extends KubernetesObject {
  readonly spec?: { readonly size?: number; readonly parts?: readonly { readonly name: string }[] };
  readonly status?: { readonly ready?: boolean };
}

const widgets = resource<Widget>({ group: 'example.dev', version: 'v1', kind: 'Widget', plural: 'widgets' });

const widgetKind = defineKind(widgets, {
  shortNames: ['wd'],
  subresources: [statusSubresource],
  columns: [
    { name: 'Name', type: 'string', format: 'name', description: 'Name.', cell: ({ metadata }) => metadata.name },
    { name: 'Size', type: 'integer', description: 'Its size.', cell: ({ spec }) => spec?.size ?? 0 },
  ],
  selectableFields: [{ name: 'spec.size', value: ({ spec }) => String(spec?.size ?? 0) }],
  schema: defineSchema('dev.example.v1.Widget', {
    type: 'object',
    properties: {
      apiVersion: { type: 'string' },
      kind: { type: 'string' },
      metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
      spec: {
        type: 'object',
        properties: {
          size: { type: 'integer' },
          parts: {
            type: 'array',
            items: { type: 'object', properties: { name: { type: 'string' } } },
            'x-kubernetes-list-type': 'map',
            'x-kubernetes-list-map-keys': ['name'],
          },
        },
      },
      status: { type: 'object', properties: { ready: { type: 'boolean' } } },
    },
  }),
  strategy: {
    validate: ({ spec }, errors) => {
      if ((spec?.size ?? 0) < 0) errors.invalid(FieldPath.of('spec', 'size'), spec?.size, 'must not be negative');
    },
  },
});

const root = '/apis/example.dev/v1';

describe('a kind that comes while the server runs', () => {
  const registry = new KindRegistry(kinds);
  let server: TestApiServer;
  let connection: GoldenConnection;
  let namespace = '';
  let count = 0;
  const closers: (() => Promise<unknown>)[] = [];

  before(async () => {
    server = await startTestApiServer({ kinds: registry });
    connection = new GoldenConnection(server.connection);
    const { code } = await ask('GET', `${root}/widgets`);
    assert.equal(code, 404);
    registry.add(widgetKind);
  });
  after(async () => {
    connection.close();
    await server.stop();
  });
  afterEach(async () => {
    for (const close of closers.splice(0).reverse()) await close();
  });

  async function ask(method: string, path: string, headers: Record<string, string> = {}, body?: object) {
    const { code, json } = await connection.request({
      method,
      path,
      headers: { ...(body && { 'content-type': 'application/json' }), ...headers },
      ...(body && { body: JSON.stringify(body) }),
    });
    return { code, json: json as Record<string, unknown> };
  }

  async function freshNamespace(): Promise<void> {
    count += 1;
    namespace = `widgets-${count}`;
    await server.client.create(namespaces, { metadata: { name: namespace } });
  }

  const create = (name: string, rest: Partial<Widget> = {}): Promise<Stored<Widget>> =>
    server.client.create<Widget>(widgets, { metadata: { namespace, name }, spec: { size: 1 }, ...rest });

  async function isGone(name: string): Promise<boolean> {
    try {
      await server.client.get(widgets, { namespace, name });
      return false;
    } catch (error) {
      if (isNotFound(error)) return true;
      throw error;
    }
  }

  it('is routed, decoded by its schema, validated and stored', async () => {
    await freshNamespace();
    const made = await create('a', { spec: { size: 0, parts: [] } });
    // Nothing is left out of what has no struct in Go.
    assert.deepEqual(made.spec, { size: 0, parts: [] });
    assert.ok(made.metadata.uid);
    const folder = `${root}/namespaces/${namespace}/widgets`;
    const wrong = await ask('POST', folder, {}, { metadata: { name: 'b' }, spec: { size: 'x' } });
    assert.equal(wrong.code, 400);
    const unknown = await ask('POST', `${folder}?fieldValidation=Strict`, {}, { metadata: { name: 'b' }, nope: 1 });
    assert.match(String(unknown.json.message), /unknown field "nope"/);
    const invalid = await ask('POST', folder, {}, { metadata: { name: 'b' }, spec: { size: -1 } });
    assert.equal(invalid.code, 422);
    assert.match(String(invalid.json.message), /Widget.example.dev "b" is invalid: spec.size/);
    const { items } = await server.client.list(widgets, { namespace });
    assert.deepEqual(items, [made]);
    assert.equal((await server.client.list(widgets, { fieldSelector: 'spec.size=7' })).items.length, 0);
    const stored = await server.store.list({ prefix: '/registry/example.dev/widgets/' });
    assert.equal(stored.entries.length, 1);
  });

  it('is patched and applied, with owners of its fields', async () => {
    await freshNamespace();
    await create('a', { spec: { size: 1, parts: [{ name: 'x' }] } });
    const key = { namespace, name: 'a' };
    const merged = await server.client.patch(widgets, key, { type: 'merge', body: { spec: { size: 2 } } });
    assert.equal(merged.spec?.size, 2);
    const config = { apiVersion: 'example.dev/v1', kind: 'Widget', metadata: key, spec: { parts: [{ name: 'y' }] } };
    const applied = await server.client.patch(
      widgets,
      key,
      { type: 'apply', body: config },
      { fieldManager: 'applier' },
    );
    assert.deepEqual(applied.spec?.parts, [{ name: 'x' }, { name: 'y' }]);
    const owner = applied.metadata.managedFields?.find(({ manager }) => manager === 'applier');
    assert.match(JSON.stringify(owner?.fieldsV1), /k:\{\\"name\\":\\"y\\"\}/);
    const { status } = await server.client.patch(
      widgets,
      key,
      { type: 'merge', body: { status: { ready: true } } },
      { subresource: 'status' },
    );
    assert.deepEqual(status, { ready: true });
  });

  it('is in both forms of discovery', async () => {
    const { json: groups } = await ask('GET', '/apis');
    assert.ok((groups.groups as { name: string }[]).some(({ name }) => name === 'example.dev'));
    const { json: list } = await ask('GET', root);
    assert.deepEqual(
      (list.resources as { name: string }[]).map(({ name }) => name),
      ['widgets', 'widgets/status'],
    );
    const { resources } = await discover(server.client);
    const found = resources.find(({ plural }) => plural === 'widgets');
    assert.deepEqual([found?.group, found?.kind, found?.shortNames], ['example.dev', 'Widget', ['wd']]);
  });

  it('is in the OpenAPI documents of both versions', async () => {
    const { json: index } = await ask('GET', '/openapi/v3');
    const { 'apis/example.dev/v1': entry } = index.paths as Record<string, { serverRelativeURL: string }>;
    assert.ok(entry);
    const { json: v3 } = await ask('GET', entry.serverRelativeURL);
    const { schemas } = v3.components as { schemas: Record<string, { properties: Record<string, object> }> };
    assert.deepEqual(schemas['dev.example.v1.Widget']?.properties.status, {
      type: 'object',
      properties: { ready: { type: 'boolean' } },
    });
    assert.ok(schemas['dev.example.v1.WidgetList']);
    assert.ok(Object.hasOwn(v3.paths as object, `${root}/namespaces/{namespace}/widgets/{name}`));
    const { json: v2 } = await ask('GET', '/openapi/v2');
    assert.ok(Object.hasOwn(v2.definitions as object, 'dev.example.v1.Widget'));
    assert.ok(Object.hasOwn(v2.definitions as object, 'io.k8s.api.core.v1.Pod'));
  });

  it('is printed as a table with its own columns', async () => {
    await freshNamespace();
    await create('a', { spec: { size: 7 } });
    const accept = 'application/json;as=Table;v=v1;g=meta.k8s.io';
    const { json } = await ask('GET', `${root}/namespaces/${namespace}/widgets`, { accept });
    assert.deepEqual(
      (json.rows as { cells: unknown[] }[]).map(({ cells }) => cells),
      [['a', 7]],
    );
  });

  it('is watched', async () => {
    await freshNamespace();
    const seen: string[] = [];
    const informer = createInformer(server.client, widgets, { namespace, logger: silentLogger });
    informer.onChange(({ next, previous }) =>
      seen.push(`${next?.metadata.name ?? `-${previous?.metadata.name}`} ${next?.spec?.size ?? ''}`),
    );
    const stop = new AbortController();
    const running = informer.run(stop.signal);
    closers.push(async () => {
      stop.abort();
      await running;
    });
    await informer.synced();
    await create('a');
    await server.client.patch(widgets, { namespace, name: 'a' }, { type: 'merge', body: { spec: { size: 2 } } });
    await server.client.delete(widgets, { namespace, name: 'a' });
    await eventually('all three changes', () => seen.length === 3);
    assert.deepEqual(seen, ['a 1', 'a 2', '-a ']);
  });

  it('is collected with its owner, and deleted with its namespace', async () => {
    const manager = await startControllerManager({
      connection: server.connection,
      logger: silentLogger,
      leaderElect: false,
      identity: 'test',
    });
    closers.push(() => manager.stop());
    await freshNamespace();
    const owner = await server.client.create<ConfigMap>(configMaps, { metadata: { namespace, name: 'owner' } });
    const ownerReferences = [{ apiVersion: 'v1', kind: 'ConfigMap', name: 'owner', uid: owner.metadata.uid }];
    await create('owned', { metadata: { namespace, name: 'owned', ownerReferences } });
    const parent = await create('parent');
    await server.client.create<ConfigMap>(configMaps, {
      metadata: {
        namespace,
        name: 'child',
        ownerReferences: [
          {
            apiVersion: 'example.dev/v1',
            kind: 'Widget',
            name: 'parent',
            uid: parent.metadata.uid,
            blockOwnerDeletion: true,
          },
        ],
      },
    });
    await server.client.delete(configMaps, { namespace, name: 'owner' });
    await eventually('the widget goes with its owner', () => isGone('owned'));
    assert.equal(await isGone('parent'), false);
    await server.client.delete(widgets, { namespace, name: 'parent' }, { propagationPolicy: 'Foreground' });
    await eventually('the widget waits for what it owns, and goes', () => isGone('parent'));
    await assert.rejects(server.client.get(configMaps, { namespace, name: 'child' }), isNotFound);

    await create('left', { metadata: { namespace, name: 'left', finalizers: [] } });
    await server.client.delete(namespaces, { name: namespace });
    await eventually('the widget goes with its namespace', () => isGone('left'));
    await eventually('the namespace goes', async () => {
      const { items } = await server.client.list(namespaces);
      return !items.some(({ metadata }) => metadata.name === namespace);
    });
  });

  it('goes from routing, discovery and OpenAPI when it is removed, and finds its objects when it comes back', async () => {
    await freshNamespace();
    const made = await create('a');
    const watching = new AbortController();
    const watch = server.client.watch(widgets, { namespace, signal: watching.signal });
    closers.push(async () => watching.abort());
    const ended = (async () => {
      for await (const _ of watch);
    })().catch(() => undefined);
    registry.remove(widgetKind);
    await ended;
    for (const path of [`${root}/widgets`, root, '/apis/example.dev', `/openapi/v3/apis/example.dev/v1`])
      assert.equal((await ask('GET', path)).code, 404, path);
    assert.doesNotMatch(JSON.stringify((await ask('GET', '/apis')).json), /example\.dev/);
    assert.doesNotMatch(JSON.stringify((await ask('GET', '/openapi/v2')).json), /dev\.example/);
    const { resources } = await discover(server.client);
    assert.ok(!resources.some(({ group }) => group === 'example.dev'));
    registry.add(widgetKind);
    assert.deepEqual((await server.client.list(widgets, { namespace })).items, [made]);
  });
});
