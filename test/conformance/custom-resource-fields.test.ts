/** What the conformance suite asks of the fields of custom resources, and of custom kinds in aggregated discovery. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { eventually } from '../support/eventually.ts';
import { Widgets } from '../support/widget-definitions.ts';
import { at, type Json, nameOf } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let namespace: string;
before(async () => {
  world = await World.start();
});
after(() => world.stop());
beforeEach(async () => {
  namespace = await world.namespace();
});

const schema: Json = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        cronSpec: { type: 'string', pattern: '^(\\d+|\\*)(/\\d+)?(\\s+(\\d+|\\*)(/\\d+)?){4}$' },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['containerPort', 'protocol'],
          items: {
            type: 'object',
            required: ['containerPort', 'protocol'],
            properties: {
              containerPort: { type: 'integer', format: 'int32' },
              hostIP: { type: 'string' },
              protocol: { type: 'string' },
            },
          },
        },
        template: {
          type: 'object',
          'x-kubernetes-embedded-resource': true,
          'x-kubernetes-preserve-unknown-fields': true,
        },
      },
    },
  },
};
const spec: Json = {
  cronSpec: '* * * * */5',
  ports: [{ containerPort: 8080, hostIP: '1.2.3.4', protocol: 'TCP' }],
};

/** As `kubectl apply --server-side`, and as `kubectl create`, both strict. */
const apply = (widgets: Widgets, object: Json | string): Promise<Json> => {
  const name = typeof object === 'string' ? 'applied' : nameOf(object);
  const path = `${widgets.path(namespace)}/${name}?fieldManager=conformance&fieldValidation=Strict`;
  const body = typeof object === 'string' ? object : JSON.stringify(object);
  return world.request('PATCH', path, body, 'application/apply-patch+yaml');
};
const create = (widgets: Widgets, text: string, type = 'application/json'): Promise<Json> =>
  world.request('POST', `${widgets.path(namespace)}?fieldValidation=Strict`, text, type);

async function isRefused(asked: Promise<unknown>, ...problems: readonly string[]): Promise<void> {
  await assert.rejects(asked, (error) => {
    assert.ok(error instanceof StatusError);
    for (const problem of problems) assert.ok(error.message.includes(problem), `${problem} in: ${error.message}`);
    return true;
  });
}

it('[sig-api-machinery] FieldValidation should create/apply a CR with unknown fields for CRD with no validation schema [Conformance]', async () => {
  const widgets = await Widgets.define(world);
  const unknown = { spec: { unknown1: 'val1', nested: { unknown2: 1 } } };
  assert.deepEqual((await apply(widgets, widgets.widget('applied', unknown))).spec, unknown.spec);
  assert.deepEqual((await create(widgets, JSON.stringify(widgets.widget('created', unknown)))).spec, unknown.spec);
});

it('[sig-api-machinery] FieldValidation should create/apply a valid CR for CRD with validation schema [Conformance]', async () => {
  const widgets = await Widgets.define(world, { schema });
  assert.deepEqual((await apply(widgets, widgets.widget('applied', { spec }))).spec, spec);
  assert.deepEqual((await create(widgets, JSON.stringify(widgets.widget('created', { spec })))).spec, spec);
});

it('[sig-api-machinery] FieldValidation should create/apply an invalid CR with extra properties for CRD with validation schema [Conformance]', async () => {
  const widgets = await Widgets.define(world, { schema });
  const extra = { spec: { ...spec, extraProperty: 'arbitrary-value' } };
  await isRefused(apply(widgets, widgets.widget('a', extra)), '.spec.extraProperty: field not declared in schema');
  const text = JSON.stringify(widgets.widget('a', extra));
  await isRefused(create(widgets, text), 'strict decoding error: unknown field "spec.extraProperty"');
  const made = await world.request('POST', `${widgets.path(namespace)}?fieldValidation=Ignore`, text);
  assert.deepEqual(made.spec, spec);
});

it('[sig-api-machinery] FieldValidation should detect unknown metadata fields in both the root and embedded object of a CR [Conformance]', async () => {
  const widgets = await Widgets.define(world, { schema });
  const template = {
    ...{ apiVersion: 'apps/v1', kind: 'Deployment' },
    metadata: { name: 'inside', unknownSubMeta: 'foo' },
    spec: { anything: true },
  };
  const object = widgets.widget('a', { metadata: { unknownMeta: 'foo' }, spec: { ...spec, template } });
  const problems = ['unknown field "metadata.unknownMeta"', 'unknown field "spec.template.metadata.unknownSubMeta"'];
  await isRefused(create(widgets, JSON.stringify(object)), ...problems);
  await isRefused(apply(widgets, object), '.metadata.unknownMeta: field not declared in schema');
});

it('[sig-api-machinery] FieldValidation should detect duplicates in a CR when preserving unknown fields [Conformance]', async () => {
  const widgets = await Widgets.define(world);
  const head = { apiVersion: `${widgets.group}/v1`, kind: 'Widget' };
  const json = JSON.stringify({ ...head, metadata: { name: 'a' }, spec: { unknown1: 'val1', twice: 'val2' } });
  const twice = json.replace('"twice"', '"unknown1":"val3","twice"');
  await isRefused(create(widgets, twice), 'duplicate field "spec.unknown1"');
  const yaml = `apiVersion: ${head.apiVersion}\nkind: Widget\nmetadata:\n  name: applied\nspec:\n  unknown1: val1\n  unknown1: val2\n`;
  await isRefused(create(widgets, yaml, 'application/yaml'), 'key "unknown1" already set in map');
  await isRefused(apply(widgets, yaml), 'key "unknown1" already set in map');
});

const aggregated = { accept: 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList' };

/** Of the group of a definition, as aggregated discovery has it. */
async function discovered({ group }: Widgets): Promise<Json | undefined> {
  const { text } = await world.client.raw('GET', '/apis', { headers: aggregated });
  return (JSON.parse(text).items as Json[]).find((one) => nameOf(one) === group);
}

it('[sig-api-machinery] AggregatedDiscovery should support aggregated discovery interface for CRDs [Conformance]', async () => {
  const widgets = await Widgets.define(world);
  const found = await eventually('it is discovered', () => discovered(widgets));
  // Empty: the group and version in which it stands.
  assert.equal(at(found, 'versions.0.resources.0.responseKind.kind'), 'Widget');
  assert.equal(at(found, 'versions.0.freshness'), 'Current');
  await world.delete(widgets.definition);
  await eventually('it is discovered no more', async () => (await discovered(widgets)) === undefined);
});

it('[sig-api-machinery] AggregatedDiscovery should support raw aggregated discovery request for CRDs [Conformance]', async () => {
  const [one, two] = [await Widgets.define(world), await Widgets.define(world, { spec: { scope: 'Cluster' } })];
  for (const [widgets, scope] of [
    [one, 'Namespaced'],
    [two, 'Cluster'],
  ] as const) {
    const found = await eventually('it is discovered', () => discovered(widgets));
    const { resource, singularResource, shortNames, ...rest } = at(found, 'versions.0.resources.0') as Json;
    assert.deepEqual([resource, singularResource, shortNames, rest.scope], ['widgets', 'widget', ['wd'], scope]);
    assert.ok((rest.verbs as string[]).includes('deletecollection'));
  }
});
