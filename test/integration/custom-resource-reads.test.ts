/** Custom resources as clients read them: tables, watches, selectors, and what discovery and documents say, on every API server. */

import assert from 'node:assert/strict';
import { createInterface } from 'node:readline';
import { after, before, beforeEach, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { type ApiUser, at, type Json, nameOf, type WatchEvent } from '../conformance/api-user.ts';
import { EtcdCluster } from '../support/etcd-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { definitions, Widgets } from '../support/widget-definitions.ts';

const schema: Json = {
  type: 'object',
  description: 'A widget.',
  properties: {
    spec: {
      type: 'object',
      properties: { size: { type: 'integer' }, color: { type: 'string', description: 'How it looks.' } },
    },
    status: { type: 'object', properties: { ready: { type: 'boolean' } } },
  },
};
const version: Json = {
  subresources: { status: {} },
  additionalPrinterColumns: [
    { name: 'Size', type: 'integer', jsonPath: '.spec.size' },
    { name: 'Color', type: 'string', jsonPath: '.spec.color', priority: 1 },
    { name: 'Ready', type: 'boolean', jsonPath: '.status.ready' },
    { name: 'Made', type: 'date', jsonPath: '.metadata.creationTimestamp' },
  ],
  selectableFields: [{ jsonPath: '.spec.color' }, { jsonPath: '.spec.size' }],
};
const tables = 'application/json;as=Table;v=v1;g=meta.k8s.io';

describe('reads of custom resources', () => {
  let cluster: EtcdCluster;
  let user: ApiUser;
  let other: ApiUser;
  let widgets: Widgets;
  let namespace: string;

  before(async () => {
    cluster = await EtcdCluster.start({ servers: 2 });
    [user, other] = [cluster.user(0), cluster.user(1)];
    widgets = await Widgets.define(user, { schema, version });
  });
  after(() => cluster.stop());
  beforeEach(async () => {
    namespace = await user.namespace();
  });

  const all = () => widgets.path(namespace);
  const create = (name: string, spec: Json = {}) => user.post(all(), widgets.widget(name, { spec }));
  const get = async (path: string, headers: Record<string, string> = {}, from = user): Promise<Json> =>
    JSON.parse((await from.client.raw('GET', path, { headers })).text) as Json;
  const versionOf = (object: Json) => String(at(object, 'metadata.resourceVersion'));
  const isRefused = (asked: Promise<unknown>, code: number, why: RegExp): Promise<void> =>
    assert.rejects(asked, (error) => error instanceof StatusError && error.code === code && why.test(error.message));

  it('are tables with the columns of the definition', async () => {
    await create('a', { size: 3, color: 'red' });
    const table = await get(all(), { accept: tables });
    const columns = table.columnDefinitions as Json[];
    assert.deepEqual(
      columns.map(({ name, type, priority }) => [name, type, priority]),
      [
        ['Name', 'string', 0],
        ['Size', 'integer', 0],
        ['Color', 'string', 1],
        ['Ready', 'boolean', 0],
        ['Made', 'date', 0],
      ],
    );
    assert.deepEqual((at(table, 'rows.0.cells') as unknown[]).slice(0, 4), ['a', 3, 'red', null]);
    assert.equal(at(table, 'rows.0.object.kind'), 'PartialObjectMetadata');
  });

  it('are watched as tables: the columns come once', async () => {
    await create('a', { size: 1 });
    const events: WatchEvent[] = [];
    const stop = new AbortController();
    const stream = await user.client.stream(`${all()}?watch=true`, stop.signal, { accept: tables });
    stream.on('error', () => {});
    const lines = createInterface({ input: stream }).on('error', () => {});
    lines.on('line', (line) => events.push(JSON.parse(line) as WatchEvent));
    await eventually('the first row', () => events.length === 1);
    await user.patch(`${all()}/a`, { spec: { size: 2 } });
    await user.delete(`${all()}/a`);
    await eventually('three rows', () => events.length === 3);
    stop.abort();
    assert.deepEqual(
      events.map(({ type, object }) => [
        ...[type, object.kind, (object.columnDefinitions as Json[] | null)?.length ?? 0],
        (at(object, 'rows.0.cells') as unknown[])[1],
      ]),
      [
        ['ADDED', 'Table', 5, 1],
        ['MODIFIED', 'Table', 0, 2],
        ['DELETED', 'Table', 0, 2],
      ],
    );
  });

  it('are watched from a version on, with what is there first if asked, and bookmarks', async () => {
    const first = await create('a');
    const list = await user.get(all());
    await create('b');
    const since = await user.watch(all(), versionOf(list));
    assert.equal(nameOf((await since.seen('ADDED')).object), 'b');
    const initial = await user.watch(
      `${all()}?sendInitialEvents=true&resourceVersionMatch=NotOlderThan&allowWatchBookmarks=true`,
    );
    const { object } = await initial.seen('BOOKMARK');
    assert.deepEqual(
      [at(object, 'metadata.annotations'), object.kind, object.apiVersion],
      [{ 'k8s.io/initial-events-end': 'true' }, 'Widget', `${widgets.group}/v1`],
    );
    assert.deepEqual(
      initial.events.filter(({ type }) => type === 'ADDED').map((one) => nameOf(one.object)),
      ['a', 'b'],
    );
    const exact = await user.get(`${all()}?resourceVersion=${versionOf(first)}&resourceVersionMatch=Exact`);
    assert.deepEqual((exact.items as Json[]).map(nameOf), ['a']);
    await isRefused(user.get(`${all()}?resourceVersion=x`), 400, /invalid/i);
    await isRefused(user.get(`${all()}?resourceVersion=999999999`), 504, /Too large resource version/);
  });

  it('are listed in pages, which stay as they were at the first', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    const page = await user.get(`${all()}?limit=2`);
    assert.equal(at(page, 'metadata.remainingItemCount'), 1);
    await user.delete(`${all()}/c`);
    const token = encodeURIComponent(String(at(page, 'metadata.continue')));
    const rest = await user.get(`${all()}?limit=2&continue=${token}`);
    assert.deepEqual(
      [page, rest].map(({ items }) => (items as Json[]).map(nameOf)),
      [['a', 'b'], ['c']],
    );
    assert.equal(versionOf(rest), versionOf(page));
  });

  it('are selected by the fields that the definition names, in lists, watches and deletions', async () => {
    await create('a', { color: 'red', size: 1 });
    await create('b', { color: 'blue', size: 1 });
    const red = `${all()}?fieldSelector=spec.color%3Dred`;
    const watch = await user.watch(red);
    await watch.seen('ADDED', (one) => nameOf(one) === 'a');
    assert.deepEqual((await user.list(red)).map(nameOf), ['a']);
    assert.deepEqual((await user.list(`${all()}?fieldSelector=spec.size%3D1,spec.color!%3Dred`)).map(nameOf), ['b']);
    await user.patch(`${all()}/b`, { spec: { color: 'red' } });
    await watch.seen('ADDED', (one) => nameOf(one) === 'b');
    await user.patch(`${all()}/b`, { spec: { color: 'blue' } });
    await watch.seen('DELETED', (one) => nameOf(one) === 'b');
    await isRefused(user.get(`${all()}?fieldSelector=spec.other%3D1`), 400, /field label not supported: spec.other/);
    await user.delete(red);
    assert.deepEqual((await user.list(all())).map(nameOf), ['b']);
  });

  /** What the other server says within a second of the definition's change here. */
  const withinASecond = <T>(what: string, check: () => Promise<T>) => eventually(what, check, { timeoutMs: 1_000 });

  it('are served, discovered and described on another API server within a second', async () => {
    const made = await Widgets.define(user, { schema, version });
    const { group } = made;
    await withinASecond('it is served', () => other.get(made.path()));
    const resources = (await other.get(`/apis/${group}/v1`)).resources as Json[];
    assert.deepEqual(
      resources.map(({ name, shortNames, categories }) => [name, shortNames, categories]),
      [
        ['widgets', ['wd'], ['all']],
        ['widgets/status', undefined, undefined],
      ],
    );
    const aggregated = 'application/json;g=apidiscovery.k8s.io;v=v2;as=APIGroupDiscoveryList';
    const groups = (await get('/apis', { accept: aggregated }, other)).items as Json[];
    assert.equal(
      at(
        groups.find((one) => nameOf(one) === group),
        'versions.0.resources.0.responseKind.kind',
      ),
      'Widget',
    );
    const definition = [...group.split('.').reverse(), 'v1', 'Widget'].join('.');
    const described = (document: unknown) =>
      at((document as Json)[definition], 'properties.spec.properties.color.description');
    const v2 = async () => described((await other.get('/openapi/v2')).definitions);
    assert.equal(await withinASecond('OpenAPI v2 says so', v2), 'How it looks.');
    const v3 = async (from: ApiUser = other) => {
      const paths = (await from.get('/openapi/v3')).paths as Record<string, Json | undefined>;
      const url = paths[`apis/${group}/v1`]?.serverRelativeURL;
      return url === undefined ? undefined : described(at(await from.get(String(url)), 'components.schemas'));
    };
    assert.equal(await withinASecond('OpenAPI v3 says so', () => v3()), 'How it looks.');
    const protobuf = { accept: 'application/com.github.proto-openapi.spec.v2@v1.0+protobuf' };
    const bytes = async () => (await other.client.raw('GET', '/openapi/v2', { headers: protobuf })).text;
    assert.ok((await bytes()).includes(definition));

    // A change of the description, then of what is served, then the end.
    const versions = at(await user.get(made.definition), 'spec.versions') as Json[];
    const changed = JSON.parse(JSON.stringify(versions).replace('How it looks.', 'Its look.')) as Json[];
    const second = { ...changed[0], name: 'v2', storage: false };
    await user.patch(made.definition, { spec: { versions: [...changed, second] } });
    await withinASecond(
      'it is described anew',
      async () => (await v3()) === 'Its look.' && (await v2()) === 'Its look.',
    );
    await withinASecond('the second version is served', () => other.get(made.path(undefined, 'v2')));
    assert.equal(at(await other.get(`/apis/${group}`), 'preferredVersion.version'), 'v2');
    await user.delete(made.definition);
    await withinASecond('it is gone', async () => (await v3()) === undefined && (await v2()) === undefined);
    await isRefused(other.get(made.path()), 404, /not found/);
    assert.ok(!(await bytes()).includes(definition));
  });

  it('of one kind are defined once, however many ask for it on whichever API server', async () => {
    const group = `once-${namespace}.example.com`;
    const names = ['a', 'b', 'c', 'd', 'e', 'f'].map((letter) => `${letter}s.${group}`);
    await Promise.all(
      names.map((name, index) => {
        const [plural = ''] = name.split('.');
        const versions = [{ name: 'v1', served: true, storage: true, schema: { openAPIV3Schema: schema } }];
        const spec = { group, scope: 'Namespaced', names: { plural, kind: 'Thing' }, versions };
        return (index % 2 === 0 ? user : other).post(definitions, { metadata: { name }, spec });
      }),
    );
    const established = async (all: readonly string[]): Promise<string[] | undefined> => {
      const verdicts = await Promise.all(
        all.map(async (name) => {
          const conditions = at(await user.get(`${definitions}/${name}`), 'status.conditions');
          return Array.isArray(conditions) && conditions.find(({ type }: Json) => type === 'Established')?.status;
        }),
      );
      return verdicts.every(Boolean) ? all.filter((_, index) => verdicts[index] === 'True') : undefined;
    };
    const first = await eventually('all are judged', () => established(names));
    assert.equal(first.length, 1, `${first}`);
    await user.delete(`${definitions}/${first[0]}`);
    const others = names.filter((name) => name !== first[0]);
    const second = await eventually('another has the name', async () => {
      const now = await established(others);
      return now?.length ? now : undefined;
    });
    assert.equal(second.length, 1, `${second}`);
  });

  it('are seen by watches on another API server, and written through both at once', async () => {
    const watch = await other.watch(all());
    await create('a', { size: 0 });
    await watch.seen('ADDED');
    await Promise.all(
      [user, other].map(async (writer) => {
        for (let i = 0; i < 5; i += 1)
          await writer.update(`${all()}/a`, (object) => ({
            ...object,
            spec: { size: Number(at(object, 'spec.size')) + 1 },
          }));
      }),
    );
    await watch.seen('MODIFIED', (object) => at(object, 'spec.size') === 10);
    assert.equal(watch.events.length, 11);
  });
});
