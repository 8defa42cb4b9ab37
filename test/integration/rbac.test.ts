/** Roles at work: what is bound is allowed, what is no longer bound is not, and nobody gives what they do not hold. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { leases } from '../../api/resources/coordination.ts';
import { configMaps } from '../../api/resources/core.ts';
import { clusterRoles, roleBindings, roles } from '../../api/resources/rbac.ts';
import { StatusError } from '../../api/status-error.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const namespace = 'default';
const apiGroup = 'rbac.authorization.k8s.io';
const isForbidden = (message: RegExp) => (error: unknown) =>
  error instanceof StatusError && error.code === 403 && message.test(error.message);

describe('roles', () => {
  let server: TestApiServer;
  let ann: Client;
  before(async () => {
    server = await startTestApiServer();
    ann = createRestClient(await server.connectAs('ann'), { userAgent: 'ann', logger: silentLogger });
    const rules = [
      { verbs: ['list'], apiGroups: [''], resources: ['configmaps'] },
      { verbs: ['create'], apiGroups: [apiGroup], resources: ['roles', 'rolebindings'] },
    ];
    await server.client.create(roles, { metadata: { name: 'lister', namespace }, rules });
  });
  after(async () => {
    await ann.close();
    await server.stop();
  });

  const bound = (name: string, role: string, kind = 'Role') => ({
    metadata: { name, namespace },
    roleRef: { apiGroup, kind, name: role },
    subjects: [{ apiGroup, kind: 'User', name: 'ann' }],
  });

  const reviews = '/apis/authorization.k8s.io/v1';
  const pods = { verb: 'list', resource: 'pods', namespace };
  const refusals: readonly (readonly [path: string, spec: object, code: number, message: RegExp])[] = [
    ['/subjectaccessreviews', { resourceAttributes: pods }, 422, /at least one of user or group must be specified/],
    [
      '/selfsubjectaccessreviews',
      { resourceAttributes: { ...pods, fieldSelector: {} } },
      422,
      /rawSelector is required/,
    ],
    [
      `/namespaces/${namespace}/localsubjectaccessreviews`,
      { user: 'u', nonResourceAttributes: { path: '/', verb: 'get' } },
      422,
      /disallowed on this kind of request/,
    ],
    [
      '/localsubjectaccessreviews',
      { user: 'u', resourceAttributes: pods },
      404,
      /could not find the requested resource/,
    ],
    ['/selfsubjectrulesreviews', {}, 400, /no namespace on request/],
  ];
  for (const [path, spec, code, message] of refusals)
    it(`are not asked about by POST ${path} with ${JSON.stringify(spec)}`, async () => {
      await assert.rejects(ann.raw('POST', reviews + path, { body: { spec } }), (error: unknown) => {
        // Who may not ask about others at all is told just that: nobody is told how to ask.
        assert.ok(error instanceof StatusError);
        const isOfOthers = !path.startsWith('/self');
        if (isOfOthers) assert.equal(error.code, 403);
        return isOfOthers || (error.code === code && message.test(error.message));
      });
      await assert.rejects(
        server.client.raw('POST', reviews + path, { body: { spec } }),
        (error: unknown) => error instanceof StatusError && error.code === code && message.test(error.message),
      );
    });

  it('are asked about without what cannot be read of a selector', async () => {
    const spec = { resourceAttributes: { ...pods, labelSelector: { rawSelector: 'a==b,,(' } } };
    const { text } = await ann.raw('POST', `${reviews}/selfsubjectaccessreviews`, { body: { spec } });
    assert.deepEqual(JSON.parse(text).status, {
      allowed: false,
      evaluationError: 'spec.resourceAttributes.labelSelector ignored due to parse error',
    });
  });

  it('allow once they are bound, and no longer when the binding is gone', async () => {
    const refused = isForbidden(
      /User "ann" cannot list resource "configmaps" in API group "" in the namespace "default"/,
    );
    await assert.rejects(ann.list(configMaps, { namespace }), refused);
    await server.client.create(roleBindings, bound('ann', 'lister'));
    await eventually('ann may list', () => ann.list(configMaps, { namespace }));
    await server.client.delete(roleBindings, { name: 'ann', namespace });
    await eventually('ann may not list', async () => {
      await assert.rejects(ann.list(configMaps, { namespace }), refused);
      return true;
    });
  });

  it('are given only by those who hold them', async () => {
    await server.client.create(roleBindings, bound('ann-again', 'lister'));
    await eventually('ann may list', () => ann.list(configMaps, { namespace }));
    const more = [{ verbs: ['get', 'list'], apiGroups: [''], resources: ['configmaps', 'secrets'] }];
    await assert.rejects(
      ann.create(roles, { metadata: { name: 'more', namespace }, rules: more }),
      isForbidden(/not currently held:\n\{APIGroups:\[""\], Resources:\["configmaps"\], Verbs:\["get"\]\}\n/),
    );
    await assert.rejects(
      ann.create(roleBindings, bound('admin', 'cluster-admin', 'ClusterRole')),
      isForbidden(/\["\*"\]/),
    );
    const less = [{ verbs: ['list'], apiGroups: [''], resources: ['configmaps'] }];
    await ann.create(roles, { metadata: { name: 'less', namespace }, rules: less });
  });

  describe('that let somebody change things', () => {
    let eve: Client;
    before(async () => {
      const rules = [
        { verbs: ['get', 'patch'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['hers', 'there'] },
        { verbs: ['create'], apiGroups: [''], resources: ['configmaps'], resourceNames: ['hers'] },
        { verbs: ['update'], apiGroups: ['coordination.k8s.io'], resources: ['leases'] },
      ];
      await server.client.create(roles, { metadata: { name: 'changer', namespace }, rules });
      const binding = bound('eve', 'changer');
      await server.client.create(roleBindings, { ...binding, subjects: [{ apiGroup, kind: 'User', name: 'eve' }] });
      eve = createRestClient(await server.connectAs('eve'), { userAgent: 'eve', logger: silentLogger });
      await server.client.create(configMaps, { metadata: { name: 'there', namespace } });
      await eventually('eve may read', () => eve.get(configMaps, { name: 'there', namespace }));
    });
    after(() => eve.close());

    const applied = (name: string, data: Record<string, string> = { a: 'b' }) =>
      eve.patch(
        configMaps,
        { name, namespace },
        { type: 'apply', body: configMap(name, data), force: true },
        { fieldManager: 'eve' },
      );
    const configMap = (name: string, data: Record<string, string>) => ({
      ...{ apiVersion: 'v1', kind: 'ConfigMap' },
      ...{ metadata: { name, namespace }, data },
    });

    it('do not let them make what is missing by an apply', async () => {
      assert.deepEqual((await applied('there')).data, { a: 'b' });
      await server.client.delete(configMaps, { name: 'there', namespace });
      await assert.rejects(applied('there'), isForbidden(/"eve" cannot create resource "configmaps"/));
      await assert.rejects(server.client.get(configMaps, { name: 'there', namespace }), { code: 404 });
    });

    it('nor by an update', async () => {
      const lease = { metadata: { name: 'new', namespace } };
      await assert.rejects(eve.update(leases, lease), isForbidden(/"eve" cannot create resource "leases"/));
      const there = await server.client.create(leases, lease);
      await eve.update(leases, { metadata: { ...there.metadata, labels: { a: 'b' } } });
    });

    it('unless they may create what has that name', async () => {
      assert.deepEqual((await applied('hers')).data, { a: 'b' });
    });

    it('and say what is wrong with the object first', async () => {
      await assert.rejects(applied('there', { 'not a key': '' }), /data\[not a key\]: Invalid value/);
    });
  });

  describe('for the streams of pods', () => {
    let kim: Client;
    const streams = ['exec', 'attach', 'portforward'];
    const resources = streams.map((stream) => `pods/${stream}`);
    const opened = (stream: string) => kim.raw('GET', `/api/v1/namespaces/${namespace}/pods/web/${stream}?command=id`);
    before(async () => {
      const rules = [{ verbs: ['get'], apiGroups: [''], resources }];
      await server.client.create(roles, { metadata: { name: 'reader', namespace }, rules });
      const binding = bound('kim', 'reader');
      await server.client.create(roleBindings, { ...binding, subjects: [{ apiGroup, kind: 'User', name: 'kim' }] });
      kim = createRestClient(await server.connectAs('kim'), { userAgent: 'kim', logger: silentLogger });
      await eventually('kim may get', () =>
        assert.rejects(opened('exec'), isForbidden(/"kim" cannot create/)).then(() => true),
      );
    });
    after(() => kim.close());

    for (const stream of streams)
      it(`${stream}: who may get it needs to create it, too`, async () => {
        await assert.rejects(opened(stream), isForbidden(new RegExp(`cannot create resource "pods/${stream}"`)));
      });

    it('open for those who may both', async () => {
      const rules = [{ verbs: ['get', 'create'], apiGroups: [''], resources }];
      const role = await server.client.get(roles, { name: 'reader', namespace });
      await server.client.update(roles, { ...role, rules });
      await eventually('kim gets to where the pod is missing', async () => {
        for (const stream of streams) await assert.rejects(opened(stream), { code: 404 });
        return true;
      });
    });
  });

  it('of one name are escalated by who may escalate that name, where the path says it', async () => {
    const rules = [
      { verbs: ['create', 'update'], apiGroups: [apiGroup], resources: ['roles'] },
      { verbs: ['escalate'], apiGroups: [apiGroup], resources: ['roles'], resourceNames: ['wide'] },
    ];
    await server.client.create(roles, { metadata: { name: 'writer', namespace }, rules });
    const binding = bound('fay', 'writer');
    await server.client.create(roleBindings, { ...binding, subjects: [{ apiGroup, kind: 'User', name: 'fay' }] });
    const fay = createRestClient(await server.connectAs('fay'), { userAgent: 'fay', logger: silentLogger });
    const wide = (name: string) => ({
      metadata: { name, namespace },
      rules: [{ verbs: ['*'], apiGroups: ['*'], resources: ['*'] }],
    });
    try {
      const escalates = isForbidden(/attempting to grant RBAC permissions not currently held/);
      await eventually('fay may write roles', () =>
        assert.rejects(fay.update(roles, wide('other')), escalates).then(() => true),
      );
      await assert.rejects(fay.create(roles, wide('wide')), escalates);
      await fay.update(roles, wide('wide'));
    } finally {
      await fay.close();
    }
  });

  it('of every cluster are there from the start', async () => {
    const names = (await server.client.list(clusterRoles)).items.map(({ metadata }) => metadata?.name);
    for (const name of ['cluster-admin', 'view', 'system:node', 'system:controller:job-controller']) {
      assert.ok(names.includes(name), name);
    }
  });
});
