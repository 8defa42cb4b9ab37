/** Reads as upstream answers them where clients and monitors are strict: encodings, old paths, health, tokens, options. */

import assert from 'node:assert/strict';
import { buffer } from 'node:stream/consumers';
import { after, before, describe, it } from 'node:test';
import { namespaces } from '../../api/resources/core.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { decodeProtobuf } from '../../machinery/codec/protobuf.ts';
import { GoldenConnection } from '../golden/golden-connection.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const store = new MemoryStore();
let server: TestApiServer;
let connection: GoldenConnection;

before(async () => {
  server = await startTestApiServer({ store });
  connection = new GoldenConnection(server.connection);
  await server.client.create(namespaces, { metadata: { name: 'reads' } });
});
after(async () => {
  connection.close();
  await server.stop();
  await store.close();
});

const folder = '/api/v1/namespaces/reads/configmaps';

async function ask(line: string, headers: Record<string, string> = {}, body?: object) {
  const [method = '', path = ''] = line.split(' ');
  const type = { 'content-type': method === 'PATCH' ? 'application/merge-patch+json' : 'application/json' };
  return await connection.request({
    method,
    path,
    headers: { ...(body && type), ...headers },
    ...(body && { body: JSON.stringify(body) }),
  });
}

const make = (name: string) => ask(`POST ${folder}`, {}, { metadata: { name } });
const messageOf = (answer: { readonly json: unknown }): string => (answer.json as { message?: string }).message ?? '';

describe('plain paths', () => {
  it('are listed at the top, as JSON whatever is liked better', async () => {
    for (const path of ['/', '/index.html']) {
      const answer = await ask(`GET ${path}`, { accept: 'text/html' });
      assert.equal(answer.headers['content-type'], 'application/json');
      const { paths } = answer.json as { paths: string[] };
      for (const one of ['/api/v1', '/apis/apps/v1', '/healthz/etcd', '/readyz/shutdown', '/openapi/v3', '/version'])
        assert.ok(paths.includes(one), one);
      assert.deepEqual(paths, [...paths].sort());
    }
  });

  const codes: Readonly<Record<string, number>> = {
    'GET /healthz/ping': 200,
    'POST /healthz': 200,
    'HEAD /livez/etcd': 200,
    'GET /livez/log': 200,
    'GET /readyz/informer-sync': 200,
    'GET /livez/informer-sync': 404,
    'GET /healthz/': 404,
    'GET /healthz/none': 404,
    'POST /version': 405,
    'GET /version/': 200,
    'GET /version/x': 404,
    'POST /api/v1': 405,
    'PUT /apis/apps/v1': 405,
    'GET /index': 404,
    'GET /metrics/': 404,
  };
  for (const [line, code] of Object.entries(codes)) {
    it(`answer ${line} with ${code}`, async () => assert.equal((await ask(line)).code, code));
  }

  it('say which checks were left out, and which there are not', async () => {
    const { text } = await ask('GET /readyz?verbose&exclude=etcd&exclude=none');
    assert.match(text, /\[\+\]etcd excluded: ok\n/);
    assert.match(text, /warn: some health checks cannot be excluded: no matches for "none"\nreadyz check passed\n$/);
  });

  it('have no aggregated discovery of old versions', async () => {
    const accept = (v: string) => `application/json;g=apidiscovery.k8s.io;v=${v};as=APIGroupDiscoveryList`;
    assert.equal((await ask('GET /apis', { accept: accept('v2beta1') })).code, 406);
    const both = await ask('GET /apis', { accept: `${accept('v2beta1')},${accept('v2')}` });
    assert.equal(both.headers['content-type'], accept('v2'));
  });

  it('name the stored version of definitions, and none of what is not stored', async () => {
    const hashOf = async (path: string, name: string) => {
      const { resources } = (await ask(`GET ${path}`)).json as {
        resources: { name: string; storageVersionHash?: string }[];
      };
      return resources.find((one) => one.name === name)?.storageVersionHash;
    };
    assert.equal(await hashOf('/apis/apiextensions.k8s.io/v1', 'customresourcedefinitions'), 'jfWCUB31mvA=');
    assert.equal(await hashOf('/api/v1', 'pods'), 'xPOwRZ+Yhw8=');
    assert.equal(await hashOf('/api/v1', 'componentstatuses'), undefined);
  });

  it('have OpenAPI 3 in protobuf, kept for ever under its hash', async () => {
    const { paths } = (await ask('GET /openapi/v3')).json as { paths: Record<string, { serverRelativeURL: string }> };
    const url = paths['apis/batch/v1']?.serverRelativeURL ?? '';
    for (const name of ['spec.v3.v1.0+protobuf', 'spec.v3@v1.0+protobuf']) {
      const answer = await ask(`GET ${url}`, { accept: `application/com.github.proto-openapi.${name}` });
      assert.equal(answer.headers['content-type'], 'application/com.github.proto-openapi.spec.v3.v1.0+protobuf');
      assert.equal(answer.headers['cache-control'], 'public, immutable');
      assert.ok(answer.text.includes('io.k8s.api.batch.v1.CronJob'));
      const again = await ask(`GET ${url}`, { 'if-none-match': answer.headers.etag ?? '' });
      assert.equal(again.code, 304);
    }
    assert.equal((await ask(`GET ${url}`, { accept: 'text/html' })).code, 406);
  });
});

