/** The etcd store on real etcd processes: the contract, and what happens when etcd or the way to it breaks. */

import assert from 'node:assert/strict';
import { once } from 'node:events';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { Etcd3 } from 'etcd3';
import { EtcdStore } from '../../apiserver/store/etcd-store.ts';
import { type Change, CompactedError, KeyExistsError, StoreUnavailableError } from '../../apiserver/store/store.ts';
import { testStoreConformance } from '../../apiserver/store/testing/store-conformance.ts';
import { createAuthority, issueCertificate, type KeyPair } from '../../base/certificates.ts';
import { TestEtcd } from '../support/etcd.ts';
import { eventually } from '../support/eventually.ts';
import { TcpProxy } from '../support/tcp-proxy.ts';

testStoreConformance('EtcdStore', async () => {
  const etcd = await TestEtcd.start();
  const proxy = await TcpProxy.start(etcd.port);
  const store = new EtcdStore({ servers: [`http://127.0.0.1:${proxy.port}`] });
  const other = new EtcdStore({ servers: [etcd.url] });
  return {
    store,
    other,
    async cutConnections() {
      proxy.cut();
    },
    async stop() {
      await store.close();
      await other.close();
      await proxy.stop();
      await etcd.stop();
    },
  };
});

test('EtcdStore over TLS with a client certificate; without one it is turned away', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-etcd-tls-'));
  t.after(() => rm(folder, { recursive: true }));
  const authority = await createAuthority('etcd-ca');
  const server = await issueCertificate(authority, {
    commonName: 'etcd',
    dnsNames: ['localhost'],
    ipAddresses: ['127.0.0.1'],
    usages: ['server', 'client'],
  });
  const client = await issueCertificate(authority, { commonName: 'apiserver', usages: ['client'] });
  const files = { 'ca.crt': authority.certificate, 'server.crt': server.certificate, 'server.key': server.key };
  for (const [name, content] of Object.entries(files)) await writeFile(join(folder, name), content);
  const etcd = await TestEtcd.start({
    scheme: 'https',
    flags: [
      ...['--cert-file', join(folder, 'server.crt'), '--key-file', join(folder, 'server.key')],
      ...['--client-cert-auth', '--trusted-ca-file', join(folder, 'ca.crt')],
    ],
  });
  t.after(() => etcd.stop());
  const certificateAuthority = authority.certificate;
  // By its name: from Node 26 on, etcd3's gRPC fails with addresses (docs/api-server.md).
  const servers = [etcd.url.replace('127.0.0.1', 'localhost')];
  const clientFiles = { certificateFile: join(folder, 'client.crt'), keyFile: join(folder, 'client.key') };
  const writeClient = async ({ certificate, key }: KeyPair) => {
    await writeFile(clientFiles.keyFile, key);
    await writeFile(clientFiles.certificateFile, certificate);
  };
  await writeClient(client);
  const store = new EtcdStore({
    servers,
    tls: { authority: certificateAuthority, client: clientFiles },
  });
  t.after(() => store.close());
  const revision = await untilWritten(store, '/tls/a');
  assert.equal((await store.get('/tls/a'))?.revision, revision);
  assert.equal((await store.list({ prefix: '/tls/' })).entries.length, 1);

  // Renewed in place: what was open goes on, what is opened then shows the new one.
  const ending = new AbortController();
  const watched: string[] = [];
  const watching = (async () => {
    for await (const { changes } of store.watch({ prefix: '/tls/', after: revision, signal: ending.signal }))
      for (const change of changes) watched.push(change.type === 'put' ? change.entry.key : change.key);
  })();
  await writeClient(await issueCertificate(authority, { commonName: 'renewed', usages: ['client'] }));
  for (let round = 0; round < 30; round += 1) {
    await store.create(`/tls/r${round}`, bytes('x'));
    assert.equal((await store.list({ prefix: '/tls/' })).entries.length, round + 2);
    await delay(50); // the files are looked at once a second
  }
  await eventually('the watch has seen all', () => watched.length === 30);
  ending.abort();
  await watching;

  const stranger = new EtcdStore({ servers, tls: { authority: certificateAuthority }, callTimeoutMs: 1_500 });
  t.after(() => stranger.close());
  await assert.rejects(
    stranger.create('/tls/b', bytes('x')),
    (error) => error instanceof StoreUnavailableError && !error.outcomeUnknown,
  );
  await assert.rejects(stranger.list({ prefix: '/tls/' }), StoreUnavailableError);
});

