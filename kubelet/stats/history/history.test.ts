import assert from 'node:assert/strict';
import { appendFile, mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { describe, it } from 'node:test';
import { HistoryQuestionError } from '../../../api/history-since.ts';
import type { PodIdentity } from '../../runtime/runtime.ts';
import { historyAnswer } from './history-answer.ts';
import { HistoryFiles } from './history-files.ts';
import { readHistoryLines } from './history-lines.ts';
import { coarseSize, fineSize, type SubjectRow, UsageHistory } from './usage-history.ts';
import { UsageRing, type UsageRow } from './usage-ring.ts';

const row = (cpuCores: number, rest: Partial<UsageRow> = {}): UsageRow => ({
  cpuCores,
  memoryBytes: 1000,
  receivedBytesPerSecond: 10,
  sentBytesPerSecond: 20,
  restarts: 0,
  ...rest,
});
const web: PodIdentity = { namespace: 'shop', name: 'web', uid: 'u1' };
const day = 24 * 3_600_000;
const start = 1_700_000_000_000 - (1_700_000_000_000 % coarseSize.stepMs);

describe('UsageRing', () => {
  const cpuOf = (ring: UsageRing, since = 0) => [...ring.rows(since)].map(({ at, cpuCores }) => [at, cpuCores]);

  it('forgets what is older than it reaches, and leaves gaps out', () => {
    const ring = new UsageRing({ slots: 3, stepMs: 10 });
    for (const at of [100, 112, 140]) ring.add(at, row(at / 4));
    assert.deepEqual(cpuOf(ring), [[140, 35]]);
    ring.add(150, row(1));
    ring.add(170, row(2));
    assert.deepEqual(cpuOf(ring), [
      [150, 1],
      [170, 2],
    ]);
    assert.deepEqual(cpuOf(ring, 151), [[170, 2]]);
    ring.add(100, row(9));
    assert.equal(cpuOf(ring).length, 2);
  });

  it('is the mean of what falls into one slot, with the last restarts', () => {
    const ring = new UsageRing({ slots: 2, stepMs: 100 });
    ring.add(0, row(1, { restarts: 1 }));
    ring.add(50, row(2, { restarts: 3 }));
    ring.add(99, row(3, { restarts: 3 }));
    assert.deepEqual([...ring.rows(0)], [{ at: 0, ...row(2, { restarts: 3 }) }]);
  });

  it('survives a clock that jumps by years', () => {
    const ring = new UsageRing({ slots: 4, stepMs: 1000 });
    ring.add(0, row(1));
    ring.add(1e12, row(2));
    assert.deepEqual(cpuOf(ring), [[1e12, 2]]);
  });
});

/** Rows each half minute from `from` until `until`. */
function fill(add: (at: number, rows: readonly SubjectRow[]) => void, [from, until]: readonly [number, number]): void {
  for (let at = from; at < until; at += fineSize.stepMs)
    add(at, [
      { subject: undefined, row: row(2) },
      { subject: web, row: row(0.5) },
    ]);
}

describe('UsageHistory', () => {
  it('has two hours in steps of half a minute, and a day in steps of five minutes, without a gap or a double', () => {
    const history = new UsageHistory();
    fill((at, rows) => history.add(at, rows), [start, start + day + 3_600_000]);
    const [node, pod] = history.read(0, () => true);
    assert.deepEqual([node?.subject, pod?.subject], [undefined, web]);
    const times = (pod?.rows ?? []).map(({ at }) => at);
    const steps = times.slice(1).map((at, index) => at - (times[index] ?? 0));
    assert.equal(steps.filter((step) => step === fineSize.stepMs).length, fineSize.slots - 1);
    assert.ok(steps.every((step) => step <= coarseSize.stepMs && step > 0));
    const span = (times.at(-1) ?? 0) - (times[0] ?? 0);
    assert.ok(span > day - 2 * coarseSize.stepMs && span <= day, String(span));
  });

  it('forgets a pod a day after it was seen last, and never has more than 512', () => {
    const history = new UsageHistory();
    history.add(start, [{ subject: web, row: row(1) }]);
    history.add(start + day + 1, [{ subject: undefined, row: row(1) }]);
    assert.equal(history.size, 1);
    for (let index = 0; index < 600; index += 1)
      history.add(start + day + index * 1000, [{ subject: { ...web, uid: `u${index}` }, row: row(1) }]);
    assert.equal(history.size, 513);
    assert.equal(history.read(0, (subject) => subject?.uid === 'u0').length, 0);
    assert.equal(history.read(0, (subject) => subject === undefined).length, 1);
  });
});

describe('HistoryFiles', () => {
  async function inFolder(work: (folder: string) => Promise<void>): Promise<void> {
    const folder = await mkdtemp(join(tmpdir(), 'history-'));
    try {
      await work(folder);
    } finally {
      await rm(folder, { recursive: true });
    }
  }

  it('give back what was there, also after a crash in the middle of a line, and stay small', () =>
    inFolder(async (folder) => {
      const [before, after] = [new UsageHistory(), new UsageHistory()];
      let files = new HistoryFiles(folder);
      await files.load(before, start);
      const end = start + 5 * 3_600_000;
      for (let at = start; at < end; at += fineSize.stepMs) {
        if (at === start + 3_600_000) {
          await appendFile(join(folder, 'fine.jsonl'), '{"t":17000000');
          files = new HistoryFiles(folder);
          await files.load(new UsageHistory(), at);
        }
        const rows = [
          { subject: undefined, row: row(2) },
          { subject: web, row: row(0.5) },
        ];
        before.add(at, rows);
        await files.append(at, rows, before);
      }
      assert.deepEqual((await readdir(folder)).sort(), ['coarse.jsonl', 'fine.before.jsonl', 'fine.jsonl']);
      await new HistoryFiles(folder).load(after, end);
      const [one, other] = [before, after].map((history) => history.read(0, () => true));
      assert.deepEqual(other, one);
      assert.equal(one?.length, 2);
    }));

  it('leave out what is no line of theirs, and what a wrong clock wrote', () =>
    inFolder(async (folder) => {
      const lines = [
        'nonsense',
        'null',
        '[1]',
        '{"t":"1","r":[]}',
        '{"p":[1,"u1","shop"]}',
        `{"t":${start},"r":[[7,1,1,1,1,1],[0,"1",1,1,1,1],[0,1],[0,3,1,1,1,1]]}`,
        `{"t":${start + 60_000},"r":[[0,4,1,1,1,1]]}`,
      ];
      await appendFile(join(folder, 'fine.jsonl'), lines.join('\n'));
      const history = new UsageHistory();
      await new HistoryFiles(folder).load(history, start + 1000);
      assert.deepEqual(
        history.read(0, () => true).map(({ subject, rows }) => [subject, rows.map(({ cpuCores }) => cpuCores)]),
        [[undefined, [3]]],
      );
      assert.equal([...readHistoryLines('{}\n{"p":[1,2,3,4]}')].length, 0);
    }));
});

describe('/stats/history', () => {
  const history = new UsageHistory();
  fill((at, rows) => history.add(at, rows), [start, start + 600_000]);
  const now = start + 600_000;
  const ask = (text: string) =>
    JSON.parse(JSON.stringify(historyAnswer({ history, nodeName: 'n', query: new URLSearchParams(text), now }))) as {
      node?: number[][];
      pods: { podRef: PodIdentity; rows: number[][] }[];
    };

  it('tells of the node and of the pods that are asked for, since the time that is asked for', () => {
    const all = ask('');
    assert.equal(all.node?.length, 20);
    assert.deepEqual(all.pods[0]?.podRef, web);
    assert.deepEqual(all.pods[0]?.rows[0], [start / 1000, 0.5, 1000, 10, 20, 0]);
    assert.equal(ask('since=2m').node?.length, 4);
    assert.equal(ask('since=120').node?.length, 4);
    assert.equal(ask(`since=${new Date(now - 120_000).toISOString()}`).node?.length, 4);
    for (const [query, count] of [
      ['pod=web', 1],
      ['namespace=shop', 1],
      ['pod=web&namespace=other', 0],
      ['pod=other', 0],
    ] as const) {
      const found = ask(query);
      assert.deepEqual([found.node, found.pods.length], [undefined, count], query);
    }
  });

  it('says what is wrong with a time', () => {
    for (const text of ['since=yesterday', 'since=-5m', 'since=5x'])
      assert.throws(() => ask(text), HistoryQuestionError);
  });
});