describe('what a client accepts', () => {
  const route = '406: Not Acceptable\n\nAvailable representations: application/json, application/yaml';
  const output = 'only the following media types are accepted: application/json';
  const refused: Readonly<Record<string, string>> = {
    'text/html, application/xml': route,
    'application/*': route,
    APPLICATION: route,
    'application/json;as=Table;g=meta.k8s.io;v=v2': output,
    'application/json;stream=other': output,
    'application/vnd.kubernetes.protobuf;as=Table;g=meta.k8s.io;v=v1': output,
  };
  for (const [accept, message] of Object.entries(refused)) {
    it(`is nothing here: ${accept}`, async () => {
      for (const path of [folder, `${folder}/none`]) {
        const answer = await ask(`GET ${path}`, { accept });
        assert.equal(answer.code, 406);
        // What can be said in protobuf is.
        if (answer.headers['content-type'] === 'application/json') assert.ok(messageOf(answer).startsWith(message));
      }
    });
  }

  it('is a list that its best type comes from', async () => {
    const answer = await ask(`GET ${folder}`, { accept: 'text/html, */*;q=0.1, application/yaml;q=0.5' });
    assert.equal(answer.headers['content-type'], 'application/yaml');
  });

  it('is what errors come as, too', async () => {
    const yaml = await ask(`GET ${folder}/none`, { accept: 'application/yaml' });
    assert.equal(yaml.headers['content-type'], 'application/yaml');
    assert.match(yaml.text, /^apiVersion: v1\ncode: 404\n/);
    const bytes = await ask(`GET ${folder}/none`, { accept: 'application/vnd.kubernetes.protobuf' });
    assert.equal(bytes.headers['content-type'], 'application/vnd.kubernetes.protobuf');
    assert.ok(bytes.text.startsWith('k8s\0'));
    const watch = await ask(`GET ${folder}?watch=1&timeoutSeconds=1`, { accept: 'application/yaml' });
    assert.equal(watch.code, 406);
  });

  it('may be protobuf', async () => {
    await make('protobuf');
    const accept = 'application/vnd.kubernetes.protobuf';
    const answer = await connection.open({ method: 'GET', path: `${folder}/protobuf`, headers: { accept } });
    const object = decodeProtobuf(await buffer(answer));
    assert.deepEqual([object.kind, (object.metadata as { name: string }).name], ['ConfigMap', 'protobuf']);
    const watch = await ask(`GET ${folder}?watch=1&timeoutSeconds=1`, {
      accept: 'application/vnd.kubernetes.protobuf',
    });
    assert.equal(watch.headers['content-type'], 'application/vnd.kubernetes.protobuf;stream=watch');
    assert.match(watch.text, /ADDED/);
  });
});