test('EtcdStore over a Unix socket', async (t) => {
  const folder = await mkdtemp(join(tmpdir(), 'longshore-etcd-socket-'));
  const etcd = await TestEtcd.start();
  const listener = net.createServer((near) => {
    const far = net.connect(etcd.port, '127.0.0.1');
    near.pipe(far).pipe(near);
    for (const socket of [near, far]) socket.on('error', () => near.destroy());
  });
  await once(listener.listen(join(folder, 'client:0')), 'listening');
  const store = new EtcdStore({ servers: [`unix:${folder}/client:0`] });
  t.after(async () => {
    await store.close();
    listener.close();
    await etcd.stop();
    await rm(folder, { recursive: true });
  });
  const revision = await store.create('/socket/a', bytes('x'));
  assert.equal((await store.get('/socket/a'))?.revision, revision);
  assert.equal((await store.list({ prefix: '/socket/' })).entries.length, 1);
});

describe('EtcdStore when things break', () => {
  let etcd: TestEtcd;
  let proxy: TcpProxy;
  let store: EtcdStore;

  before(async () => {
    etcd = await TestEtcd.start();
    proxy = await TcpProxy.start(etcd.port);
    store = new EtcdStore({ servers: [`http://127.0.0.1:${proxy.port}`], callTimeoutMs: 1_500 });
  });
  after(async () => {
    await store.close();
    await proxy.stop();
    await etcd.stop();
  });

  test('while etcd is dead writes say at once that nothing was written; 10 s after its return all is well', async () => {
    const start = await store.currentRevision();
    const watching = record(store, '/killed/', start);
    const written: number[] = [];
    for (let n = 0; n < 50; n += 1) written.push(await store.create(`/killed/a${n}`, bytes('x')));
    await etcd.kill();
    for (let n = 0; n < 5; n += 1) {
      const begin = performance.now();
      await assert.rejects(store.create(`/killed/lost${n}`, bytes('x')), (error) => {
        assert.ok(error instanceof StoreUnavailableError);
        // The first call may have been on its way when the connection went.
        if (n > 0) assert.equal(error.outcomeUnknown, false, String(error));
        return true;
      });
      assert.ok(performance.now() - begin < 5_000);
    }
    await assert.rejects(store.get('/killed/a0'), StoreUnavailableError);
    await etcd.start();
    const back = performance.now();
    written.push(await untilWritten(store, '/killed/b'));
    for (let n = 0; n < 20; n += 1) written.push(await store.create(`/killed/c${n}`, bytes('x')));
    await watching.until(written.length);
    assert.ok(performance.now() - back < 10_000);
    assert.deepEqual(await watching.stop(), written);
  });

  test('kill -9 in a storm: acknowledged writes are there, refused ones are not, the watch has each once', async () => {
    const start = await untilItWorks(() => store.currentRevision());
    const watching = record(store, '/storm/', start);
    const acknowledged: string[] = [];
    const refused: string[] = [];
    const enough = new AbortController();
    const writers = Array.from({ length: 8 }, async (_, writer) => {
      for (let n = 0; !enough.signal.aborted; n += 1) {
        const key = `/storm/${writer}-${n}`;
        try {
          await store.create(key, bytes('x'));
          acknowledged.push(key);
        } catch (error) {
          assert.ok(error instanceof StoreUnavailableError, String(error));
          if (!error.outcomeUnknown) refused.push(key);
          await delay(20);
        }
      }
    });
    const more = (list: readonly string[], count: number) => {
      const wanted = list.length + count;
      return eventually(`${count} more writes have an answer`, async () => list.length >= wanted);
    };
    await more(acknowledged, 50);
    await etcd.kill();
    await more(refused, 8);
    await etcd.start();
    await more(acknowledged, 50);
    proxy.cut();
    await more(acknowledged, 50);
    enough.abort();
    await Promise.all(writers);
    const { entries } = await untilItWorks(() => store.list({ prefix: '/storm/' }));
    const present = new Set(entries.map(({ key }) => key));
    assert.ok(acknowledged.length > 100 && refused.length > 0, `${acknowledged.length}/${refused.length}`);
    assert.deepEqual(
      acknowledged.filter((key) => !present.has(key)),
      [],
    );
    assert.deepEqual(
      refused.filter((key) => present.has(key)),
      [],
    );
    await watching.until(entries.length);
    assert.deepEqual(
      await watching.stop(),
      entries.map(({ revision }) => revision).sort((a, b) => a - b),
    );
  });

  test('an etcd that hangs: calls end at their deadline with an unknown outcome, and go on when it goes on', async (t) => {
    await untilItWorks(() => store.currentRevision());
    await etcd.freeze();
    t.after(() => etcd.thaw());
    const begin = performance.now();
    await assert.rejects(
      store.create('/frozen/a', bytes('x')),
      (error) => error instanceof StoreUnavailableError && error.outcomeUnknown,
    );
    assert.ok(performance.now() - begin < 10_000);
    etcd.thaw();
    await untilWritten(store, '/frozen/b');
    // The write that nobody answered may well have happened.
    const late = await store.create('/frozen/a', bytes('x')).then(
      () => 'created',
      (error: unknown) => (error instanceof KeyExistsError ? 'was there' : String(error)),
    );
    assert.match(late, /created|was there/);
  });

  test('answers that are lost on the way leave the outcome unknown', async () => {
    await untilWritten(store, '/held/a');
    const direct = new EtcdStore({ servers: [etcd.url] });
    proxy.holdAnswers(true);
    const writing = assert.rejects(
      store.create('/held/b', bytes('x')),
      (error) => error instanceof StoreUnavailableError && error.outcomeUnknown,
    );
    await eventually('it is written', async () => (await direct.get('/held/b')) !== undefined);
    proxy.cut();
    proxy.holdAnswers(false);
    await writing;
    await direct.close();
    assert.ok(await untilItWorks(() => store.get('/held/b')), 'It had been written');
  });

  test('of several members one that is dead or silent is passed over', async (t) => {
    const other = await TcpProxy.start(etcd.port);
    const several = new EtcdStore({
      servers: [`http://127.0.0.1:${other.port}`, `http://127.0.0.1:${proxy.port}`],
      callTimeoutMs: 1_000,
    });
    t.after(async () => {
      proxy.holdAnswers(false);
      await several.close();
      await other.stop();
    });
    const revision = await several.create('/several/a', bytes('1'));
    other.refuse(true);
    other.cut();
    const second = await untilItWorks(() => several.update('/several/a', bytes('2'), revision));
    assert.equal((await several.get('/several/a'))?.revision, second);
    other.refuse(false);
    proxy.holdAnswers(true);
    await assert.rejects(several.get('/several/a'), StoreUnavailableError);
    assert.equal((await untilItWorks(() => several.get('/several/a')))?.revision, second);
  });

  test('a watch that was away during a compaction is told so', async () => {
    const start = await untilWritten(store, '/compacted/a');
    const direct = new EtcdStore({ servers: [etcd.url] });
    let seen = 0;
    const watching = (async () => {
      const signal = AbortSignal.timeout(60_000);
      for await (const _ of store.watch({ prefix: '/compacted/', after: start, signal })) seen += 1;
    })();
    const ended = assert.rejects(watching, CompactedError);
    let revision = await direct.update('/compacted/a', bytes('0'), start);
    await eventually('the watch is under way', async () => seen > 0);
    proxy.refuse(true);
    proxy.cut();
    for (let n = 2; n < 6; n += 1) revision = await direct.update('/compacted/a', bytes(`${n}`), revision);
    await direct.compact(revision);
    proxy.refuse(false);
    await ended;
    await direct.close();
  });

  test('a lease that etcd forgot is taken anew', async () => {
    await untilItWorks(() => store.create('/lease/a', bytes('x'), { timeToLiveSeconds: 600 }));
    const direct = new Etcd3({ hosts: etcd.url });
    const { leases } = await direct.leaseClient.leaseLeases();
    for (const { ID } of leases) await direct.leaseClient.leaseRevoke({ ID });
    direct.close();
    assert.equal(await store.get('/lease/a'), undefined);
    await store.create('/lease/a', bytes('x'), { timeToLiveSeconds: 600 });
  });
});

