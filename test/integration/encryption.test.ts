/** Secrets lie encrypted in the store, and everything else of the API server neither knows nor minds. */

import assert from 'node:assert/strict';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { secrets } from '../../api/resources/core.ts';
import { StatusError } from '../../api/status-error.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { UserError } from '../../base/user-error.ts';
import { definitionOf } from '../fuzz/definition.ts';
import { localKeys, writeEncryptionFile } from '../support/encryption-file.ts';
import { eventually } from '../support/eventually.ts';
import { KmsPlugin } from '../support/kms-plugin.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const canary = 'canary-4711-of-the-secret';
const identity = { identity: {} };
const path = '/api/v1/namespaces/default/secrets';
const unsafe = 'ignoreStoreReadErrorWithClusterBreakingPotential';

let folder: string;
let configFile: string;
let store: MemoryStore;
let server: TestApiServer | undefined;
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'encryption-'));
});
beforeEach(async () => {
  configFile = join(folder, 'encryption.json');
  store = new MemoryStore();
});
afterEach(async () => {
  await server?.stop();
  server = undefined;
  await store.close();
});
after(async () => await rm(folder, { recursive: true }));

/** The server on the store of this test, with these providers; one before it is stopped. */
async function restart(providers: readonly object[], more: object = {}): Promise<TestApiServer> {
  await writeEncryptionFile(configFile, providers);
  return await restartAsIs(more);
}

async function restartAsIs(more: object = {}): Promise<TestApiServer> {
  await server?.stop();
  server = undefined;
  server = await startTestApiServer({ store, encryption: { configFile, ...more } });
  return server;
}

interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said, to be looked into by the test
  readonly json: any;
}

async function send(method: string, at: string, body?: unknown): Promise<Answer> {
  assert.ok(server);
  try {
    const { code, text } = await server.client.raw(method, at, body === undefined ? {} : { body });
    return { code, json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, json: error.status };
    throw error;
  }
}

const make = (name: string) => send('POST', path, { metadata: { name }, stringData: { password: canary } });
const storedKey = (name: string) => `/registry/core/secrets/default/${name}`;
const stored = async (name: string): Promise<string> => {
  const entry = await store.get(storedKey(name));
  assert.ok(entry, `${name} is not stored`);
  return entry.value.toString('latin1');
};
const passwordOf = async (name: string): Promise<string> => {
  const { code, json } = await send('GET', `${path}/${name}`);
  assert.equal(code, 200, json.message);
  return Buffer.from(json.data.password, 'base64').toString();
};
async function damage(name: string): Promise<void> {
  const entry = await store.get(storedKey(name));
  assert.ok(entry);
  const value = Buffer.from(entry.value);
  value[value.length - 1] = (value.at(-1) ?? 0) ^ 1;
  await store.update(storedKey(name), value, entry.revision);
}

