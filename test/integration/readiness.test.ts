/** When an API server says that it is ready: its store answers and its caches are loaded, at the start and later on. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { CompactedError, type ListOptions, type WatchBatch, type WatchOptions } from '../../apiserver/store/store.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
import { silentLogger } from '../../base/logger.ts';
import type { Client } from '../../client/client.ts';
import { createRestClient } from '../../client/rest-client.ts';
import { eventually } from '../support/eventually.ts';
import { startTestApiServer, type TestApiServer } from '../support/test-api-server.ts';

const slowPrefix = '/registry/core/configmaps/';

/** Lists of one resource can be held up, and the watch can lose its place. */
class SlowStore extends MemoryStore {
  #held: Deferred<void> | undefined = createDeferred();
  #lost: Deferred<never> = createDeferred();

  hold(): void {
    this.#held = createDeferred();
  }

  release(): void {
    this.#held?.resolve();
    this.#held = undefined;
  }

  losePlace(): void {
    this.#lost.reject(new CompactedError('compacted'));
    this.#lost = createDeferred();
  }

  override async list(options: ListOptions) {
    if (options.prefix === slowPrefix) await this.#held?.promise;
    return await super.list(options);
  }

  override async *watch(options: WatchOptions): AsyncGenerator<WatchBatch> {
    const batches = super.watch(options)[Symbol.asyncIterator]();
    for (;;) {
      const next = await Promise.race([batches.next(), this.#lost.promise]);
      if (next.done) return;
      yield next.value;
    }
  }
}

describe('/readyz', () => {
  const store = new SlowStore();
  let server: TestApiServer;
  /** Of no role. */
  let kim: Client;

  before(async () => {
    server = await startTestApiServer({ store });
    kim = createRestClient(await server.connectAs('kim'), { userAgent: 'kim', logger: silentLogger });
  });
  after(async () => {
    store.release();
    await kim.close();
    await server.stop();
    await store.close();
  });

  const ask = (path: string): Promise<string> =>
    server.client.raw('GET', path).then(
      ({ text }) => text,
      (error: unknown) => (error instanceof StatusError ? error.message : assert.fail(String(error))),
    );
  const named = '/readyz/informer-sync';
  const untilReady = () => eventually('it is ready', async () => (await ask('/readyz')) === 'ok');

  it('is refused while a cache is loaded, with its name; /livez is not', async () => {
    await eventually('only one is left', async () => /not loaded yet: [^,]*\n/.test(await ask(named)));
    assert.match(
      await ask(named),
      /\[-\]informer-sync failed: not loaded yet: \/registry\/core\/configmaps\/\nreadyz check failed/,
    );
    for (const path of ['/readyz', '/readyz?verbose'])
      assert.match(await ask(path), /\[\+\]etcd ok\n\[-\]informer-sync failed: reason withheld\n/);
    assert.equal(await ask('/livez'), 'ok');
    assert.equal(await ask('/readyz?exclude=informer-sync'), 'ok');
    await assert.rejects(kim.raw('GET', '/readyz?verbose'), /reason withheld/);
    await assert.rejects(kim.raw('GET', named), { code: 403 });
    store.release();
    await untilReady();
    assert.match(await ask('/readyz?verbose'), /\[\+\]informer-sync ok\n/);
  });

  it('is refused again while the caches are loaded again', async () => {
    store.hold();
    store.losePlace();
    await store.create('/registry/core/secrets/default/anything', Buffer.from('{}'));
    await eventually('a cache is behind', async () => (await ask('/readyz')).includes('[-]informer-sync'));
    store.release();
    await untilReady();
  });
});
