/** The key of Secrets is replaced while the cluster runs, whatever ends the one who does it, and nothing is lost. */

import assert from 'node:assert/strict';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, afterEach, before, beforeEach, describe, it } from 'node:test';
import { secrets } from '../../api/resources/core.ts';
import { isNotFound } from '../../api/status-error.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { systemClock } from '../../base/clock.ts';
import { UserError } from '../../base/user-error.ts';
import { describeEncryption } from '../../cluster/encryption-status.ts';
import { rotateKey } from '../../cluster/key-rotation.ts';
import { readRotation } from '../../cluster/key-rotation-plan.ts';
import type { Progress } from '../../cluster/progress.ts';
import { localKeys, writeEncryptionFile } from '../support/encryption-file.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const count = 40;
const contentOf = (name: string) => Buffer.from(`value of ${name}`).toString('base64');

let folder: string;
let file: string;
let store: MemoryStore;
let servers: TestApiServer[] = [];
before(async () => {
  folder = await mkdtemp(join(tmpdir(), 'key-rotation-'));
});
beforeEach(async () => {
  file = join(folder, 'encryption.json');
  store = new MemoryStore();
  await writeEncryptionFile(file, [localKeys('key1'), { identity: {} }]);
});
afterEach(async () => {
  for (const server of servers) await server.stop();
  servers = [];
  await store.close();
});
after(async () => await rm(folder, { recursive: true }));

async function startServer(): Promise<TestApiServer> {
  const server = await startTestApiServer({
    store,
    encryption: { configFile: file },
    ...(servers[0] && { authority: servers[0].authority }),
  });
  servers.push(server);
  return server;
}

async function makeSecrets({ client }: TestApiServer): Promise<void> {
  for (let n = 0; n < count; n += 1) {
    const name = `s-${n}`;
    await client.create(secrets, { metadata: { name, namespace: 'default' }, data: { value: contentOf(name) } });
  }
}

const silent: Progress = { step: (_title, work) => work(), note() {} };

/** Ends whatever goes on at the `nth` thing that is said. */
function endingAt(nth: number): Progress {
  let said = 0;
  const say = (): void => {
    said += 1;
    if (said === nth) throw new Error('killed');
  };
  return {
    note: say,
    async step(_title, work) {
      say();
      const result = await work();
      say();
      return result;
    },
  };
}

function rotate(progress: Progress = silent, more: { readonly firstLookMs?: number } = {}): Promise<string> {
  const [first, ...rest] = servers.map(({ url, client }) => ({ url, client }));
  assert.ok(first);
  const signal = new AbortController().signal;
  return rotateKey({ file, servers: [first, ...rest], progress, clock: systemClock, signal, ...more });
}

async function allAreReadable({ client }: TestApiServer): Promise<void> {
  const { items } = await client.list(secrets, { namespace: 'default' });
  for (const { metadata, data } of items) assert.equal(data?.value, contentOf(metadata.name));
  assert.ok(items.length >= count);
}

async function prefixesInStore(): Promise<Set<string>> {
  const places = ['/registry/core/secrets/', '/registry/longshore.dev/keys/'];
  const lists = await Promise.all(places.map((prefix) => store.list({ prefix })));
  const values = lists.flatMap(({ entries }) => entries.map(({ value }) => value.toString('latin1')));
  return new Set(values.map((value) => value.slice(0, value.indexOf(':', 'k8s:enc:aesgcm:v1:'.length))));
}

const keysInFile = async () => readRotation(await readFile(file, 'utf8'), file).keys;