describe('encryption at rest', () => {
  it('encrypts Secrets and the keys that sign tokens, and nothing that it was not told to', async () => {
    await restart([localKeys('key1'), identity]);
    assert.equal((await make('web')).code, 201);
    await send('POST', '/api/v1/namespaces/default/configmaps', {
      metadata: { name: 'web' },
      data: { a: 'plain-text' },
    });
    const { entries } = await store.list({ prefix: '/registry/' });
    const text = entries.map(({ value }) => value.toString('latin1')).join('\n');
    for (const one of [canary, Buffer.from(canary).toString('base64'), 'PRIVATE KEY'])
      assert.ok(!text.includes(one), one);
    assert.ok(text.includes('plain-text'));
    assert.match(await stored('web'), /^k8s:enc:aesgcm:v1:key1:/);
    assert.equal(await passwordOf('web'), canary);
    const before = await server?.client.raw('GET', '/openid/v1/jwks');
    await restartAsIs();
    assert.equal(await passwordOf('web'), canary);
    assert.equal((await server?.client.raw('GET', '/openid/v1/jwks'))?.text, before?.text);
  });

  it('reads what was stored plain before, and encrypts it when it is written again, though nothing of it changes', async () => {
    await restart([identity]);
    await make('old');
    assert.ok((await stored('old')).includes(Buffer.from(canary).toString('base64')));
    await restart([localKeys('key1'), identity]);
    const { json } = await send('GET', `${path}/old`);
    assert.equal((await send('PUT', `${path}/old?dryRun=All`, json)).code, 200);
    assert.match(await stored('old'), /^\{/);
    const written = await send('PUT', `${path}/old`, json);
    assert.notEqual(written.json.metadata.resourceVersion, json.metadata.resourceVersion);
    assert.match(await stored('old'), /^k8s:enc:aesgcm:v1:key1:/);
    const again = await send('PUT', `${path}/old`, written.json);
    assert.equal(again.json.metadata.resourceVersion, written.json.metadata.resourceVersion);
  });

  it('takes a changed file over while it runs, and keeps the one before when that is wrong', async () => {
    await restart([localKeys('key1'), identity]);
    await make('before');
    await writeEncryptionFile(configFile, [{ rot13: {} }]);
    await eventually('the refused file is counted', async () => (await metric('reloads_total{status="failure"}')) > 0);
    await make('between');
    assert.match(await stored('between'), /:key1:/);
    await writeEncryptionFile(configFile, [localKeys('key2', 'key1'), identity]);
    await eventually('the file is read', async () => (await metric('reloads_total{status="success"}')) === 1);
    await make('after');
    assert.match(await stored('after'), /:key2:/);
    assert.equal(await passwordOf('before'), canary);
    const failures = await metric('reloads_total{status="failure"}');
    await writeEncryptionFile(configFile, [localKeys('key2'), identity]);
    await eventually('a file without a key that is needed is refused', async () => {
      return (await metric('reloads_total{status="failure"}')) > failures;
    });
    assert.equal((await send('PUT', `${path}/before`, (await send('GET', `${path}/before`)).json)).code, 200);
    assert.match(await stored('before'), /:key2:/);
    await eventually('it is taken once nothing needs that key', async () => {
      await send('PUT', `${path}/between`, (await send('GET', `${path}/between`)).json);
      await writeEncryptionFile(configFile, [localKeys('key2'), identity, { secretbox: localKeys('x').aesgcm }]);
      return (await metric('reloads_total{status="success"}')) === 2;
    });
  });

  it('does not start without the key of custom resources, which nobody knows before it starts', async () => {
    for (const resources of [['things.example.com'], ['*.example.com'], ['*.*']]) {
      await writeEncryptionFile(configFile, [localKeys('key1'), identity], resources);
      await restartAsIs();
      await send('POST', '/apis/apiextensions.k8s.io/v1/customresourcedefinitions', definitionOf({ type: 'string' }));
      const things = '/apis/example.com/v1/namespaces/default/things';
      await eventually('things are served', async () => (await send('GET', things)).code === 200);
      const thing = { apiVersion: 'example.com/v1', kind: 'Thing', metadata: { name: 'a' }, spec: canary };
      assert.ok([201, 409].includes((await send('POST', things, thing)).code));
      const entry = await store.get('/registry/example.com/things/default/a');
      assert.match(entry?.value.toString('latin1') ?? '', /^k8s:enc:aesgcm:v1:key1:/);
      await writeEncryptionFile(configFile, [localKeys('key2'), identity], resources);
      await assert.rejects(restartAsIs(), (error) => error instanceof UserError && error.message.includes(':key1:'));
      await writeEncryptionFile(configFile, [localKeys('key1'), identity], resources);
      await restartAsIs();
      assert.equal((await send('GET', `${things}/a`)).json.spec, canary);
      await send('DELETE', `${things}/a`);
    }
  });

  it('does not start without the key, says which, and reads all when it is back', async () => {
    await restart([localKeys('key1'), identity]);
    await make('web');
    for (const providers of [[localKeys('key2')], [identity], [{ secretbox: localKeys('x').aesgcm }, identity]]) {
      await assert.rejects(restart(providers), (error) => {
        assert.ok(error instanceof UserError);
        assert.match(error.message, /^What the store keeps encrypted cannot be read: 2 with "k8s:enc:aesgcm:v1:key1:"/);
        return true;
      });
    }
    const sameName = { aesgcm: { keys: [{ name: 'key1', secret: Buffer.alloc(32, 'other').toString('base64') }] } };
    await assert.rejects(restart([sameName, identity]), UserError);
    await server?.stop();
    server = undefined;
    // A second API server that was not told of the file.
    await assert.rejects(
      startTestApiServer({ store }),
      (error) => error instanceof UserError && /start it with --encryption-provider-config/.test(error.message),
    );
    await restart([localKeys('key2', 'key1'), identity]);
    assert.equal(await passwordOf('web'), canary);
  });
});

async function metric(name: string): Promise<number> {
  const { text } = (await server?.client.raw('GET', '/metrics')) ?? { text: '' };
  const line = text.split('\n').find((one) => one.includes(name));
  return Number(line?.split(' ').at(-1) ?? 0);
}

describe('a Secret that cannot be decrypted', () => {
  beforeEach(async () => {
    await restart([localKeys('key1'), identity]);
    for (const name of ['bad', 'good']) await make(name);
  });

  const isTold = ({ code, json }: Answer): void => {
    assert.deepEqual([code, json.reason], [500, 'InternalError']);
    assert.match(
      json.message,
      /^Internal error occurred: StorageError: corrupt object, .*default\/bad, data from the storage is not transformable revision=\d+: /,
    );
    assert.ok(!JSON.stringify(json).includes(canary));
  };
  const isHidden = () => eventually('it is left out', async () => (await send('GET', path)).json.items.length === 1);

  for (const [when, spoil] of [
    ['when the server starts', async () => restartAsIs(await damage('bad').then(() => ({})))],
    ['while the server runs', () => damage('bad')],
  ] as const) {
    it(`is told of by name, and leaves the others readable: ${when}`, async () => {
      await spoil();
      await isHidden();
      isTold(await send('GET', `${path}/bad`));
      assert.equal(await passwordOf('good'), canary);
      assert.equal(await metric('unreadable_objects{resource="core/secrets"}'), 1);
      const { code, json } = await make('bad');
      assert.deepEqual([code, json.reason], [409, 'AlreadyExists']);
      isTold(await send('PUT', `${path}/bad`, { metadata: { name: 'bad' } }));
      isTold(await send('DELETE', `${path}/bad`));
      // Whoever lists is told that something is missing.
      const response = await rawList();
      assert.match(response ?? '', /1 of the secrets cannot be read/);
    });
  }

  it('goes by the way that is for it alone', async () => {
    await damage('bad');
    await isHidden();
    const options = { kind: 'DeleteOptions', apiVersion: 'v1', [unsafe]: true };
    const readable = await send('DELETE', `${path}/good`, options);
    assert.deepEqual([readable.code, readable.json.details.causes[0].field], [422, unsafe]);
    const beside = await send('DELETE', `${path}/bad`, {
      ...options,
      gracePeriodSeconds: 0,
      propagationPolicy: 'Orphan',
    });
    assert.deepEqual(
      [beside.code, beside.json.details.causes.map(({ message }: { message: string }) => message)],
      [
        422,
        ['.propagationPolicy', '.gracePeriodSeconds'].map(
          (one) => `Invalid value: true: cannot be set together with ${one}`,
        ),
      ],
    );
    assert.equal((await send('DELETE', path, options)).code, 422);
    assert.equal((await send('DELETE', `${path}/bad`, options)).code, 200);
    assert.equal((await send('GET', `${path}/bad`)).code, 404);
    assert.equal((await send('DELETE', `${path}/bad`, options)).code, 404);
    assert.equal((await make('bad')).code, 201);
    assert.equal(await metric('unreadable_objects{resource="core/secrets"}'), 0);
  });

  it('is to watchers what it was, until it goes or can be read again', async () => {
    assert.ok(server);
    const stopping = new AbortController();
    const { metadata } = await server.client.list(secrets, { namespace: 'default' });
    const seen: string[] = [];
    const watching = (async () => {
      const options = { namespace: 'default', resourceVersion: metadata.resourceVersion, signal: stopping.signal };
      for await (const event of server.client.watch(secrets, options)) {
        if (event.type !== 'BOOKMARK') seen.push(`${event.type} ${event.object.metadata.name}`);
      }
    })();
    await damage('bad');
    await isHidden();
    await make('later');
    await eventually('others are seen', () => seen.includes('ADDED later'));
    await send('DELETE', `${path}/bad?${unsafe}=true`);
    await eventually('its end is seen', () => seen.includes('DELETED bad'));
    assert.deepEqual(seen, ['ADDED later', 'DELETED bad']);
    stopping.abort();
    await watching;
  });

  it('is read when its key comes back', async () => {
    await restart([localKeys('key2', 'key1'), identity]);
    await make('ugly');
    await restart([localKeys('key1'), identity], { acceptUnreadable: true });
    await isGone('ugly');
    await writeEncryptionFile(configFile, [localKeys('key1', 'key2'), identity]);
    await eventually('it is read', async () => (await passwordOf('ugly')) === canary);
    const { json } = await send('GET', path);
    assert.deepEqual(json.items.length, 3);
  });

  const isGone = async (name: string): Promise<void> => {
    const { code } = await send('GET', `${path}/${name}`);
    assert.equal(code, 500);
  };

  async function rawList(): Promise<string | undefined> {
    const warnings: string[] = [];
    const { createRestClient } = await import('../../client/rest-client.ts');
    assert.ok(server);
    const { silentLogger } = await import('../../base/logger.ts');
    const client = createRestClient(server.connection, {
      userAgent: 'test',
      logger: silentLogger,
      onWarning: (text) => warnings.push(text),
    });
    await client.list(secrets, { namespace: 'default' });
    await client.close();
    return warnings[0];
  }
});

describe('a key management service', () => {
  let plugin: KmsPlugin;
  before(async () => {
    plugin = new KmsPlugin(join(folder, 'kms.sock'));
    await plugin.start();
  });
  after(async () => await plugin.stop());
  const kms = () => ({ kms: { apiVersion: 'v2', name: 'vault', endpoint: plugin.endpoint, timeout: '20s' } });
  const readyz = async () => (await send('GET', '/readyz/kms-providers').catch(() => ({ code: 200 }))).code;

  it('keeps the key; readiness says when it is away, and it may change its key', async () => {
    await restart([kms(), localKeys('key1'), identity]);
    await make('web');
    assert.match(await stored('web'), /^k8s:enc:kms:v2:vault:/);
    assert.equal(await readyz(), 200);
    await plugin.stop();
    await eventually('it is told', async () => (await readyz()) === 500);
    // What is known already needs no service.
    assert.equal(await passwordOf('web'), canary);
    await plugin.start();
    await eventually('it is back', async () => (await readyz()) === 200);
    plugin.rotate('key-2');
    await eventually('the new key is taken', async () => (await readyz()) === 200 && plugin.calls.Encrypt > 1);
    const before = await send('GET', `${path}/web`);
    const written = await send('PUT', `${path}/web`, before.json);
    assert.notEqual(written.json.metadata.resourceVersion, before.json.metadata.resourceVersion);
    await restartAsIs();
    assert.equal(await passwordOf('web'), canary);
  });
});
