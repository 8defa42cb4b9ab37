/** API servers and etcd end and come again while custom resources are watched, and while their stored version changes. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { resource } from '../../api/resource.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createInformer } from '../../client/informer.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { ApiUser, at, type Json, nameOf } from '../conformance/api-user.ts';
import { ApiServerProcess } from '../support/api-server-process.ts';
import { TestEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { Widgets } from '../support/widget-definitions.ts';

describe('custom resources through outages', () => {
  let etcd: TestEtcd;
  let authority: KeyPair;
  let server: ApiServerProcess;
  let client: Client;
  let user: ApiUser;

  before(async () => {
    etcd = await TestEtcd.start();
    authority = await createAuthority('longshore-test');
    const flags = ['--service-cluster-ip-range', '10.96.0.0/16'];
    server = await ApiServerProcess.start({ etcdUrl: etcd.url, authority, flags });
    const pair = await issueCertificate(authority, {
      ...{ commonName: 'admin', organizations: ['system:masters'], usages: ['client'] },
    });
    const connection = {
      ...{ servers: [server.url], certificateAuthority: authority.certificate },
      ...{ clientCertificate: pair.certificate, clientKey: pair.key, timeoutMs: 300_000 },
    };
    client = createRestClient(connection, { userAgent: 'longshore-test', logger: silentLogger });
    user = new ApiUser(client);
    await eventually('the server answers', () => user.get('/readyz').catch(() => user.get('/version')));
  });
  after(async () => {
    await client.close();
    await server.stop();
    await etcd.stop();
  });

  it('are seen by an informer as they are, after the server and after etcd have been away', async () => {
    const widgets = await Widgets.define(user);
    const namespace = await user.namespace();
    const all = widgets.path(namespace);
    const kind = resource<KubernetesObject>({ group: widgets.group, version: 'v1', kind: 'Widget', plural: 'widgets' });
    const stop = new AbortController();
    const informer = createInformer(client, kind, { logger: silentLogger });
    const running = informer.run(stop.signal);
    const seen = (...names: string[]) =>
      eventually(`${names} are seen`, () => {
        const found = [...informer.list()].map(nameOf).sort();
        return JSON.stringify(found) === JSON.stringify(names);
      });
    await user.post(all, widgets.widget('a'));
    await seen('a');
    await server.kill();
    await server.start();
    await eventually('it takes writes again', () => user.post(all, widgets.widget('b')));
    await seen('a', 'b');
    await etcd.kill();
    await etcd.start();
    await eventually('it takes writes again', () => user.post(all, widgets.widget('c')));
    await user.delete(`${all}/a`);
    await seen('b', 'c');
    stop.abort();
    await running;
  });

  it('are read in their new version however they were stored, and forgotten in the old one when all are written', async () => {
    const schema = { type: 'object', 'x-kubernetes-preserve-unknown-fields': true };
    const version = (name: string, stored: string): Json => ({
      ...{ name, served: true, storage: name === stored, schema: { openAPIV3Schema: schema } },
    });
    const versions = (stored: string) => [version('v1', stored), version('v2', stored)];
    const widgets = await Widgets.define(user, { spec: { versions: versions('v1') } });
    const namespace = await user.namespace();
    const all = (name = 'v1') => widgets.path(namespace, name);
    for (const name of ['a', 'b']) await user.post(all(), widgets.widget(name, { spec: { of: name } }));
    await user.patch(widgets.definition, { spec: { versions: versions('v2') } });
    const storedVersions = async () => at(await user.get(widgets.definition), 'status.storedVersions');
    await eventually('both may be stored', async () => JSON.stringify(await storedVersions()) === '["v1","v2"]');
    await server.kill();
    await server.start();
    const read = await eventually('it answers', () => user.list(all('v2')));
    assert.deepEqual(
      read.map((one) => [one.apiVersion, at(one, 'spec.of')]),
      [
        [`${widgets.group}/v2`, 'a'],
        [`${widgets.group}/v2`, 'b'],
      ],
    );
    // Each is written as it is; then the old version may go.
    for (const one of read) {
      const before = String(at(one, 'metadata.resourceVersion'));
      const after = await user.put(`${all('v2')}/${nameOf(one)}`, one);
      assert.notEqual(String(at(after, 'metadata.resourceVersion')), before);
    }
    await user.patch(`${widgets.definition}/status`, { status: { storedVersions: ['v2'] } });
    await user.patch(widgets.definition, { spec: { versions: [version('v2', 'v2')] } });
    await eventually('the old version is not served', () =>
      user.get(all()).then(
        () => false,
        ({ code }: { code?: number }) => code === 404,
      ),
    );
    assert.equal((await user.list(all('v2'))).length, 2);
  });
});
