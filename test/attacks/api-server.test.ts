/** One client of the API server against all others: hangs, crashes and stalls by one request, and names that JavaScript knows. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { definitionOf } from '../fuzz/definition.ts';
import { type Answer, Fuzzer } from '../fuzz/fuzz.ts';
import { MeasuredApiServer } from '../support/measured-api-server.ts';

const json = { 'content-type': 'application/json' };
const configMaps = '/api/v1/namespaces/default/configmaps';
const definitions = '/apis/apiextensions.k8s.io/v1/customresourcedefinitions';

let server: MeasuredApiServer;
let client: Fuzzer;

before(async () => {
  server = await MeasuredApiServer.start();
  client = new Fuzzer(server);
});

after(async () => {
  client.close();
  await server.stop();
});

type Body = object | string;

function send(method: string, path: string, body?: Body, headers: Record<string, string> = json): Promise<Answer> {
  const text = typeof body === 'string' ? body : JSON.stringify(body);
  return client.send({ method, path, headers, ...(text !== undefined && { body: Buffer.from(text) }) });
}

async function sendOk(method: string, path: string, body?: Body, headers?: Record<string, string>): Promise<unknown> {
  const { code, text } = await send(method, path, body, headers);
  assert.ok(code === 200 || code === 201, `${method} ${path}: ${code} ${text.slice(0, 500)}`);
  return JSON.parse(text);
}

describe('one request', { timeout: 300_000 }, () => {
  it('with a pattern that tries all ways back ends as soon as any other', async () => {
    const text = `${'a'.repeat(40)}!`;
    const { code } = await send(
      'POST',
      `${definitions}?dryRun=All`,
      definitionOf({ type: 'string', pattern: '(a+)+$', default: text }),
    );
    assert.equal(code, 422);
    const good = definitionOf({ type: 'string', pattern: '(a+)+!$', default: text });
    assert.equal((await send('POST', `${definitions}?dryRun=All`, good)).code, 201);
  });

  it('is told what is wrong with its pattern in the words of upstream', async () => {
    const { code, text } = await send(
      'POST',
      `${definitions}?dryRun=All`,
      definitionOf({ type: 'string', pattern: '(' }),
    );
    assert.equal(code, 422);
    const why = "must be a valid regular expression, but isn't: error parsing regexp: missing closing ): `(`";
    assert.ok(JSON.parse(text).message.includes(why), text);
  });

  it('does not take all memory by mistakes that each show all of it', async () => {
    const owner = (i: number) => ({ apiVersion: 'v1', kind: 'Pod', name: `p${i}`, uid: `u${i}`, controller: true });
    const ownerReferences = Array.from({ length: 15_000 }, (_, i) => owner(i));
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'owned', ownerReferences } };
    const { code, text } = await send('POST', configMaps, object);
    assert.equal(code, 422);
    assert.ok(text.length < 20_000_000, `${text.length} bytes`);
  });

  it('that is small may stand for something large: it is told so, and holds nobody up', async () => {
    await sendOk('POST', configMaps, { metadata: { name: 'grown' }, data: { a: 'b' } });
    const list = JSON.stringify(Array.from({ length: 1000 }, () => []));
    const copies = Array.from(
      { length: 500 },
      (_, i) => `{"op":"\u005cu0063opy","from":"/data/a","path":"/data/b${i}"}`,
    );
    const patch = `[{"op":"replace","path":"/data/a","value":${list}},${copies.join()}]`;
    const yaml = `a: &a [${'[],'.repeat(900)}]\nb:\n${'- *a\n'.repeat(500)}`;
    await server.longest();
    const patched = await send('PATCH', `${configMaps}/grown`, patch, {
      'content-type': 'application/json-patch+json',
    });
    assert.ok(patched.code >= 400 && patched.code < 500, patched.text.slice(0, 500));
    const created = await send('POST', configMaps, yaml, { 'content-type': 'application/yaml' });
    assert.ok(created.code >= 400 && created.code < 500, created.text.slice(0, 500));
    const { heldMs } = await server.longest();
    assert.ok(heldMs < 250, `the event loop was held for ${heldMs} ms`);
  });

  it('is answered with headers that clients can read, whatever there is to warn of', async () => {
    const unknown = Object.fromEntries(Array.from({ length: 5000 }, (_, i) => [`unknown${i}`, 1]));
    await sendOk('POST', `${configMaps}?dryRun=All`, { metadata: { name: 'warned' }, ...unknown });
  });

  it('with malformed percent signs is no error of the server', async () => {
    for (const key of ['%', '%zz', '100%', '%ff']) {
      const headers = { 'impersonate-user': 'jane', [`impersonate-extra-${key}`]: 'x' };
      const review = { apiVersion: 'authentication.k8s.io/v1', kind: 'SelfSubjectReview' };
      const path = '/apis/authentication.k8s.io/v1/selfsubjectreviews';
      const answer = (await sendOk('POST', path, review, { ...json, ...headers })) as {
        status: { userInfo: { extra: object } };
      };
      assert.deepEqual(answer.status.userInfo.extra, { [key]: ['x'] });
      assert.equal((await send('GET', `${configMaps}/${key}`)).code, 400);
      assert.ok((await send('GET', `${configMaps}?labelSelector=${key}&${key}=${key}`)).code < 500);
    }
  });
});

const names = ['constructor', 'toString', 'valueOf', '__proto__', 'hasOwnProperty', 'prototype', '__defineGetter__'];
/** JSON in which each of the names is a key of its own. */
const mapOf = (value: unknown): Record<string, unknown> => {
  const pairs = names.map((name) => `${JSON.stringify(name)}:${JSON.stringify(value)}`);
  return JSON.parse(`{${pairs.join()}}`) as Record<string, unknown>;
};
const keysOf = (value: unknown): string[] => Object.keys(value as object).sort();
const sorted = [...names].sort();

