/** Writes that meet each other, or a store that fails on the way: what is stored, what is answered, and what is left over. */

import assert from 'node:assert/strict';
import { after, afterEach, before, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { StoreUnavailableError } from '../../apiserver/store/store.ts';
import { createDeferred } from '../../base/deferred.ts';
import { eventually } from '../support/eventually.ts';
import { HookedStore } from '../support/hooked-store.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

let store: HookedStore;
let server: TestApiServer;
before(async () => {
  store = new HookedStore();
  server = await startTestApiServer({ store });
});
afterEach(() => store.mend());
after(async () => {
  await server.stop();
  await store.close();
});

interface Answer {
  readonly code: number;
  // biome-ignore lint/suspicious/noExplicitAny: whatever the server said, to be looked into by the test
  readonly json: any;
}

async function send(method: string, path: string, body?: unknown, contentType = 'application/json'): Promise<Answer> {
  try {
    const headers = { 'content-type': contentType };
    const { code, text } = await server.client.raw(method, path, { ...(body !== undefined && { body }), headers });
    return { code, json: JSON.parse(text) };
  } catch (error) {
    if (error instanceof StatusError) return { code: error.code, json: error.status };
    throw error;
  }
}

const inDefault = '/api/v1/namespaces/default';
const services = `${inDefault}/services`;
const merge = (path: string, patch: object) => send('PATCH', path, patch, 'application/merge-patch+json');

const withPort = (name: string, nodePort: number, metadata: object = {}) => ({
  metadata: { name, ...metadata },
  spec: { type: 'NodePort', ports: [{ port: 80, nodePort }] },
});
const toPort = (nodePort: number, label = 'x') => ({
  metadata: { labels: { [label]: 'true' } },
  spec: { ports: [{ port: 80, nodePort }] },
});

const make = async (nodePort: number, metadata: object = {}): Promise<string> => {
  const name = `s-${nodePort}`;
  const { code, json } = await send('POST', services, withPort(name, nodePort, metadata));
  assert.equal(code, 201, json.message);
  // Updates begin with what the cache knows.
  await send('GET', `${services}/${name}`);
  return name;
};

/** What another Service that asks for the port is told. */
async function askedByAnother(nodePort: number): Promise<number> {
  const { code } = await send('POST', services, withPort(`thief-${nodePort}`, nodePort));
  return code;
}

const portOf = async (name: string): Promise<number> =>
  (await send('GET', `${services}/${name}`)).json.spec.ports[0].nodePort;

describe('two writes of one Service that ask for one node port', () => {
  it('leave it allocated when the one that had it first loses', async () => {
    const name = await make(30_100);
    let other: Answer | undefined;
    store.beforeNext('update', new RegExp(`services/default/${name}$`), async () => {
      other = await merge(`${services}/${name}`, toPort(30_101, 'second'));
    });
    const one = await merge(`${services}/${name}`, toPort(30_101, 'first'));
    assert.deepEqual([one.code, other?.code, await portOf(name)], [200, 200, 30_101]);
    assert.equal(await askedByAnother(30_101), 422);
  });

  it('leave it allocated when the one that came second loses', async () => {
    const name = await make(30_110);
    const key = new RegExp(`services/default/${name}$`);
    const [isSecondReady, isFirstDone] = [createDeferred<void>(), createDeferred<void>()];
    let second: Promise<Answer> | undefined;
    store.beforeNext('update', key, async () => {
      store.beforeNext('update', key, async () => {
        isSecondReady.resolve();
        await isFirstDone.promise;
      });
      second = merge(`${services}/${name}`, toPort(30_111, 'second'));
      await isSecondReady.promise;
    });
    const first = await merge(`${services}/${name}`, toPort(30_111, 'first'));
    isFirstDone.resolve();
    assert.deepEqual([first.code, (await second)?.code, await portOf(name)], [200, 200, 30_111]);
    assert.equal(await askedByAnother(30_111), 422);
  });

  it('do not take back a port that a later write has asked for again', async () => {
    const name = await make(30_120);
    store.beforeNext('delete', /node-ports\/30120$/, async () => {
      assert.equal((await merge(`${services}/${name}`, toPort(30_120))).code, 200);
    });
    assert.equal((await merge(`${services}/${name}`, toPort(30_121))).code, 200);
    assert.equal(await portOf(name), 30_120);
    assert.equal(await askedByAnother(30_120), 422);
    assert.equal(await askedByAnother(30_121), 201);
  });
});

describe('what a Service has been given', () => {
  it('stays its own when what it had before cannot be given back', async () => {
    const name = await make(30_200);
    store.refuse('delete', /node-ports\/30200$/);
    const { code } = await merge(`${services}/${name}`, toPort(30_201));
    store.mend();
    assert.deepEqual([code, await portOf(name)], [200, 30_201]);
    assert.equal(await askedByAnother(30_201), 422);
  });

  it('stays its own when nobody knows whether it was made', async () => {
    store.loseNextAnswer('create', /services\/default\/unknown$/);
    const { code } = await send('POST', services, withPort('unknown', 30_210));
    assert.deepEqual([code, await portOf('unknown')], [504, 30_210]);
    assert.equal(await askedByAnother(30_210), 422);
  });

  it('is free again when it is deleted, even by the update that takes its last finalizer', async () => {
    const name = await make(30_220, { finalizers: ['a.b/c'] });
    await send('DELETE', `${services}/${name}`);
    const { code } = await merge(`${services}/${name}`, { ...toPort(30_221), metadata: { finalizers: null } });
    assert.equal(code, 200);
    assert.equal((await send('GET', `${services}/${name}`)).code, 404);
    assert.deepEqual([await askedByAnother(30_220), await askedByAnother(30_221)], [201, 201]);
  });

  it('does not keep its deletion from being answered', async () => {
    const name = await make(30_230);
    store.refuse('delete', /node-ports\/30230$/);
    assert.equal((await send('DELETE', `${services}/${name}`)).code, 200);
  });
});

describe('a write whose answer is lost', () => {
  const appended = [{ op: 'add', path: '/metadata/finalizers/-', value: 'd.e/f' }];

  it('is not made again', async () => {
    const path = `${inDefault}/configmaps/lost`;
    await send('POST', `${inDefault}/configmaps`, { metadata: { name: 'lost', finalizers: ['a.b/c'] } });
    await send('GET', path);
    let writes = 0;
    store.loseNextAnswer('update', /configmaps\/default\/lost$/);
    store.beforeNext('update', /configmaps\/default\/lost$/, () => {
      writes += 1;
    });
    const { code } = await send('PATCH', path, appended, 'application/json-patch+json');
    const { json } = await send('GET', path);
    assert.deepEqual([code, writes, json.metadata.finalizers], [504, 1, ['a.b/c', 'd.e/f']]);
  });
});

describe('a request that has written when the store fails', () => {
  it('is not called undone: a collection', async () => {
    for (const name of ['one', 'two']) await send('POST', `${inDefault}/secrets`, { metadata: { name } });
    await send('GET', `${inDefault}/secrets`);
    const isFirstGone = createDeferred<void>();
    store.beforeNext('delete', /secrets\/default\/two$/, async () => {
      await isFirstGone.promise;
      throw new StoreUnavailableError('away', { outcomeUnknown: false });
    });
    const answer = send('DELETE', `${inDefault}/secrets`);
    await eventually(
      'the first is gone',
      async () => (await store.get('/registry/core/secrets/default/one')) === undefined,
    );
    isFirstGone.resolve();
    const { code, json } = await answer;
    assert.deepEqual([code, json.details?.retryAfterSeconds], [504, undefined]);
  });

  it('is not called undone: a pod that was marked before', async () => {
    const pod = { metadata: { name: 'marked' }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    assert.equal((await send('POST', `${inDefault}/pods`, pod)).code, 201);
    store.refuse('delete', /pods\/default\/marked$/);
    assert.equal((await send('DELETE', `${inDefault}/pods/marked?gracePeriodSeconds=0`)).code, 504);
  });

  it('may be repeated when nothing was written', async () => {
    await send('POST', `${inDefault}/configmaps`, { metadata: { name: 'still' } });
    store.refuse('delete', /configmaps\/default\/still$/);
    const { code, json } = await send('DELETE', `${inDefault}/configmaps/still`);
    assert.deepEqual([code, json.details?.retryAfterSeconds], [503, 1]);
  });
});

describe('a pod that is deleted at once, in two steps', () => {
  const create = async (name: string) => {
    const pod = { metadata: { name }, spec: { containers: [{ name: 'c', image: 'i' }] } };
    assert.equal((await send('POST', `${inDefault}/pods`, pod)).code, 201);
  };
  const remove = (name: string) => send('DELETE', `${inDefault}/pods/${name}?gracePeriodSeconds=0`);

  it('may be removed by another between them: its deletion is answered with what it was', async () => {
    await create('removed');
    store.beforeNext('delete', /pods\/default\/removed$/, async () =>
      assert.equal((await remove('removed')).code, 200),
    );
    const { code, json } = await remove('removed');
    assert.deepEqual([code, json.kind, json.metadata.name], [200, 'Pod', 'removed']);
  });

  it('may be made anew between them: the new one stays', async () => {
    await create('renewed');
    store.beforeNext('delete', /pods\/default\/renewed$/, async () => {
      assert.equal((await remove('renewed')).code, 200);
      await create('renewed');
    });
    const { code, json } = await remove('renewed');
    assert.equal(code, 200);
    const { json: present } = await send('GET', `${inDefault}/pods/renewed`);
    assert.notEqual(present.metadata.uid, json.metadata.uid);
  });

  it('may be changed by another between them: it goes all the same', async () => {
    await create('changed');
    store.beforeNext('delete', /pods\/default\/changed$/, async () => {
      assert.equal((await merge(`${inDefault}/pods/changed`, { metadata: { labels: { a: 'b' } } })).code, 200);
    });
    assert.equal((await remove('changed')).code, 200);
    assert.equal((await send('GET', `${inDefault}/pods/changed`)).code, 404);
  });
});
