/**
 * Two API servers over one etcd, clients that read and write through both, while etcd and an API server are killed:
 * every answer fits one order of events, and every watch shows that order, whole and without repeats.
 */

import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as delay } from 'node:timers/promises';
import { EtcdStore } from '../../apiserver/store/etcd-store.ts';
import { createAuthority, issueCertificate } from '../../base/certificates.ts';
import { type ApiAccess, ApiRegisters } from '../linearizability/api-register.ts';
import { checkLinearizability } from '../linearizability/checker.ts';
import { type Call, HistoryRecorder } from '../linearizability/history.ts';
import { ApiServerProcess } from '../support/api-server-process.ts';
import { TestEtcd } from '../support/etcd.ts';

const keys = Array.from({ length: 8 }, (_, n) => `register-${n}`);
const clientCount = 8;
/** Clients go on until so much was done, however slow the machine is. */
const leastDone = 1_000;

test('answers are linearizable and watches whole while etcd and an API server die', { timeout: 180_000 }, async (t) => {
  const authority = await createAuthority('longshore-test');
  const etcd = await TestEtcd.start();
  t.after(() => etcd.stop());
  const servers = await Promise.all([1, 2].map(() => ApiServerProcess.start({ etcdUrl: etcd.url, authority })));
  t.after(() => Promise.all(servers.map((server) => server.stop())));
  const [first, second] = servers;
  assert.ok(first && second);
  const admin = await issueCertificate(authority, {
    commonName: 'admin',
    organizations: ['system:masters'],
    usages: ['client'],
  });
  const access: ApiAccess = {
    certificateAuthority: authority.certificate,
    clientCertificate: admin.certificate,
    clientKey: admin.key,
  };
  const registers = new ApiRegisters(access, 'default');
  t.after(() => registers.close());
  const urls = [first.url, second.url];
  const store = new EtcdStore({ servers: [etcd.url] });
  t.after(() => store.close());
  // A server knows the history of a resource from its first request on.
  for (const url of urls) assert.ok(await registers.readAll(url, keys));
  const start = await store.currentRevision();

  const watchers = Array.from({ length: 6 }, (_, n) => new WatchRecorder(registers, urls, n, start));
  t.after(() => Promise.all(watchers.map((watcher) => watcher.stop())));
  const recorder = new HistoryRecorder();
  const enough = new AbortController();
  t.after(() => enough.abort());
  const clients = Array.from({ length: clientCount }, (_, n) =>
    useRegisters(n, { registers, urls, recorder, signal: enough.signal }),
  );
  // No state is waited for here: clients go on all the while, and each outage and each calm between has to last a bit.
  await delay(2_000);
  await first.kill();
  await delay(1_500);
  await etcd.kill();
  await delay(1_000);
  await Promise.all([etcd.start(), first.start()]);
  await delay(2_000);
  await first.kill('SIGTERM');
  await first.start();
  await delay(1_500);
  while (done(recorder) < leastDone) await delay(100);
  enough.abort();
  await Promise.all(clients);

  const verdict = checkLinearizability(recorder.operations);
  assert.ok(verdict.isLinearizable, JSON.stringify(verdict, undefined, 1));
  const counts = new Map<string, number>();
  for (const { answer } of recorder.operations) counts.set(answer.type, (counts.get(answer.type) ?? 0) + 1);
  t.diagnostic(`${recorder.operations.length} operations: ${JSON.stringify(Object.fromEntries(counts))}`);

  const reference = await changesInEtcd(store, start);
  for (const watcher of watchers) await watcher.until(reference.at(-1)?.revision ?? start);
  for (const watcher of watchers) assert.deepEqual(await watcher.stop(), reference);
});

const done = ({ operations }: HistoryRecorder): number =>
  operations.filter(({ answer }) => answer.type === 'ok').length;

interface Work {
  readonly registers: ApiRegisters;
  readonly urls: readonly string[];
  readonly recorder: HistoryRecorder;
  /** Aborts when enough was done. */
  readonly signal: AbortSignal;
}

