/** Custom resources are written as every other object is: who owns which field follows from the schema of their version. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isConflict, StatusError } from '../../api/status-error.ts';
import { type ApiUser, at, type Json } from '../conformance/api-user.ts';
import { EtcdCluster } from '../support/etcd-cluster.ts';
import { Widgets } from '../support/widget-definitions.ts';

const strings: Json = { type: 'array', items: { type: 'string' } };
const schema: Json = {
  type: 'object',
  properties: {
    spec: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        size: { type: 'object', properties: { wanted: { type: 'integer' } } },
        tags: { ...strings, 'x-kubernetes-list-type': 'set' },
        words: strings,
        frozen: { type: 'object', 'x-kubernetes-map-type': 'atomic', additionalProperties: { type: 'string' } },
        limits: { type: 'object', additionalProperties: { type: 'string' } },
        ports: {
          type: 'array',
          'x-kubernetes-list-type': 'map',
          'x-kubernetes-list-map-keys': ['port', 'protocol'],
          items: {
            type: 'object',
            required: ['port', 'protocol'],
            properties: {
              port: { type: 'integer' },
              protocol: { type: 'string', default: 'TCP' },
              name: { type: 'string' },
            },
          },
        },
        free: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
        open: {
          ...{ type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
          properties: { size: { type: 'integer' } },
        },
      },
    },
    status: {
      type: 'object',
      properties: {
        replicas: { type: 'integer' },
        selector: { type: 'string' },
        phase: { type: 'string' },
      },
    },
  },
};
const scale = {
  ...{ specReplicasPath: '.spec.size.wanted', statusReplicasPath: '.status.replicas' },
  labelSelectorPath: '.status.selector',
};

describe('writes of custom resources', () => {
  let cluster: EtcdCluster;
  let user: ApiUser;
  let widgets: Widgets;
  let namespace: string;

  before(async () => {
    cluster = await EtcdCluster.start();
    user = cluster.user();
    const parts = { schema: { openAPIV3Schema: schema }, subresources: { status: {}, scale } };
    const versions = [
      { name: 'v1', served: true, storage: true, ...parts },
      { name: 'v1alpha1', served: true, storage: false, ...parts },
    ];
    widgets = await Widgets.define(user, { spec: { versions } });
  });
  after(() => cluster.stop());
  beforeEach(async () => {
    namespace = await user.namespace();
  });

  const path = (name = 'a') => `${widgets.path(namespace)}/${name}`;

  function apply(manager: string, body: Json, { force = false, sub = '' } = {}): Promise<Json> {
    const query = `fieldManager=${manager}&force=${force}`;
    const text = JSON.stringify(widgets.widget('a', body));
    return user.request('PATCH', `${path()}${sub}?${query}`, text, 'application/apply-patch+yaml');
  }

  /** The fields of each owner, as `manager operation subresource`. */
  async function owners(): Promise<Record<string, unknown>> {
    const entries = at(await user.get(path()), 'metadata.managedFields') as Json[];
    return Object.fromEntries(
      entries.map(({ manager, operation, subresource, fieldsV1 }) => [
        [manager, operation, subresource ?? ''].join(' ').trim(),
        fieldsV1,
      ]),
    );
  }

  const isRefused = (asked: Promise<unknown>, code: number, why: RegExp): Promise<void> =>
    assert.rejects(asked, (error) => error instanceof StatusError && error.code === code && why.test(error.message));

  it('merge lists of maps by their keys, sets by their values, and replace what is atomic', async () => {
    await apply('a', {
      spec: {
        ports: [{ port: 80, name: 'http' }],
        tags: ['x'],
        words: ['one'],
        limits: { cpu: '1' },
        frozen: { k: '1' },
      },
    });
    const both = await apply('b', {
      spec: { ports: [{ port: 80, protocol: 'UDP' }], tags: ['y'], limits: { memory: '2' } },
    });
    assert.deepEqual(both.spec, {
      ports: [
        { port: 80, protocol: 'TCP', name: 'http' },
        { port: 80, protocol: 'UDP' },
      ],
      ...{ tags: ['x', 'y'], words: ['one'], limits: { cpu: '1', memory: '2' }, frozen: { k: '1' } },
    });
    assert.deepEqual((await owners())['b Apply'], {
      'f:spec': {
        'f:limits': { 'f:memory': {} },
        'f:ports': { 'k:{"port":80,"protocol":"UDP"}': { '.': {}, 'f:port': {}, 'f:protocol': {} } },
        'f:tags': { 'v:"y"': {} },
      },
    });
    const fewer = await apply('a', { spec: { words: ['one'] } });
    assert.deepEqual(fewer.spec, {
      ...{ ports: [{ port: 80, protocol: 'UDP' }], tags: ['y'], words: ['one'], limits: { memory: '2' } },
    });
  });

  it('conflict where another manager owns, by name, and take it over by force', async () => {
    await apply('a', { spec: { words: ['one'], frozen: { k: '1' }, free: { x: 1 } } });
    await assert.rejects(
      apply('b', { spec: { words: ['two'], frozen: { k: '1' }, free: { x: 2, y: 3 } } }),
      (error) =>
        isConflict(error) &&
        error instanceof StatusError &&
        assert.deepEqual(
          error.status.details?.causes?.map(({ field, message }) => [field, message]),
          [
            ['.spec.words', 'conflict with "a"'],
            ['.spec.free.x', 'conflict with "a"'],
          ],
        ) === undefined,
    );
    await apply('b', { spec: { words: ['two'] } }, { force: true });
    assert.deepEqual((await owners())['a Apply'], { 'f:spec': { 'f:free': { 'f:x': {} }, 'f:frozen': {} } });
    // Without it from now on: it stays b's.
    await apply('a', { spec: { frozen: { k: '1' }, free: { x: 1 } } });
    assert.deepEqual(at(await user.get(path()), 'spec.words'), ['two']);
  });

  it('own what the schema keeps without naming it, beside what it names', async () => {
    await apply('a', { spec: { open: { size: 1, other: { deep: [1] } } } });
    await apply('b', { spec: { open: { further: true } } });
    assert.deepEqual(at(await user.get(path()), 'spec.open'), { size: 1, other: { deep: [1] }, further: true });
    assert.deepEqual((await owners())['a Apply'], {
      'f:spec': { 'f:open': { 'f:size': {}, 'f:other': { '.': {}, 'f:deep': {} } } },
    });
    await isRefused(apply('c', { spec: { open: { size: 'x' } } }), 422, /spec\.open\.size: expected numeric/);
  });

  it('own what they change by other ways, the status by itself', async () => {
    await user.post(`${widgets.path(namespace)}?fieldManager=maker`, widgets.widget('a', { spec: { words: ['one'] } }));
    await user.patch(`${path()}/status?fieldManager=teller`, { status: { phase: 'Ready' }, spec: { words: ['two'] } });
    await user.patch(`${path()}?fieldManager=json`, [{ op: 'add', path: '/spec/limits', value: { cpu: '1' } }], 'json');
    assert.deepEqual(await owners(), {
      'maker Update': { 'f:spec': { '.': {}, 'f:words': {} } },
      'teller Update status': { 'f:status': { '.': {}, 'f:phase': {} } },
      'json Update': { 'f:spec': { 'f:limits': { '.': {}, 'f:cpu': {} } } },
    });
    const applied = await apply(
      'status',
      { status: { phase: 'Gone' }, spec: { words: ['three'] } },
      { force: true, sub: '/status' },
    );
    assert.deepEqual(
      [applied.status, at(applied, 'spec.words'), at(applied, 'metadata.generation')],
      [...[{ phase: 'Gone' }, ['one'], 2]],
    );
    assert.deepEqual((await owners())['status Apply status'], { 'f:status': { 'f:phase': {} } });
  });

  it('keep the owners of fields in other versions, and ask them', async () => {
    const other = `${widgets.path(namespace, 'v1alpha1')}/a`;
    const body = {
      ...widgets.widget('a', { spec: { replicas: 1, words: ['one'] } }),
      apiVersion: `${widgets.group}/v1alpha1`,
    };
    const applyOther = () =>
      user.request('PATCH', `${other}?fieldManager=old`, JSON.stringify(body), 'application/apply-patch+yaml');
    const first = await applyOther();
    await isRefused(apply('new', { spec: { replicas: 2 } }), 409, /conflict with "old": .spec.replicas/);
    await user.patch(`${path()}?fieldManager=new`, { spec: { limits: { cpu: '1' }, words: ['two'] } });
    assert.deepEqual(await owners(), {
      'old Apply': { 'f:spec': { 'f:replicas': {} } },
      'new Update': { 'f:spec': { 'f:limits': { '.': {}, 'f:cpu': {} }, 'f:words': {} } },
    });
    await isRefused(applyOther(), 409, /conflict with "new" using .*v1: .spec.words/);
    assert.equal(at(first, 'spec.replicas'), 1);
  });

  it('scale where the definition says, and own the replicas there', async () => {
    await apply('a', { spec: { size: { wanted: 1 }, replicas: 7 } });
    await user.patch(`${path()}/status`, { status: { replicas: 1, selector: 'a=b' } });
    assert.deepEqual(
      [at(await user.get(`${path()}/scale`), 'spec'), at(await user.get(`${path()}/scale`), 'status')],
      [{ replicas: 1 }, { replicas: 1, selector: 'a=b' }],
    );
    await user.patch(`${path()}/scale?fieldManager=scaler`, { spec: { replicas: 3 } });
    const now = await user.get(path());
    assert.deepEqual([at(now, 'spec'), at(now, 'metadata.generation')], [{ replicas: 7, size: { wanted: 3 } }, 2]);
    const fields = await owners();
    assert.deepEqual(fields['scaler Update scale'], { 'f:spec': { 'f:size': { 'f:wanted': {} } } });
    assert.deepEqual(fields['a Apply'], { 'f:spec': { 'f:replicas': {} } });
    await assert.rejects(apply('a', { spec: { size: { wanted: 5 }, replicas: 7 } }), isConflict);
    await isRefused(user.patch(`${path()}/scale`, { spec: { replicas: -1 } }), 422, /spec.size.wanted.*non-negative/s);
  });

  it('refuse what the schema has not, strictly, and say where', async () => {
    const strict = `${widgets.path(namespace)}?fieldValidation=Strict`;
    await isRefused(
      user.post(strict, widgets.widget('a', { spec: { ports: [{ port: 1, protocol: 'TCP', x: 1 }] }, y: 1 })),
      400,
      /unknown field "spec.ports\[0\].x", unknown field "y"/,
    );
    await isRefused(
      user.post(strict, widgets.widget('a', { spec: { tags: ['x', 'x'] } })),
      422,
      /spec.tags\[1\]: Duplicate value: "x"/,
    );
    await isRefused(apply('a', { spec: { words: 1 } }), 422, /\.spec\.words: expected list, got 1/);
    await isRefused(
      apply('a', { spec: { ports: [{ port: 1 }, { port: 1, protocol: 'TCP' }] } }),
      422,
      /duplicate entries for key \[port=1,protocol="TCP"\]/,
    );
  });

  it('are deleted together, by labels and by fields', async () => {
    for (const name of ['a', 'b', 'c'])
      await user.post(
        widgets.path(namespace),
        widgets.widget(name, { metadata: { labels: { odd: String(name !== 'b') } } }),
      );
    const gone = await user.delete(`${widgets.path(namespace)}?labelSelector=odd%3Dtrue`);
    assert.deepEqual(
      [gone.kind, (gone.items as Json[]).map((one) => at(one, 'metadata.name'))],
      ['WidgetList', ['a', 'c']],
    );
    await user.delete(`${widgets.path(namespace)}?fieldSelector=metadata.name%3Db`);
    assert.deepEqual(await user.list(widgets.path(namespace)), []);
  });
});