describe('kubecfg secrets rotate-key', () => {
  it('brings everything to a new key on all API servers, while others write', async () => {
    const one = await startServer();
    const other = await startServer();
    await makeSecrets(one);
    let isOver = false;
    let written = 0;
    const writing = (async () => {
      while (!isOver) {
        written += 1;
        const name = `w-${written}`;
        const client = (written % 2 === 0 ? one : other).client;
        await client.create(secrets, { metadata: { name, namespace: 'default' }, data: { value: contentOf(name) } });
      }
    })();
    assert.equal(await rotate(), 'key2');
    isOver = true;
    await writing;
    assert.deepEqual(await keysInFile(), ['key2']);
    assert.deepEqual([...(await prefixesInStore())], ['k8s:enc:aesgcm:v1:key2']);
    for (const server of servers) await allAreReadable(server);
    const lines = await describeEncryption(file, servers);
    assert.match(lines.join('\n'), /aesgcm key2 \(writes\)\n.*uses this file\n.*uses this file$/s);
    for (const server of servers) await server.stop();
    servers = [];
    const { client } = await startServer();
    const { items } = await client.list(secrets, { namespace: 'default' });
    assert.equal(items.length, count + written);
  });

  it('goes on from where it was ended, at any moment', async () => {
    const server = await startServer();
    await makeSecrets(server);
    let ends = 0;
    for (const nth of [1, 3, 5, 6, 7, 8, 25, 9, 3]) {
      await assert.rejects(rotate(endingAt(nth)), /killed/);
      ends += 1;
      await allAreReadable(server);
      await server.client.delete(secrets, { namespace: 'default', name: 's-0' });
      const again = { metadata: { name: 's-0', namespace: 'default' }, data: { value: contentOf('s-0') } };
      await server.client.create(secrets, again);
    }
    assert.equal(ends, 9);
    await rotate();
    const [key, ...others] = await keysInFile();
    assert.deepEqual(others, []);
    assert.deepEqual([...(await prefixesInStore())], [`k8s:enc:aesgcm:v1:${key}`]);
    await server.stop();
    servers = [];
    await allAreReadable(await startServer());
  });

  it('changes nothing where an API server uses another file', async () => {
    await startServer();
    const text = await readFile(file, 'utf8');
    const other = join(folder, 'other.json');
    await writeFile(other, `${text}\n`);
    file = other;
    await assert.rejects(
      rotate(silent, { firstLookMs: 1 }),
      (error) => error instanceof UserError && /does not use .*other.json as it is now/.test(error.message),
    );
    assert.equal(await readFile(other, 'utf8'), `${text}\n`);
  });

  it('keeps the old key while something cannot be read', async () => {
    const server = await startServer();
    await makeSecrets(server);
    const key = '/registry/core/secrets/default/s-1';
    const entry = await store.get(key);
    const damaged = Buffer.from('k8s:enc:aesgcm:v1:key1:a value that is damaged beyond all repair');
    await store.update(key, damaged, entry?.revision ?? 0);
    await assert.rejects(
      rotate(),
      (error) => error instanceof UserError && /cannot read 1 of core\/secrets.*key1 stays/.test(error.message),
    );
    assert.deepEqual(await keysInFile(), ['key2', 'key1']);
    const options = { body: { ignoreStoreReadErrorWithClusterBreakingPotential: true } };
    await server.client.raw('DELETE', '/api/v1/namespaces/default/secrets/s-1', options);
    // A consistent read: the cache, and with it the metrics, know of it from now on.
    await assert.rejects(server.client.get(secrets, { namespace: 'default', name: 's-1' }), isNotFound);
    assert.equal(await rotate(), 'key2');
    assert.deepEqual(await keysInFile(), ['key2']);
  });

  it('is done by one at a time, and a killed one is in nobody’s way', async () => {
    await startServer();
    await writeFile(`${file}.lock`, `${process.ppid} 1\n`);
    const first = rotate();
    // It has the lock by the time that it asks the server.
    await first;
    await writeFile(`${file}.lock`, await lockOf());
    await assert.rejects(
      rotate(),
      (error) => error instanceof UserError && /is being changed by process/.test(error.message),
    );
    await rm(`${file}.lock`);
  });
});

async function lockOf(): Promise<string> {
  const stat = await readFile(`/proc/${process.pid}/stat`, 'utf8');
  return `${process.pid} ${stat.slice(stat.lastIndexOf(')') + 2).split(' ')[19]}\n`;
}