describe('pages', () => {
  const tokenOf = ({ json }: { json: unknown }) =>
    (json as { metadata: { continue?: string } }).metadata.continue ?? '';

  it('are of one version: another one beside the token is refused', async () => {
    for (const name of ['a', 'b', 'c']) await make(name);
    const token = tokenOf(await ask(`GET ${folder}?limit=1`));
    const refusal = await ask(`GET ${folder}?continue=${token}&resourceVersion=1`);
    assert.deepEqual(
      [refusal.code, messageOf(refusal)],
      [400, 'specifying resource version is not allowed when using continue'],
    );
    assert.equal((await ask(`GET ${folder}?continue=${token}&resourceVersion=0`)).code, 200);
  });

  it('end when the store has forgotten their version, although the kind has not changed', async () => {
    const token = tokenOf(await ask(`GET ${folder}?limit=1`));
    assert.equal((await ask(`GET ${folder}?limit=1&continue=${token}`)).code, 200);
    // As the compactor of any API server does it.
    const entry = await store.get('/registry/compaction');
    const upTo = (await store.currentRevision()) + 2;
    let revision = entry?.revision ?? (await store.create('/registry/compaction', Buffer.from('0')));
    for (const value of [upTo, upTo])
      revision = await store.update('/registry/compaction', Buffer.from(String(value)), revision);
    await eventually(
      'the page is gone',
      async () => (await ask(`GET ${folder}?limit=1&continue=${token}`)).code === 410,
    );
  });
});

describe('the old paths of watches', () => {
  it('answer GET only', async () => {
    for (const method of ['POST', 'PUT', 'PATCH', 'DELETE'])
      assert.equal(
        (await ask(`${method} /api/v1/watch/namespaces/reads/configmaps`, {}, { metadata: { name: 'w' } })).code,
        405,
      );
    assert.equal((await ask(`GET ${folder}/w`)).code, 404);
    assert.equal((await ask('GET /api/v1/watch/componentstatuses')).code, 404);
    assert.equal((await ask('GET /api/v1/watch/namespaces/reads/pods/a/status')).code, 404);
  });

  it('refuse a selector that says another name', async () => {
    const path = '/api/v1/watch/namespaces/reads/configmaps/a?timeoutSeconds=1&fieldSelector=';
    for (const selector of ['metadata.name%3Db', 'metadata.namespace%3Dreads']) {
      const answer = await ask(`GET ${path}${selector}`);
      assert.deepEqual(
        [answer.code, messageOf(answer)],
        [400, "fieldSelector metadata.name doesn't match requested name"],
      );
    }
    assert.equal((await ask(`GET ${path}metadata.name%3Da`)).code, 200);
  });
});

describe('writes beside', () => {
  it('keep the preconditions of a collection for each of its objects', async () => {
    await make('kept');
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', preconditions: { uid: 'x' } };
    assert.equal((await ask(`DELETE ${folder}`, {}, options)).code, 409);
    assert.equal((await ask(`GET ${folder}/kept`)).code, 200);
  });

  it('leave the note of an event as it was, through the new group', async () => {
    const path = '/apis/events.k8s.io/v1/namespaces/reads/events';
    const event = {
      metadata: { name: 'e' },
      eventTime: '2026-01-02T03:04:05.000000Z',
      regarding: { kind: 'Pod', name: 'p', namespace: 'reads' },
      ...{ reason: 'R', note: 'n', type: 'Normal', action: 'A', reportingController: 'x.y/z', reportingInstance: 'i' },
    };
    assert.equal((await ask(`POST ${path}`, {}, event)).code, 201);
    assert.match(messageOf(await ask(`PATCH ${path}/e`, {}, { note: 'other' })), /message: .*field is immutable/);
    assert.equal((await ask(`PATCH /api/v1/namespaces/reads/events/e`, {}, { message: 'other' })).code, 200);
  });

  it('do not ask who has an address in a dry run, and forget the balancer of what is none any more', async () => {
    const path = '/api/v1/namespaces/reads/services';
    const spec = { clusterIP: '10.96.7.7', ports: [{ port: 80 }], type: 'LoadBalancer' };
    assert.equal((await ask(`POST ${path}`, {}, { metadata: { name: 's' }, spec })).code, 201);
    const taken = { metadata: { name: 't' }, spec: { ...spec, type: 'ClusterIP' } };
    assert.equal((await ask(`POST ${path}?dryRun=All`, {}, taken)).code, 201);
    assert.equal((await ask(`POST ${path}`, {}, taken)).code, 422);
    const status = { loadBalancer: { ingress: [{ ip: '203.0.113.1', ipMode: 'VIP' }] } };
    assert.equal((await ask(`PATCH ${path}/s/status`, {}, { status })).code, 200);
    const answer = await ask(`PATCH ${path}/s`, {}, { spec: { type: 'ClusterIP' } });
    assert.deepEqual((answer.json as { status: object }).status, { loadBalancer: {} });
  });
});
