/** When an API server says that it is ready: its store answers and its caches are loaded, at the start and later on. */

import assert from 'node:assert/strict';
import { after, before, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { CompactedError, type ListOptions, type WatchBatch, type WatchOptions } from '../../apiserver/store/store.ts';
import { MemoryStore } from '../../apiserver/store/testing/memory-store.ts';
import { createDeferred, type Deferred } from '../../base/deferred.ts';
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

  before(async () => {
    server = await startTestApiServer({ store });
  });
  after(async () => {
    store.release();
    await server.stop();
    await store.close();
  });

  const ask = (path: string): Promise<string> =>
    server.client.raw('GET', path).then(
      ({ text }) => text,
      (error: unknown) => (error instanceof StatusError ? error.message : assert.fail(String(error))),
    );
  const untilReady = () => eventually('it is ready', async () => (await ask('/readyz')) === 'ok');

  it('is refused while a cache is loaded, with its name; /livez is not', async () => {
    await eventually('only one is left', async () => /not loaded yet: [^,]*\n/.test(await ask('/readyz')));
    assert.match(
      await ask('/readyz'),
      /\[\+\]etcd ok\n\[-\]informer-sync failed: not loaded yet: \/registry\/core\/configmaps\/\n/,
    );
    assert.match(await ask('/readyz/informer-sync'), /\[-\]informer-sync failed/);
    assert.equal(await ask('/livez'), 'ok');
    assert.equal(await ask('/readyz?exclude=informer-sync'), 'ok');
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
