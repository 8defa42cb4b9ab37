/** What admission is asked about: the resources that a plugin names, by group, and connections as much as writes. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import type { KubernetesObject } from '../../api/object.ts';
import { type Resource, resource } from '../../api/resource.ts';
import { configMaps, pods } from '../../api/resources/core.ts';
import { forbidden, isNotFound, StatusError } from '../../api/status-error.ts';
import type { Pod } from '../../api/types/core/v1.ts';
import type { CommandOptions } from '../../apiserver/handlers/streaming/connect.ts';
import type { AdmissionPlugin, AdmissionRequest, AdmissionStep } from '../../apiserver/registry/admission.ts';
import { defineKind } from '../../kinds/define-kind.ts';
import { KindRegistry } from '../../kinds/kind-registry.ts';
import { kinds } from '../../kinds/kind-table.ts';
import { defineSchema } from '../../machinery/schema/schema.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

interface Custom extends KubernetesObject {
  readonly spec?: { readonly priorityClassName?: string };
}

const group = 'example.dev';
const customPods = resource<Custom>({ group, version: 'v1', kind: 'Pod', plural: 'pods' });
const customNamespaces = resource<Custom>({
  ...{ group, version: 'v1', kind: 'Namespace', plural: 'namespaces' },
  namespaced: false,
});

const customKind = (identity: Resource<Custom>) =>
  defineKind(identity, {
    columns: [],
    schema: defineSchema(`dev.example.v1.${identity.kind}`, {
      type: 'object',
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { $ref: 'io.k8s.apimachinery.pkg.apis.meta.v1.ObjectMeta' },
        spec: { type: 'object', properties: { priorityClassName: { type: 'string' } } },
      },
    }),
    strategy: {},
  });

const isRefused = (code: number, message: RegExp) => (error: unknown) =>
  error instanceof StatusError && error.code === code && message.test(error.message);

describe('admission of resources that share a plural with those of the core group', () => {
  let server: TestApiServer;
  before(async () => {
    const registry = new KindRegistry([...kinds, customKind(customPods), customKind(customNamespaces)]);
    server = await startTestApiServer({ kinds: registry, disabledAdmissionPlugins: [] });
  });
  after(() => server.stop());

  it('refuses a pod without its service account', async () => {
    const pod: Pod = {
      metadata: { name: 'a', namespace: 'default' },
      spec: { containers: [{ name: 'a', image: 'a' }] },
    };
    await assert.rejects(server.client.create(pods, pod), isRefused(403, /service account/));
  });

  it('takes a custom resource called pods for no pod', async () => {
    const spec = { priorityClassName: 'there-is-none' };
    const made = await server.client.create(customPods, { metadata: { name: 'a', namespace: 'default' }, spec });
    assert.deepEqual(made.spec, spec);
  });

  it('asks about the namespace of a custom resource as of any other', async () => {
    const lost = { metadata: { name: 'a', namespace: 'missing' } };
    await assert.rejects(server.client.create(customPods, lost), isNotFound);
  });

  it('protects the namespace "default", and no custom object of that name', async () => {
    await assert.rejects(
      server.client.raw('DELETE', '/api/v1/namespaces/default'),
      isRefused(403, /may not be deleted/),
    );
    await server.client.create(customNamespaces, { metadata: { name: 'default' } });
    await server.client.delete(customNamespaces, { name: 'default' });
    await assert.rejects(server.client.get(customNamespaces, { name: 'default' }), isNotFound);
  });
});

describe('admission of connections', () => {
  const seen: AdmissionRequest[] = [];
  const connects = (resourceName: string, subresource: string): AdmissionStep => ({
    handles: { operations: ['CONNECT'], resource: { group: '', plural: resourceName }, subresource },
    run(request) {
      seen.push({ ...request, object: structuredClone(request.object) });
      const options: CommandOptions = request.object ?? {};
      if (options.command?.includes('rm')) throw forbidden(request.kind, request.name, 'no such command here');
    },
  });
  const plugin: AdmissionPlugin = {
    name: 'Recorder',
    validate: [
      ...['exec', 'attach', 'portforward', 'proxy'].map((name) => connects('pods', name)),
      ...['services', 'nodes'].map((name) => connects(name, 'proxy')),
    ],
  };
  let server: TestApiServer;
  before(async () => {
    server = await startTestApiServer({ admissionPlugins: () => [plugin] });
  });
  after(() => server.stop());

  /** What a plugin saw of a connection to something that is not there. */
  async function connect(method: string, path: string): Promise<AdmissionRequest | undefined> {
    seen.length = 0;
    await assert.rejects(server.client.raw(method, path), isNotFound);
    assert.equal(seen.length, 1);
    return seen[0];
  }

  const inShop = '/api/v1/namespaces/shop';
  const connections: readonly (readonly [method: string, path: string, object: object])[] = [
    [
      'POST',
      `${inShop}/pods/web/exec?command=sh&command=-c&stdin=true&tty=0&container=main`,
      { kind: 'PodExecOptions', apiVersion: 'v1', stdin: true, container: 'main', command: ['sh', '-c'] },
    ],
    ['GET', `${inShop}/pods/web/attach?stdout=1`, { kind: 'PodAttachOptions', apiVersion: 'v1', stdout: true }],
    [
      'POST',
      `${inShop}/pods/web/portforward?ports=80&ports=443`,
      { kind: 'PodPortForwardOptions', apiVersion: 'v1', ports: [80, 443] },
    ],
    ['GET', `${inShop}/pods/web/proxy/a/b/`, { kind: 'PodProxyOptions', apiVersion: 'v1', path: '/a/b/' }],
    ['POST', `${inShop}/services/web/proxy`, { kind: 'ServiceProxyOptions', apiVersion: 'v1', path: '' }],
    ['GET', '/api/v1/nodes/web/proxy/metrics', { kind: 'NodeProxyOptions', apiVersion: 'v1', path: '/metrics' }],
  ];
  for (const [method, path, object] of connections) {
    it(`shows a plugin ${method} ${path}`, async () => {
      const request = await connect(method, path);
      assert.deepEqual(request?.object, object);
      assert.equal(request?.operation, 'CONNECT');
      assert.equal(request?.name, 'web');
      assert.equal(request?.user.name, 'admin');
      assert.equal(request?.previous, undefined);
    });
  }

  it('asks no plugin about logs, which are read', async () => {
    seen.length = 0;
    await assert.rejects(server.client.raw('GET', `${inShop}/pods/web/log`), isNotFound);
    assert.deepEqual(seen, []);
  });

  it('refuses what a plugin refuses, before it looks for the pod', async () => {
    await assert.rejects(
      server.client.raw('POST', `${inShop}/pods/web/exec?command=rm`),
      isRefused(403, /no such command here/),
    );
  });
});