/** One client: one call at a time, to either server. It updates what it has seen, and sometimes what it has not. */
async function useRegisters(client: number, { registers, urls, recorder, signal }: Work): Promise<void> {
  const seen = new Map<string, number>();
  for (let n = 0; !signal.aborted; n += 1) {
    const url = urls[(client + n) % urls.length] ?? '';
    const key = keys[(client * 3 + n * 5) % keys.length] ?? '';
    if (n % 16 === 15) {
      await readAll({ registers, recorder, url });
      continue;
    }
    const call = nextCall(n, `${client}-${n}`, seen.get(key));
    const answer = await recorder.record(key, call, () => registers.perform(url, key, call));
    if (answer.type === 'ok' && answer.version !== undefined) seen.set(key, answer.version);
    else if (answer.type === 'missing') seen.delete(key);
    // A server that is away is not asked as fast as it refuses.
    if (answer.type === 'refused' || answer.type === 'unknown') await delay(50);
  }
}

function nextCall(n: number, value: string, seen: number | undefined): Call {
  if (n % 3 === 0) return { type: 'read' };
  if (seen === undefined) return { type: 'create', value };
  if (n % 11 === 0) return { type: 'delete', expected: seen };
  if (n % 17 === 0) return { type: 'delete' };
  return n % 4 === 0 ? { type: 'update', value } : { type: 'update', value, expected: seen };
}

/** A LIST is a read of every register at one moment. */
async function readAll({ registers, recorder, url }: Pick<Work, 'registers' | 'recorder'> & { readonly url: string }) {
  const begin = performance.now();
  const answers = await registers.readAll(url, keys);
  const end = performance.now();
  for (const [key, answer] of answers ?? []) {
    recorder.operations.push({ key, call: { type: 'read' }, answer, begin, end });
  }
}

interface Seen {
  readonly type: string;
  readonly name: string;
  readonly revision: number;
}

/** Follows the registers from a revision; when a watch breaks it goes on at the other server from where it was. */
class WatchRecorder {
  readonly #seen: Seen[] = [];
  readonly #stopped = new AbortController();
  readonly #done: Promise<void>;
  #reached: number;

  constructor(registers: ApiRegisters, urls: readonly string[], first: number, after: number) {
    this.#reached = after;
    this.#done = this.#follow(registers, urls, first);
  }

  async until(revision: number): Promise<void> {
    const deadline = performance.now() + 30_000;
    while (this.#reached < revision) {
      assert.ok(performance.now() < deadline, `A watch has reached ${this.#reached} of ${revision}`);
      await delay(20);
    }
  }

  async stop(): Promise<readonly Seen[]> {
    this.#stopped.abort();
    await this.#done;
    return this.#seen;
  }

  async #follow(registers: ApiRegisters, urls: readonly string[], first: number): Promise<void> {
    const { signal } = this.#stopped;
    for (let attempt = first; !signal.aborted; attempt += 1) {
      try {
        for await (const line of registers.watch(urls[attempt % urls.length] ?? '', this.#reached, signal)) {
          if (!this.#note(line)) break;
        }
      } catch (error) {
        // A cut connection or a server that is away; what matters is what was seen in the end.
        if (error instanceof SyntaxError) throw error;
      }
      await delay(50);
    }
  }

  /** False when the server cannot go on from here: a server that was started later does not know the time before. */
  #note(line: string): boolean {
    const { type, object } = JSON.parse(line);
    if (type === 'ERROR') return false;
    const revision = Number(object.metadata.resourceVersion);
    if (keys.includes(object.metadata.name)) this.#seen.push({ type, name: object.metadata.name, revision });
    this.#reached = Math.max(this.#reached, revision);
    return true;
  }
}

/** What really happened, from etcd itself. */
async function changesInEtcd(store: EtcdStore, after: number): Promise<Seen[]> {
  const prefix = '/registry/core/configmaps/default/';
  const newest = await store.currentRevision();
  const changes: Seen[] = [];
  const controller = new AbortController();
  await store.create('/registry/end-of-test', Buffer.from('{}'));
  for await (const batch of store.watch({ prefix: '/registry/', after, signal: controller.signal })) {
    for (const change of batch.changes) {
      const key = change.type === 'put' ? change.entry.key : change.key;
      if (!key.startsWith(prefix)) continue;
      const name = key.slice(prefix.length);
      if (!keys.includes(name)) continue;
      const type = change.type === 'delete' ? 'DELETED' : change.created ? 'ADDED' : 'MODIFIED';
      changes.push({ type, name, revision: change.type === 'put' ? change.entry.revision : change.revision });
    }
    if (batch.revision > newest) controller.abort();
  }
  return changes;
}
