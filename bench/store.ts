/** The store and the resource caches beside what etcd3 does without them, on an etcd that forces writes to the disk. */

import { Etcd3 } from 'etcd3';
import { aesGcm } from '../apiserver/encryption/ciphers/aes-gcm.ts';
import type { Cipher } from '../apiserver/encryption/ciphers/cipher.ts';
import { secretBox } from '../apiserver/encryption/ciphers/secret-box.ts';
import { Transformer } from '../apiserver/encryption/ciphers/transformer.ts';
import { EncryptedStore } from '../apiserver/encryption/encrypted-store.ts';
import { EtcdStore } from '../apiserver/store/etcd-store.ts';
import type { ResourceCache } from '../apiserver/store/resource-cache.ts';
import type { Store } from '../apiserver/store/store.ts';
import { WatchCaches } from '../apiserver/store/watch-caches.ts';
import { TestEtcd } from '../test/support/etcd.ts';
import {
  formatMs,
  heldMegabytes,
  limitRow,
  type Measurement,
  measure,
  printReport,
  type Row,
  rateRow,
  summarize,
} from './report.ts';

const busy = { inFlight: 64, durationMs: 2_000 };
const serial = { inFlight: 1, durationMs: 1_000 };
const podCount = 10_000;

export async function run(): Promise<void> {
  const etcd = await TestEtcd.start({ unsafeNoFsync: false });
  const store = new EtcdStore({ servers: [etcd.url] });
  try {
    const raw = await measureRaw(etcd.url);
    printReport('Store on etcd, values of 1.5 kB', [
      ...Object.values(raw).map((one) => rateRow(one)),
      ...(await measureStore(store, raw)),
    ]);
    printReport('Encryption at rest, values of 1.5 kB', await measureEncryption(store));
    printReport(`Resource cache, ${podCount} pods of 2.5 kB`, await measureCache(store));
  } finally {
    await store.close();
    await etcd.stop();
  }
}

interface Raw {
  readonly puts: Measurement;
  readonly transactions: Measurement;
  readonly serialPuts: Measurement;
  readonly serialTransactions: Measurement;
}

/** etcd3 as it comes. */
async function measureRaw(url: string): Promise<Raw> {
  const client = new Etcd3({ hosts: url });
  const value = podValue('raw', 1_500);
  const put = (n: number): Promise<unknown> => client.put(`/raw/put/${n}`).value(value).exec();
  const transact =
    (name: string) =>
    (n: number): Promise<unknown> =>
      client
        .if(`/raw/${name}/${n}`, 'Mod', '==', 0)
        .then(client.put(`/raw/${name}/${n}`).value(value))
        .commit();
  await measure('warm up', { ...busy, durationMs: 1_000 }, transact('warm'));
  const raw = {
    puts: await measure('raw puts, 64 in flight', busy, put),
    transactions: await measure('raw transactions, 64 in flight', busy, transact('many')),
    serialPuts: await measure('raw puts, one by one', serial, put),
    serialTransactions: await measure('raw transactions, one by one', serial, transact('serial')),
  };
  client.close();
  return raw;
}