describe('admission of what is posted and never stored', () => {
  const seen: string[] = [];
  const operations = ['CREATE', 'UPDATE', 'DELETE'] as const;
  const resources = ['pods', 'serviceaccounts', 'selfsubjectaccessreviews', 'localsubjectaccessreviews'];
  const parts = [{}, ...['token', 'eviction', 'binding'].map((subresource) => ({ subresource }))];
  const plugin: AdmissionPlugin = {
    name: 'Recorder',
    validate: parts.map((part) => ({
      handles: { operations, ...part },
      run({ operation, kind, subresource, name, object }) {
        if (!resources.includes(kind.plural)) return;
        const what = subresource === undefined ? kind.plural : `${kind.plural}/${subresource}`;
        seen.push(`${operation} ${what} ${name} ${object?.kind ?? '-'}`);
        if (object?.metadata?.labels?.refused) throw forbidden(kind, name, 'not this one');
      },
    })),
  };
  let server: TestApiServer;
  const inDefault = '/api/v1/namespaces/default';
  before(async () => {
    server = await startTestApiServer({ admissionPlugins: () => [plugin] });
    for (const name of ['evicted', 'bound']) {
      const spec = { automountServiceAccountToken: false, containers: [{ name: 'a', image: 'a' }] };
      await server.client.create(pods, { metadata: { name, namespace: 'default' }, spec });
    }
    await server.client.raw('POST', `${inDefault}/serviceaccounts`, { body: { metadata: { name: 'account' } } });
  });
  after(() => server.stop());

  const evicted = { apiVersion: 'policy/v1', kind: 'Eviction', metadata: { name: 'evicted' } };
  const access = { resourceAttributes: { namespace: 'default', verb: 'get', resource: 'pods' } };
  const review = '/apis/authorization.k8s.io/v1';
  const posted: readonly (readonly [path: string, body: object, asked: readonly string[]])[] = [
    [`${inDefault}/serviceaccounts/account/token`, { spec: {} }, ['CREATE serviceaccounts/token account TokenRequest']],
    [
      `${review}/selfsubjectaccessreviews`,
      { spec: access },
      ['CREATE selfsubjectaccessreviews  SelfSubjectAccessReview'],
    ],
    [
      `${inDefault}/pods/bound/binding`,
      { metadata: { name: 'bound' }, target: { name: 'node' } },
      ['CREATE pods/binding bound Binding'],
    ],
    [`${inDefault}/pods/evicted/eviction`, evicted, ['CREATE pods/eviction evicted Eviction', 'DELETE pods evicted -']],
  ];
  for (const [path, body, asked] of posted) {
    it(`asks about ${path}, and a plugin may refuse it`, async () => {
      const refused = { ...body, metadata: { ...Reflect.get(body, 'metadata'), labels: { refused: 'true' } } };
      await assert.rejects(server.client.raw('POST', path, { body: refused }), isRefused(403, /not this one/));
      seen.length = 0;
      const { code } = await server.client.raw('POST', path, { body });
      assert.deepEqual([code, seen], [201, asked]);
    });
  }

  it('lets a question about a namespace be asked before there is one', async () => {
    const namespace = 'there-is-none';
    const spec = { user: 'ann', resourceAttributes: { namespace, verb: 'get', resource: 'pods' } };
    const path = `${review}/namespaces/${namespace}/localsubjectaccessreviews`;
    assert.equal((await server.client.raw('POST', path, { body: { spec } })).code, 201);
  });

  it("takes an eviction's options as strictly as those of a deletion", async () => {
    for (const deleteOptions of [{ dryRun: ['Some'] }, { propagationPolicy: '__proto__' }]) {
      const eviction = server.client.raw('POST', `${inDefault}/pods/bound/eviction`, {
        body: { ...evicted, metadata: { name: 'bound' }, deleteOptions },
      });
      await assert.rejects(eviction, isRefused(422, /DeleteOptions/));
    }
  });
});

describe('admission that asks the authorizers', () => {
  let server: TestApiServer;
  before(async () => {
    server = await startTestApiServer({
      admissionPlugins: ({ decide }) => [
        {
          name: 'OnlyForThoseWhoMayDelete',
          validate: [
            {
              handles: { operations: ['CREATE'], resource: configMaps },
              async run({ user, kind, name }) {
                const resource = { ...kind, subresource: undefined, namespace: 'default', name };
                const { decision } = await decide({ user, verb: 'delete', path: '', resource });
                if (decision !== 'allow') throw forbidden(kind, name, 'who may not delete it may not make it');
              },
            },
          ],
        },
      ],
    });
  });
  after(() => server.stop());

  it('hears what they say of the user who writes', async () => {
    const made = await server.client.create(configMaps, { metadata: { name: 'a', namespace: 'default' } });
    assert.equal(made.metadata.name, 'a');
  });
});
