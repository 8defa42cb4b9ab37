/** What the conformance suite asks of the documents of custom kinds: what they hold, and what kubectl makes of them. */

import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, it } from 'node:test';
import { kubeconfigText } from '../clients/kubeconfig-text.ts';
import { eventually } from '../support/eventually.ts';
import { allKubectls, Kubectl } from '../support/kubectl.ts';
import { at, type Json } from './api-user.ts';
import { World } from './world.ts';

let world: World;
let kubectl: Kubectl;
let folder: string;
let namespace: string;

before(async () => {
  world = await World.start();
  namespace = await world.namespace();
  folder = await mkdtemp(join(tmpdir(), 'longshore-conformance-'));
  const kubeconfig = join(folder, 'config');
  await writeFile(kubeconfig, kubeconfigText(world.server.connection), { mode: 0o600 });
  const newest = (await allKubectls()).at(-1);
  assert.ok(newest);
  kubectl = await Kubectl.open(newest, kubeconfig);
});

after(async () => {
  await kubectl.close();
  await world.stop();
  await rm(folder, { recursive: true });
});

const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';
const openSchema: Json = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
const fooSchema: Json = {
  type: 'object',
  description: 'Foo CRD for Testing',
  properties: {
    spec: {
      type: 'object',
      description: 'Specification of Foo',
      properties: {
        bars: {
          type: 'array',
          description: 'List of Bars and their specs.',
          items: {
            type: 'object',
            required: ['name'],
            properties: {
              name: { type: 'string', description: 'Name of Bar.' },
              age: { type: 'string', description: 'Age of Bar.' },
              bazs: { type: 'array', items: { type: 'string' }, description: 'List of Bazs.' },
              feeling: { type: 'string', enum: ['Great', 'Down'], description: 'Whether Bar is feeling great.' },
            },
          },
        },
      },
    },
  },
};

/** A definition of its own group, or of `group`; the first version is stored. */
class Defined {
  readonly group: string;
  readonly kind: string;
  readonly plural: string;

  constructor({ group = `${word()}.example.com`, kind = `E2e${word()}` }: { group?: string; kind?: string } = {}) {
    this.group = group;
    this.kind = kind;
    this.plural = `${kind.toLowerCase()}s`;
  }

  get path(): string {
    return `${definitions}/${this.plural}.${this.group}`;
  }

  versions(schema: Json, names: readonly string[], served: (name: string) => boolean = () => true): Json[] {
    const version = (name: string, i: number) => ({ name, served: served(name), storage: i === 0 });
    return names.map((name, i) => ({ ...version(name, i), schema: { openAPIV3Schema: schema } }));
  }

  async make(schema: Json, names: readonly string[] = ['v1']): Promise<this> {
    const { group, kind, plural } = this;
    const spec = { group, scope: 'Namespaced', names: { plural, kind }, versions: this.versions(schema, names) };
    await world.post(definitions, { metadata: { name: `${plural}.${group}` }, spec });
    for (const name of names) await this.isThere(name);
    return this;
  }

  async described(version: string): Promise<unknown> {
    const swagger = await world.get('/openapi/v2');
    const name = [...this.group.split('.').reverse(), version, this.kind].join('.');
    return (swagger.definitions as Json)[name];
  }

  isThere(version: string): Promise<unknown> {
    return eventually(`${version} is described`, () => this.described(version));
  }

  isGone(version: string): Promise<unknown> {
    return eventually(`${version} is described no more`, async () => (await this.described(version)) === undefined);
  }

  object(more: Json): Json {
    const metadata = { namespace, name: `object-${word()}` };
    return { apiVersion: `${this.group}/v1`, kind: this.kind, metadata, ...more };
  }

  explain(...words: string[]) {
    const [field = '', ...flags] = words;
    return kubectl.run(['explain', `${this.plural}${field}`, ...flags]);
  }
}

const word = (): string => `x${randomBytes(4).toString('hex')}`;

async function isApplied(object: Json): Promise<void> {
  for (const verb of ['create', 'apply']) {
    const { code, stderr } = await kubectl.run([verb, '-f', '-'], { stdin: JSON.stringify(object) });
    assert.equal(code, 0, stderr);
    await kubectl.run(['delete', '-f', '-'], { stdin: JSON.stringify(object) });
  }
}