/** What encryption adds to a creation, for each way, and to one that is not encrypted; in turns, on the same etcd. */
async function measureEncryption(store: Store): Promise<Row[]> {
  const key = Buffer.alloc(32, 7);
  const ways: readonly [name: string, cipher: Cipher][] = [
    ['aesgcm', aesGcm('k8s:enc:aesgcm:v1:key1:', key)],
    ['secretbox', secretBox('k8s:enc:secretbox:v1:key1:', key)],
  ];
  const value = podValue('secret', 1_500);
  const place = '/registry/core/secrets/default/web';
  const turns = 2_000;
  const timed = async (work: () => Promise<unknown>): Promise<number> => {
    const begin = performance.now();
    for (let n = 0; n < turns; n += 1) await work();
    return ((performance.now() - begin) / turns) * 1_000;
  };
  const rows: Row[] = [];
  for (const [name, cipher] of ways) {
    const transformer = new Transformer([cipher]);
    const sealed = await transformer.seal(value, place);
    await timed(async () => transformer.seal(value, place));
    const sealing = await timed(async () => transformer.seal(value, place));
    const opening = await timed(async () => transformer.open(sealed, place));
    rows.push({ name: `${name}: encrypt, decrypt`, figure: `${sealing.toFixed(1)} µs, ${opening.toFixed(1)} µs` });
  }
  const [, gcm] = ways[0] ?? [];
  const encrypted = new EncryptedStore(store, {
    transformerOf: (at) => (gcm !== undefined && at.startsWith('/bench/secrets/') ? new Transformer([gcm]) : undefined),
    note() {},
  });
  const create = (name: string, at: Store, prefix: string) =>
    measure(name, serial, (n) => at.create(`${prefix}${n}`, value));
  await create('warm up', encrypted, '/bench/secrets/warm-');
  const plain = await create('create without encryption, one by one', store, '/bench/plain/a-');
  const other = await create('create of what is not encrypted, one by one', encrypted, '/bench/plain/b-');
  const secret = await create('create with aesgcm, one by one', encrypted, '/bench/secrets/c-');
  return [...rows, rateRow(plain), rateRow(other, plain, 0.9), rateRow(secret, plain, 0.9)];
}

async function measureStore(store: Store, raw: Raw): Promise<Row[]> {
  const value = podValue('store', 1_500);
  const revisions = new Map<number, number>();
  const creates = await measure('create, 64 in flight', busy, async (n) => {
    revisions.set(n, await store.create(`/bench/many/${n}`, value));
  });
  const updates = await measure('update, 64 in flight', busy, async (n) => {
    const key = n % revisions.size;
    const revision = revisions.get(key) ?? 0;
    revisions.set(key, await store.update(`/bench/many/${key}`, value, revision));
  });
  const serialCreates = await measure('create, one by one', serial, (n) => store.create(`/bench/serial/${n}`, value));
  const gets = await measure('get, 64 in flight', { ...busy, durationMs: 1_000 }, (n) =>
    store.get(`/bench/serial/${n % 100}`),
  );
  const current = await measure('current revision, 64 in flight', { ...busy, durationMs: 1_000 }, () =>
    store.currentRevision(),
  );
  return [
    rateRow(creates, raw.transactions, 0.8),
    rateRow(updates, raw.transactions, 0.8),
    rateRow(serialCreates, raw.serialTransactions, 0.8),
    rateRow(gets),
    rateRow(current),
    await measureWatch(store),
  ];
}

/** From the call of a write to its event, one by one: the event often comes before the write's own answer. */
async function measureWatch(store: Store): Promise<Row> {
  const controller = new AbortController();
  const begun = new Map<string, number>();
  const latencies: number[] = [];
  const after = await store.currentRevision();
  const watching = (async () => {
    for await (const { changes } of store.watch({ prefix: '/bench/watch/', after, signal: controller.signal })) {
      for (const change of changes) {
        if (change.type === 'put') latencies.push(performance.now() - (begun.get(change.entry.key) ?? 0));
      }
    }
  })();
  const value = podValue('watch', 1_500);
  const writes = await measure('write', serial, async (n) => {
    const key = `/bench/watch/${n}`;
    begun.set(key, performance.now());
    await store.create(key, value);
  });
  controller.abort();
  await watching;
  const { p50Ms, p99Ms } = summarize('watch', latencies, 1);
  return {
    name: 'write begun → seen by a watch',
    figure: `p50 ${formatMs(p50Ms)}  p99 ${formatMs(p99Ms)}`,
    beside: `the write itself: p50 ${formatMs(writes.p50Ms)}  p99 ${formatMs(writes.p99Ms)}`,
  };
}

