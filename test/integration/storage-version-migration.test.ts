/** Migrations of stored versions: what is in etcd afterwards, and what is said of them. */

import assert from 'node:assert/strict';
import { after, before, beforeEach, describe, it } from 'node:test';
import { isInvalid, StatusError } from '../../api/status-error.ts';
import { EtcdStore } from '../../apiserver/store/etcd-store.ts';
import { rewriteSince } from '../../controller-manager/storage-versions/rewrite-pages.ts';
import { ApiUser, at, type Json } from '../conformance/api-user.ts';
import { EtcdCluster } from '../support/etcd-cluster.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer } from '../support/test-api-server.ts';
import { Widgets } from '../support/widget-definitions.ts';

const version = 'storagemigration.k8s.io/v1beta1';
const migrations = `/apis/${version}/storageversionmigrations`;
const apiService = '/apis/apiregistration.k8s.io/v1/apiservices/v1beta1.storagemigration.k8s.io';
const patience = { timeoutMs: 60_000 };

const codeOf = (asked: Promise<unknown>): Promise<number> =>
  asked.then(
    () => 200,
    (error: unknown) => {
      if (error instanceof StatusError) return error.code;
      throw error;
    },
  );

describe('StorageVersionMigration', () => {
  let cluster: EtcdCluster;
  let user: ApiUser;
  let widgets: Widgets;
  let namespace: string;

  before(async () => {
    cluster = await EtcdCluster.start({
      controllers: ['storage-version-migrator-controller'],
      runtimeConfig: [`${version}=true`],
    });
    user = cluster.user();
  });
  after(() => cluster.stop());
  beforeEach(async () => {
    namespace = await user.namespace();
    widgets = await Widgets.define(user, { spec: { versions: versionsStoredIn('v1') } });
  });

  function versionsStoredIn(stored: string): Json[] {
    const schema = { openAPIV3Schema: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true } };
    return ['v1', 'v2'].map((name) => ({ name, served: true, storage: name === stored, schema }));
  }
  const storeIn = (name: string) => user.patch(widgets.definition, { spec: { versions: versionsStoredIn(name) } });
  const create = (name: string) => user.post(widgets.path(namespace), widgets.widget(name));
  const spec = (group = widgets.group, resource = 'widgets') => ({ resource: { group, resource } });
  const migrate = (name: string, of = spec()) =>
    user.post(migrations, { apiVersion: version, kind: 'StorageVersionMigration', metadata: { name }, spec: of });

  /** Name and version of each widget as it lies in etcd. */
  async function stored(): Promise<string[]> {
    const { entries } = await cluster.server().store.list({ prefix: `/registry/${widgets.group}/` });
    return entries.map(({ value }) => {
      const object = JSON.parse(value.toString()) as Json;
      return `${at(object, 'metadata.name')} ${String(object.apiVersion).split('/')[1]}`;
    });
  }

  const conditionOf = async (name: string, type: string): Promise<Json | undefined> => {
    const conditions = (at(await user.get(`${migrations}/${name}`), 'status.conditions') ?? []) as Json[];
    return conditions.find((one) => one.type === type);
  };
  const has = (name: string, type: string): Promise<Json> =>
    eventually(
      `${name} is ${type}`,
      async () => {
        const condition = await conditionOf(name, type);
        return condition?.status === 'True' ? condition : undefined;
      },
      patience,
    );

  it('writes what was stored in another version, after which that can be taken out', async () => {
    for (const name of ['a', 'b', 'c']) await create(name);
    await storeIn('v2');
    assert.deepEqual(at(await user.get(widgets.definition), 'status.storedVersions'), ['v1', 'v2']);
    await migrate('rewrites');
    assert.equal((await has('rewrites', 'Succeeded')).reason, 'StorageVersionMigrationSucceeded');
    assert.deepEqual(await stored(), ['a v2', 'b v2', 'c v2']);
    const running = await conditionOf('rewrites', 'Running');
    assert.deepEqual([running?.status, running?.reason], ['False', 'StorageVersionMigrationInProgress']);
    assert.match(String(at(await user.get(`${migrations}/rewrites`), 'status.resourceVersion')), /^[1-9]\d*$/);
    await user.patch(`${widgets.definition}/status`, { status: { storedVersions: ['v2'] } });
    await user.patch(widgets.definition, { spec: { versions: versionsStoredIn('v2').slice(1) } });
    assert.equal((await user.list(widgets.path(namespace, 'v2'))).length, 3);
  });

  it('goes on page by page with what was there when it began, and leaves alone what was written since', async () => {
    for (const name of ['a', 'b', 'c', 'd', 'e']) await create(name);
    const { resourceVersion: began } = at(await user.get(`${widgets.path(namespace)}/e`), 'metadata') as {
      resourceVersion: string;
    };
    await create('since');
    await storeIn('v2');
    await eventually('the server stores v2', async () => {
      await user.post(widgets.path(namespace), widgets.widget('', { metadata: { generateName: 'probe-' } }));
      return (await stored()).some((one) => /^probe-.* v2$/.test(one));
    });
    const resource = { group: widgets.group, version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true };
    const { signal } = new AbortController();
    await rewriteSince(cluster.server().client, { resource, began, signal, pageSize: 2 });
    const left = (await stored()).filter((one) => !one.startsWith('probe-'));
    assert.deepEqual(left, ['a v2', 'b v2', 'c v2', 'd v2', 'e v2', 'since v1']);
  });

  it('runs several of one resource one after another', async () => {
    for (let i = 0; i < 20; i += 1) await create(`w${i}`);
    await storeIn('v2');
    const names = ['first', 'second', 'third'];
    for (const name of names) await migrate(name);
    for (const name of names) await has(name, 'Succeeded');
    assert.ok((await stored()).every((one) => one.endsWith(' v2')));
  });

  it('fails with what the server says of an object that it does not take any more', async () => {
    await create('bad');
    const admission = '/apis/admissionregistration.k8s.io/v1/validatingadmission';
    const rule = { apiGroups: [widgets.group], apiVersions: ['*'], resources: ['widgets'], operations: ['UPDATE'] };
    await user.post(`${admission}policies`, {
      metadata: { name: widgets.name },
      spec: {
        matchConstraints: { resourceRules: [rule] },
        validations: [{ expression: 'false', message: 'no widget changes' }],
      },
    });
    await user.post(`${admission}policybindings`, {
      metadata: { name: widgets.name },
      spec: { policyName: widgets.name, validationActions: ['Deny'] },
    });
    await eventually('the policy refuses', async () => {
      const change = { metadata: { labels: { at: String(Date.now()) } } };
      return (await codeOf(user.patch(`${widgets.path(namespace)}/bad`, change))) === 422;
    });
    await migrate('refused');
    const failed = await has('refused', 'Failed');
    assert.equal(failed.reason, 'StorageVersionMigrationFailed');
    assert.match(String(failed.message), /no widget changes/);
  });

  it('also writes objects of built-in kinds', async () => {
    await user.post(`/api/v1/namespaces/${namespace}/configmaps`, { metadata: { name: 'a' } });
    await migrate('built-in', spec('', 'configmaps'));
    await has('built-in', 'Succeeded');
  });

  it('keeps what it is about, and refuses what names no resource', async () => {
    await migrate('kept');
    const change = { spec: spec('other.example.com') };
    await assert.rejects(user.patch(`${migrations}/kept`, change), (error) => {
      return isInvalid(error) && /spec: Invalid value: .*: field is immutable/.test(error.message);
    });
    const refused: [of: ReturnType<typeof spec>, says: RegExp][] = [
      [spec('', ''), /spec\.resource\.resource: Required value: resource is required to be set/],
      [spec('', 'Widgets'), /spec\.resource\.resource: Invalid value: "Widgets": a DNS-1035 label/],
      [spec('No', 'widgets'), /spec\.resource\.group: Invalid value: "No": a lowercase RFC 1123 subdomain/],
    ];
    for (const [of, says] of refused)
      await assert.rejects(migrate('refused-spec', of), (error) => isInvalid(error) && says.test(error.message));
  });

  it('does not take back what has ended', async () => {
    await migrate('ended');
    await has('ended', 'Succeeded');
    const { status } = (await user.get(`${migrations}/ended`)) as { status: Json };
    const conditions = (status.conditions as Json[]).filter((one) => one.type !== 'Succeeded');
    const refused: [status: Json, says: RegExp][] = [
      [{ conditions }, /Success condition cannot be set to false once it is true/],
      [{ resourceVersion: '1' }, /status\.resourceVersion: Invalid value: "1": field is immutable/],
      [{ resourceVersion: 'x' }, /status\.resourceVersion: Invalid value: "x"/],
    ];
    for (const [change, says] of refused)
      await assert.rejects(
        user.patch(`${migrations}/ended/status`, { status: change }),
        (error) => isInvalid(error) && says.test(error.message),
      );
  });

  it('is served only by a server that is told to', async () => {
    assert.equal(await codeOf(user.get(apiService)), 200);
    const store = new EtcdStore({ servers: [cluster.etcd.url] });
    const plain = await startTestApiServer({ store, authority: cluster.server().authority });
    const other = new ApiUser(plain.client);
    assert.equal(await codeOf(other.get(migrations)), 404);
    const groups = (await other.get('/apis')).groups as Json[];
    assert.ok(!groups.some(({ name }) => name === 'storagemigration.k8s.io'));
    await other.isGone(apiService);
    await plain.stop();
    await store.close();
  });
});