const bytes = (text: string): Buffer => Buffer.from(text);
const revisionOf = (change: Change): number => (change.type === 'put' ? change.entry.revision : change.revision);

/** Repeats `call` while the store is out of reach, for at most 10 s: the time in which it must be back. */
async function untilItWorks<T>(call: () => Promise<T>): Promise<T> {
  const deadline = performance.now() + 10_000;
  for (;;) {
    try {
      return await call();
    } catch (error) {
      if (!(error instanceof StoreUnavailableError) || performance.now() > deadline) throw error;
      await delay(50);
    }
  }
}

/**
 * Creates `key` as soon as the store can be reached and returns its revision. A call whose connection broke after it
 * was sent may have written all the same; then the key is there.
 */
async function untilWritten(store: EtcdStore, key: string): Promise<number> {
  return untilItWorks(async () => {
    try {
      return await store.create(key, bytes('x'));
    } catch (error) {
      const there = error instanceof KeyExistsError ? await store.get(key) : undefined;
      if (!there) throw error;
      return there.revision;
    }
  });
}

/** A watch in the background that notes the revisions it sees. */
function record(store: EtcdStore, prefix: string, after: number) {
  const controller = new AbortController();
  const revisions: number[] = [];
  const done = (async () => {
    for await (const { changes } of store.watch({ prefix, after, signal: controller.signal })) {
      revisions.push(...changes.map(revisionOf));
    }
  })();
  return {
    async until(count: number): Promise<void> {
      const deadline = performance.now() + 10_000;
      while (revisions.length < count) {
        assert.ok(performance.now() < deadline, `The watch has seen ${revisions.length} of ${count} changes`);
        await delay(10);
      }
    },
    async stop(): Promise<number[]> {
      controller.abort();
      await done;
      return revisions;
    },
  };
}