async function measureCache(store: Store): Promise<Row[]> {
  const prefix = '/registry/core/pods/';
  const keys = Array.from({ length: podCount }, (_, n) => `${prefix}default/pod-${n}`);
  for (let n = 0; n < podCount; n += 100) {
    await Promise.all(
      keys
        .slice(n, n + 100)
        .map((key, m) => store.create(key, podValue(`pod-${n + m}`, 2_500, `node-${(n + m) % 100}`))),
    );
  }
  const memoryBefore = heldMegabytes();
  const caches = new WatchCaches({ store });
  const begin = performance.now();
  const pods = caches.open({
    prefix,
    namespaced: true,
    indexedField: 'spec.nodeName',
    fieldsOf: (object) => ({ 'spec.nodeName': String((object as { spec?: { nodeName?: string } }).spec?.nodeName) }),
  });
  await pods.ready();
  const loadedMs = performance.now() - begin;
  const memory = heldMegabytes() - memoryBefore;
  const list = await measure('list all', { inFlight: 1, durationMs: 500 }, async () => pods.list({}));
  const byLabel = await measure('list 1 % by label', { inFlight: 1, durationMs: 500 }, async () =>
    pods.list({ matches: ({ labels }) => labels.group === '7' }),
  );
  const consistent = await measure('consistent read, 64 in flight', { ...busy, durationMs: 1_000 }, async (n) => {
    await pods.waitUntilConsistent(5_000);
    return pods.get(keys[n % podCount] ?? '');
  });
  const rows: Row[] = [
    limitRow('load', loadedMs, 3_000, 'ms'),
    limitRow(`memory of the cache (${(pods.stats.bytes / 1024 / 1024).toFixed(0)} MB of objects)`, memory, 80, 'MB'),
    rateRow(list),
    rateRow(byLabel),
    rateRow(consistent),
    ...(await measureWatchers(store, pods, keys)),
  ];
  await caches.stop();
  return rows;
}

async function measureWatchers(store: Store, pods: ResourceCache, keys: readonly string[]): Promise<Row[]> {
  const one = keys[0] ?? '';
  const alone = await measure('update of one pod, no watcher', { inFlight: 1, durationMs: 1_500 }, () =>
    touch(store, one),
  );
  await pods.waitUntilConsistent(5_000);
  const elsewhere = openWatchers(pods, 1_000, { 'spec.nodeName': 'elsewhere' });
  const beside = await measure('update, 1,000 watchers of other nodes', { inFlight: 1, durationMs: 1_500 }, () =>
    touch(store, one),
  );
  elsewhere.close();
  await pods.waitUntilConsistent(5_000);
  const concerned = openWatchers(pods, 1_000);
  const latencies: number[] = [];
  for (let n = 0; n < 200; n += 1) {
    const before = concerned.events();
    const begin = performance.now();
    await touch(store, one);
    await pods.waitUntilConsistent(5_000);
    if (concerned.events() !== before + 1_000) throw new Error('A watcher has not got its event');
    latencies.push(performance.now() - begin);
  }
  concerned.close();
  return [
    rateRow(alone),
    {
      ...rateRow(beside),
      beside: `p50 ${(beside.p50Ms / alone.p50Ms).toFixed(2)} × that without watchers, to be ≤ 1.05 ×`,
      isReached: beside.p50Ms <= alone.p50Ms * 1.05,
    },
    rateRow(
      summarize('update → all of 1,000 watchers have it', latencies, latencies.reduce((a, b) => a + b, 0) / 1000),
    ),
  ];
}

function openWatchers(pods: ResourceCache, count: number, fields?: Readonly<Record<string, string>>) {
  let events = 0;
  const watches = Array.from({ length: count }, () => {
    const watch = pods.watch({
      after: pods.revision,
      fields,
      onAvailable: () => {
        events += watch.take().length;
      },
      onEnd: () => {},
    });
    return watch;
  });
  return {
    events: () => events,
    close: () => {
      for (const watch of watches) watch.close();
    },
  };
}

async function touch(store: Store, key: string): Promise<void> {
  const entry = await store.get(key);
  if (entry !== undefined) await store.update(key, entry.value, entry.revision);
}

function podValue(name: string, size: number, nodeName = 'node'): Buffer {
  const pod = {
    apiVersion: 'v1',
    kind: 'Pod',
    metadata: {
      name,
      namespace: 'default',
      uid: name,
      labels: { app: 'bench', group: String(Number(name.slice(4)) % 100) },
    },
    spec: { nodeName, filler: '' },
  };
  pod.spec.filler = 'x'.repeat(Math.max(0, size - JSON.stringify(pod).length));
  return Buffer.from(JSON.stringify(pod));
}