interface ConfigMap {
  readonly data?: Record<string, string>;
  readonly metadata: { readonly labels?: object; readonly managedFields?: readonly { readonly fieldsV1?: object }[] };
}

describe('names that JavaScript gives to all objects', { timeout: 120_000 }, () => {
  const path = `${configMaps}/named`;
  const get = async () => (await sendOk('GET', path)) as ConfigMap;

  it('are keys like any other, in JSON and YAML, whoever writes them', async () => {
    const data = mapOf('x');
    const object = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'named' }, data };
    assert.deepEqual(keysOf(((await sendOk('POST', configMaps, object)) as ConfigMap).data), sorted);
    assert.deepEqual(keysOf((await get()).data), sorted);
    await sendOk('PUT', path, { ...object, data: mapOf('y') });
    assert.deepEqual(keysOf((await get()).data), sorted);
    assert.ok(JSON.stringify((await get()).metadata.managedFields).includes('"f:__proto__"'));
    const yaml = `apiVersion: v1\nkind: ConfigMap\nmetadata: {name: named}\ndata:\n${names.map((name) => `  ${name}: z`).join('\n')}\n`;
    await sendOk('PUT', path, yaml, { 'content-type': 'application/yaml' });
    assert.deepEqual(
      Object.values((await get()).data ?? {}),
      names.map(() => 'z'),
    );
  });

  it('are patched and applied as any other', async () => {
    const patch = (body: Body, language: string, query = '') =>
      sendOk('PATCH', `${path}${query}`, body, { 'content-type': `application/${language}` });
    for (const language of ['merge-patch+json', 'strategic-merge-patch+json']) {
      await patch({ data: mapOf(null) }, language);
      assert.deepEqual(keysOf((await get()).data ?? {}), []);
      await patch({ data: mapOf('m') }, language);
      assert.deepEqual(keysOf((await get()).data), sorted);
    }
    await patch(
      names.map((name) => ({ op: 'remove', path: `/data/${name}` })),
      'json-patch+json',
    );
    for (const name of names) {
      for (const op of ['remove', 'move']) {
        const operation = [{ op, from: `/data/${name}`, path: `/data/${op === 'move' ? 'other' : name}` }];
        const headers = { 'content-type': 'application/json-patch+json' };
        assert.equal((await send('PATCH', path, operation, headers)).code, 422, `${op} ${name}`);
      }
    }
    await patch([{ op: 'add', path: '/data', value: mapOf('j') }], 'json-patch+json');
    assert.deepEqual(keysOf((await get()).data), sorted);
    const applied = { apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'named' }, data: mapOf('a') };
    await patch(applied, 'apply-patch+yaml', '?fieldManager=f&force=true');
    assert.deepEqual(keysOf((await get()).data), sorted);
    await patch({ ...applied, data: {} }, 'apply-patch+yaml', '?fieldManager=f&force=true');
    assert.deepEqual(keysOf((await get()).data ?? {}), []);
  });

  it('are not there where nobody put them', async () => {
    for (const name of names) {
      const found = async (query: string) =>
        ((await sendOk('GET', `${configMaps}?${query}`)) as { items: readonly unknown[] }).items.length;
      const all = await found('');
      if (!name.startsWith('_')) {
        assert.equal(await found(`labelSelector=${name}`), 0, name);
        assert.equal(await found(`labelSelector=!${name}`), all, name);
      }
      for (const part of [`/api/v1/${name}`, `/apis/${name}`, `/apis/${name}/v1`, `/apis/apps/${name}`, `/${name}`]) {
        assert.equal((await send('GET', part)).code, 404, part);
      }
      assert.ok([400, 404].includes((await send('GET', `${path}/${name}`)).code));
      assert.equal((await send('GET', `${configMaps}?fieldSelector=${name}=x`)).code, 400);
      assert.ok((await send('GET', `${configMaps}?${name}=${name}`)).code < 400);
      assert.ok([400, 404].includes((await send('GET', `${configMaps}/${name}`)).code));
    }
  });

  it('may stand anywhere in an object without harm', async () => {
    const amounts = mapOf('1');
    const container = { name: 'c', image: 'i', resources: { limits: amounts, requests: amounts } };
    const fieldRef = (name: string) => ({ name: 'E', valueFrom: { fieldRef: { fieldPath: name } } });
    const specs = [
      { containers: [container], nodeSelector: mapOf('x'), overhead: amounts },
      { containers: [{ name: 'c', image: 'i', env: names.map(fieldRef) }] },
      { containers: names.map((name) => ({ name, image: name })), resources: { limits: amounts, requests: amounts } },
      { containers: [{ name: 'c', image: 'i' }], priorityClassName: 'constructor', runtimeClassName: 'constructor' },
      { containers: [{ name: 'c', image: 'i' }], topologySpreadConstraints: [mapOf(1)], tolerations: [mapOf('x')] },
    ];
    const metadata = { name: 'constructor', labels: mapOf('x'), annotations: mapOf('x'), finalizers: names };
    for (const spec of specs) {
      for (const meta of [metadata, { name: 'constructor' }]) {
        const { code, text } = await send('POST', '/api/v1/namespaces/default/pods?dryRun=All', {
          metadata: meta,
          spec,
        });
        assert.ok(code < 500, text.slice(0, 500));
      }
    }
    for (const schema of [
      { type: 'object', properties: mapOf({ type: 'string' }), required: names },
      mapOf('string'),
    ]) {
      const { code, text } = await send('POST', `${definitions}?dryRun=All`, definitionOf(schema));
      assert.ok(code < 500, text.slice(0, 500));
    }
    assert.equal((await sendOk('GET', '/version')) !== undefined, true);
  });
});