async function isRefused(object: Json, why: RegExp): Promise<void> {
  for (const verb of ['create', 'apply']) {
    const { code, stderr } = await kubectl.run([verb, '-f', '-'], { stdin: JSON.stringify(object) });
    assert.notEqual(code, 0);
    assert.match(stderr, why);
  }
}

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD with validation schema [Conformance]', async () => {
  const foo = await new Defined().make(fooSchema);
  assert.deepEqual(at(await foo.described('v1'), 'properties.spec'), at(fooSchema, 'properties.spec'));
  await isApplied(foo.object({ spec: { bars: [{ name: 'test-bar', age: '10' }] } }));
  await isRefused(foo.object({ spec: { foo: true } }), /unknown field "spec.foo"/);
  await isRefused(foo.object({ spec: { bars: [{ age: '10' }] } }), /spec.bars\[0\].name: Required value/);
  await isRefused(
    foo.object({ spec: { bars: [{ name: 'test-bar', feeling: 'NonExistentValue' }] } }),
    /spec.bars\[0\].feeling: Unsupported value/,
  );
  assert.match((await foo.explain()).stdout, /DESCRIPTION:\s+Foo CRD for Testing/);
  assert.match((await foo.explain('.metadata')).stdout, /creationTimestamp/);
  assert.match(
    (await foo.explain('.spec')).stdout,
    /FIELD: spec <Object>.*bars\t<\[\]Object>\s+List of Bars and their specs/s,
  );
  const inside = /name\t<string> -required-.*Name of Bar/s;
  assert.match((await foo.explain('.spec.bars')).stdout, inside);
  assert.match((await foo.explain('', '--recursive')).stdout, /bars\t<\[\]Object>\n +age\t<string>/);
  assert.notEqual((await foo.explain('.spec.bars2')).code, 0);
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD without validation schema [Conformance]', async () => {
  // Since v1 there is always a schema: this one says nothing.
  const open = await new Defined().make(openSchema);
  assert.deepEqual(Object.keys((await open.described('v1')) as Json), ['type', 'x-kubernetes-group-version-kind']);
  await isApplied(open.object({ spec: { foo: true }, anything: [1] }));
  const { code, stdout } = await open.explain();
  assert.equal(code, 0);
  assert.match(stdout, new RegExp(`KIND: +${open.kind}`));
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields at the schema root [Conformance]', async () => {
  const open = await new Defined().make({ ...fooSchema, ...openSchema });
  assert.equal(at(await open.described('v1'), 'properties'), undefined);
  await isApplied(open.object({ spec: { bars: [{ name: 'a' }] }, a: null, b: [{ c: 'd' }] }));
  assert.match((await open.explain()).stdout, new RegExp(`KIND: +${open.kind}`));
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for CRD preserving unknown fields in an embedded object [Conformance]', async () => {
  const embedded = { ...openSchema, 'x-kubernetes-embedded-resource': true };
  const schema = {
    type: 'object',
    properties: { spec: embedded, status: { type: 'object', properties: { a: { type: 'string' } } } },
  };
  const nested = await new Defined().make(schema);
  const spec = at(await nested.described('v1'), 'properties.spec');
  assert.deepEqual([at(spec, 'type'), at(spec, 'properties')], [undefined, undefined]);
  const inside = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'inside' } };
  await isApplied(nested.object({ spec: { ...inside, further: { a: [1] } } }));
  await isRefused(nested.object({ spec: { ...inside, kind: 5 } }), /spec.kind/);
  assert.match((await nested.explain()).stdout, /spec\t<Object>/);
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of different groups [Conformance]', async () => {
  const [one, two] = [await new Defined().make(fooSchema), await new Defined().make(openSchema)];
  assert.ok(await one.described('v1'));
  assert.ok(await two.described('v1'));
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group but different versions [Conformance]', async () => {
  const several = await new Defined().make(fooSchema, ['v2', 'v3']);
  assert.deepEqual(
    at(await several.described('v2'), 'properties.spec'),
    at(await several.described('v3'), 'properties.spec'),
  );
  const [one, two] = [await new Defined().make(fooSchema, ['v4']), await new Defined().make(openSchema, ['v5'])];
  assert.ok(await one.described('v4'));
  assert.ok(await two.described('v5'));
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] works for multiple CRDs of same group and version but different kinds [Conformance]', async () => {
  const group = `${word()}.example.com`;
  const [one, two] = [await new Defined({ group }).make(fooSchema), await new Defined({ group }).make(openSchema)];
  assert.equal(at(await one.described('v1'), 'description'), 'Foo CRD for Testing');
  assert.equal(at(await two.described('v1'), 'description'), undefined);
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] updates the published spec when one version gets renamed [Conformance]', async () => {
  const several = await new Defined().make(fooSchema, ['v2', 'v3']);
  const before = await several.described('v2');
  await world.patch(several.path, { spec: { versions: several.versions(fooSchema, ['v2', 'v4']) } });
  await several.isThere('v4');
  await several.isGone('v3');
  assert.deepEqual(await several.described('v2'), before);
});

it('[sig-api-machinery] CustomResourcePublishOpenAPI [Privileged:ClusterAdmin] removes definition from spec when one version gets changed to not be served [Conformance]', async () => {
  const several = await new Defined().make(fooSchema, ['v5', 'v6alpha1']);
  const before = await several.described('v5');
  const versions = several.versions(fooSchema, ['v5', 'v6alpha1'], (name) => name === 'v5');
  await world.patch(several.path, { spec: { versions } });
  await several.isGone('v6alpha1');
  assert.deepEqual(await several.described('v5'), before);
});
