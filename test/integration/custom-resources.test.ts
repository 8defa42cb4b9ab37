/** Definitions that are acted on: their kinds come, are served as any other, and go with all their objects. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject, Stored } from '../../api/object.ts';
import { type Resource, resource } from '../../api/resource.ts';
import { customResourceDefinitions } from '../../api/resources/apiextensions.ts';
import { isNotFound } from '../../api/status-error.ts';
import type { CustomResourceDefinition, JSONSchemaProps } from '../../api/types/apiextensions/v1.ts';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Widget extends KubernetesObject {
  readonly spec?: { readonly size?: number; readonly color?: string };
  readonly status?: { readonly ready?: boolean };
}

const schema: JSONSchemaProps = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: { size: { type: 'integer', minimum: 0 }, color: { type: 'string', default: 'red' } },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' }, replicas: { type: 'integer' } } },
  },
};

type Versions = CustomResourceDefinition['spec']['versions'];

const oneVersion: Versions = [
  { name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema }, subresources: { status: {} } },
];

function definitionOf(
  group: string,
  {
    plural = 'widgets',
    kind = 'Widget',
    versions = oneVersion,
  }: { plural?: string; kind?: string; versions?: Versions } = {},
): CustomResourceDefinition {
  return {
    metadata: { name: `${plural}.${group}` },
    spec: { group, scope: 'Namespaced', names: { plural, kind }, versions },
  };
}

const widgetsOf = (group: string, version = 'v1'): Resource<Widget> =>
  resource<Widget>({ group, version, kind: 'Widget', plural: 'widgets' });

describe('custom resources', () => {
  let server: TestApiServer;
  let connection: GoldenConnection;

  before(async () => {
    server = await startTestApiServer();
    connection = new GoldenConnection(server.connection);
  });
  after(async () => {
    connection.close();
    await server.stop();
  });

  const find = async (name: string) => await server.client.get(customResourceDefinitions, { name });
  const conditionOf = async (name: string, type: string) =>
    (await find(name)).status?.conditions?.find((condition) => condition.type === type);

  async function define(definition: CustomResourceDefinition): Promise<Stored<CustomResourceDefinition>> {
    const made = await server.client.create(customResourceDefinitions, definition);
    await eventually(
      'it is established',
      async () => (await conditionOf(made.metadata.name, 'Established'))?.status === 'True',
    );
    return made;
  }

  async function get(path: string, headers: Record<string, string> = {}) {
    const { code, json } = await connection.request({ method: 'GET', path, headers });
    return { code, json: json as Record<string, unknown> };
  }

  const isGone = async (work: () => Promise<unknown>): Promise<boolean> =>
    await work().then(
      () => false,
      (error) => isNotFound(error),
    );

  it('are served from when their definition is established', async () => {
    await define(definitionOf('one.example.com'));
    const widgets = widgetsOf('one.example.com');
    const made = await server.client.create<Widget>(widgets, {
      metadata: { namespace: 'default', name: 'a' },
      spec: { size: 1 },
    });
    assert.deepEqual(made.spec, { size: 1, color: 'red' });
    assert.equal(made.metadata.generation, 1);
    const { items } = await server.client.list(widgets, { namespace: 'default' });
    assert.deepEqual(items, [made]);
    const key = { namespace: 'default', name: 'a' };
    const patched = await server.client.patch(widgets, key, { type: 'merge', body: { spec: { size: 2 } } });
    assert.equal(patched.metadata.generation, 2);
    const ready = { type: 'merge', body: { spec: { size: 9 }, status: { ready: true } } } as const;
    const { spec, status, metadata } = await server.client.patch(widgets, key, ready, { subresource: 'status' });
    assert.deepEqual([spec?.size, status, metadata.generation], [2, { ready: true }, 2]);
    const { status: accepted } = await find('widgets.one.example.com');
    assert.deepEqual(accepted?.acceptedNames, {
      ...{ plural: 'widgets', singular: 'widget', kind: 'Widget', listKind: 'WidgetList' },
    });
  });

  it('get no name that another definition of the group has, until that goes', async () => {
    await define(definitionOf('names.example.com'));
    const second = definitionOf('names.example.com', { plural: 'gadgets', kind: 'Widget' });
    await server.client.create(customResourceDefinitions, second);
    await eventually('the conflict is told', async () => {
      const condition = await conditionOf('gadgets.names.example.com', 'NamesAccepted');
      // Of several conflicts the last is told.
      return condition?.reason === 'ListKindConflict' && condition.message === '"WidgetList" is already in use';
    });
    assert.equal((await conditionOf('gadgets.names.example.com', 'Established'))?.reason, 'NotAccepted');
    await server.client.delete(customResourceDefinitions, { name: 'widgets.names.example.com' });
    await eventually(
      'the name is free',
      async () => (await conditionOf('gadgets.names.example.com', 'Established'))?.status === 'True',
    );
  });

  it('are all gone before their definition is, each when its finalizers allow', async () => {
    await define(definitionOf('gone.example.com'));
    const widgets = widgetsOf('gone.example.com');
    const metadata = { namespace: 'default', name: 'held', finalizers: ['example.com/hold'] };
    await server.client.create<Widget>(widgets, { metadata });
    await server.client.create<Widget>(widgets, { metadata: { namespace: 'default', name: 'free' } });
    const name = 'widgets.gone.example.com';
    await server.client.delete(customResourceDefinitions, { name });
    await eventually('the free one goes', () =>
      isGone(() => server.client.get(widgets, { namespace: 'default', name: 'free' })),
    );
    assert.equal((await conditionOf(name, 'Terminating'))?.reason, 'InstanceDeletionInProgress');
    await assert.rejects(server.client.create<Widget>(widgets, { metadata: { namespace: 'default', name: 'new' } }), {
      message: 'create not allowed while custom resource definition is terminating',
    });
    await server.client.patch(
      widgets,
      { namespace: 'default', name: 'held' },
      { type: 'merge', body: { metadata: { finalizers: null } } },
    );
    await eventually('the definition goes', () => isGone(() => find(name)));
    await eventually('its group goes', async () => (await get('/apis/gone.example.com/v1')).code === 404);
    assert.equal((await server.store.list({ prefix: '/registry/gone.example.com/' })).entries.length, 0);
  });

  it('are read in every version, whichever they are stored in', async () => {
    const versions: Versions = ['v1', 'v1beta1', 'foo'].map((name) => ({
      ...{ name, served: true, storage: name === 'v1beta1' },
      schema: { openAPIV3Schema: schema },
    }));
    await define(definitionOf('versions.example.com', { versions }));
    const [v1, v1beta1] = [widgetsOf('versions.example.com'), widgetsOf('versions.example.com', 'v1beta1')];
    const made = await server.client.create<Widget>(v1, { metadata: { namespace: 'default', name: 'a' } });
    assert.equal(made.apiVersion, 'versions.example.com/v1');
    const key = { namespace: 'default', name: 'a' };
    assert.equal((await server.client.get(v1beta1, key)).apiVersion, 'versions.example.com/v1beta1');
    assert.equal((await server.client.list(v1, key)).items[0]?.apiVersion, 'versions.example.com/v1');
    const [entry] = (await server.store.list({ prefix: '/registry/versions.example.com/' })).entries;
    assert.match(entry?.value.toString() ?? '', /^\{"apiVersion":"versions.example.com\/v1beta1"/);
    const { json } = await get('/apis/versions.example.com');
    assert.deepEqual(
      (json.versions as { version: string }[]).map(({ version }) => version),
      ['v1', 'v1beta1', 'foo'],
    );
    // Another version is stored from now on: what changes nothing is written all the same, in that version.
    await server.client.patch(
      customResourceDefinitions,
      { name: 'widgets.versions.example.com' },
      { type: 'merge', body: { spec: { versions: versions.map((one) => ({ ...one, storage: one.name === 'v1' })) } } },
    );
    await eventually('it is stored anew', async () => {
      await server.client.patch(v1, key, { type: 'merge', body: {} });
      const [now] = (await server.store.list({ prefix: '/registry/versions.example.com/' })).entries;
      return now?.value.toString().startsWith('{"apiVersion":"versions.example.com/v1"') === true;
    });
    const { status } = await find('widgets.versions.example.com');
    assert.deepEqual(status?.storedVersions, ['v1beta1', 'v1']);
  });

  it('are described as their definition says, from the moment it does', async () => {
    const described = (description: string): Versions =>
      oneVersion.map((version) => ({ ...version, schema: { openAPIV3Schema: { ...schema, description } } }));
    await define(definitionOf('described.example.com', { versions: described('A widget.') }));
    const path = 'apis/described.example.com/v1';
    const urlOf = async () => {
      const { json } = await get('/openapi/v3');
      return (json.paths as Record<string, { serverRelativeURL: string }>)[path]?.serverRelativeURL ?? '';
    };
    const definitionIn = (definitions: unknown) =>
      (definitions as Record<string, JSONSchemaProps>)['com.example.described.v1.Widget'];
    const before = await urlOf();
    const { json: document } = await get(before);
    const { schemas } = document.components as { schemas: object };
    const widget = definitionIn(schemas);
    assert.equal(widget?.description, 'A widget.');
    assert.deepEqual(widget?.properties?.spec, schema.properties?.spec);
    assert.deepEqual(Object.keys(document.paths as object), [
      ...['namespaces/{namespace}/widgets', 'namespaces/{namespace}/widgets/{name}'].map((one) => `/${path}/${one}`),
      ...['namespaces/{namespace}/widgets/{name}/status', 'widgets'].map((one) => `/${path}/${one}`),
    ]);
    await server.client.patch(
      customResourceDefinitions,
      { name: 'widgets.described.example.com' },
      { type: 'merge', body: { spec: { versions: described('Another.') } } },
    );
    await eventually('it is named otherwise', async () => (await urlOf()) !== before);
    const { components } = (await get(await urlOf())).json as { components: { schemas: object } };
    assert.equal(definitionIn(components.schemas)?.description, 'Another.');
    const { json: swagger } = await get('/openapi/v2');
    assert.equal(definitionIn(swagger.definitions)?.description, 'Another.');
    await server.client.delete(customResourceDefinitions, { name: 'widgets.described.example.com' });
    await eventually('nothing is said of it', async () => (await urlOf()) === '');
    assert.equal((await get(`/openapi/v3/${path}`)).code, 404);
  });
});
