import assert from 'node:assert/strict';
import { afterEach, describe, it } from 'node:test';
import { StatusError } from '../../api/status-error.ts';
import { configMapKind } from '../../kinds/core/config/config-map.ts';
import { type DecodeInput, runJob } from './heavy-jobs.ts';
import { HeavyWork, type HeavyWorkOptions } from './heavy-work.ts';

const patient = { user: { name: 'anna' }, warn() {}, throwIfAbandoned() {} };

function decodeInput(body: unknown, rest: Partial<DecodeInput> = {}): DecodeInput {
  const { group, version, kind, schema } = configMapKind;
  const bytes = Buffer.from(typeof body === 'string' ? body : JSON.stringify(body));
  const expected = { group, version, kind, definition: schema.definition };
  return { bytes, expected, contentType: 'application/json', fieldValidation: 'Warn', ...rest };
}

const isStatus = (code: number) => (error: unknown) => error instanceof StatusError && error.code === code;

describe('heavy work', { timeout: 600_000 }, () => {
  let work: HeavyWork | undefined;
  const begin = (options?: HeavyWorkOptions): HeavyWork => {
    work = new HeavyWork(options);
    return work;
  };

  afterEach(async () => await work?.close());

  it('decodes, and tells what there is to warn of', async () => {
    const warnings: string[] = [];
    const options = { ...patient, warn: (text: string) => warnings.push(text) };
    const json = await runJob(begin(), 'decode', decodeInput({ data: { constructor: 'x' }, nope: 1 }), options);
    assert.deepEqual(JSON.parse(json), {
      apiVersion: 'v1',
      kind: 'ConfigMap',
      metadata: {},
      data: { constructor: 'x' },
    });
    assert.deepEqual(warnings, ['unknown field "nope"']);
  });

  it('refuses as this thread would', async () => {
    const input = decodeInput('{"data":', {});
    await assert.rejects(runJob(begin(), 'decode', input, patient), isStatus(400));
  });

  it('refuses more values than an object that can be stored has, and maps of more keys', async () => {
    const keys = Object.fromEntries(Array.from({ length: 25_001 }, (_, i) => [`k${i}`, '']));
    await assert.rejects(runJob(begin(), 'decode', decodeInput({ data: keys }), patient), isStatus(413));
    const finalizers = Array.from({ length: 100_001 }, () => 'a');
    const input = decodeInput({ metadata: { finalizers } });
    await assert.rejects(runJob(begin(), 'decode', input, patient), isStatus(413));
  });

  it('does one job after another, each for whom it was asked', async () => {
    const heavy = begin();
    const names = Array.from({ length: 20 }, (_, i) => `name-${i}`);
    const done = await Promise.all(
      names.map((name) => runJob(heavy, 'decode', decodeInput({ metadata: { name } }), patient)),
    );
    assert.deepEqual(
      done.map((json) => JSON.parse(json).metadata.name),
      names,
    );
  });

  it('ends a job that takes too long, and does the next one', async () => {
    const heavy = begin({ limitMs: 1, startMs: 0 });
    const slow = decodeInput(`{"metadata":{"generation":${'9'.repeat(3_000_000)}}}`);
    await assert.rejects(runJob(heavy, 'decode', slow, patient), isStatus(504));
    await assert.rejects(runJob(heavy, 'decode', slow, patient), isStatus(504));
  });

  it('ends a job that takes too much memory, and does the next one', async () => {
    const heavy = begin({ maxHeapMegabytes: 150 });
    const vast = decodeInput(`{"data":{"a":${'[[],'.repeat(700)}${'[],'.repeat(900_000)}`);
    await assert.rejects(runJob(heavy, 'decode', vast, patient), StatusError);
    assert.ok(await runJob(heavy, 'decode', decodeInput({}), patient));
  });

  it('lets nobody wait for long because of what another user asked for', async () => {
    const heavy = begin({ patienceMs: 1 });
    const other = { ...patient, user: { name: 'bob' } };
    // Two threads are there.
    await Promise.all([patient, other].map((one) => runJob(heavy, 'decode', decodeInput({}), one)));
    const slow = runJob(heavy, 'decode', decodeInput(`{"metadata":{"generation":${'9'.repeat(900_000)}}}`), patient);
    const queued = runJob(heavy, 'decode', decodeInput({ metadata: { name: 'queued' } }), patient);
    const order: string[] = [];
    const note = (name: string, job: Promise<unknown>) =>
      job.then(
        () => order.push(name),
        () => order.push(name),
      );
    const quick = note('bob', runJob(heavy, 'decode', decodeInput({}), other));
    await Promise.all([note('slow', slow), note('queued', queued), quick]);
    assert.deepEqual(order, ['bob', 'slow', 'queued']);
  });

  it('begins no job that nobody waits for', async () => {
    const abandoned = new Error('gone');
    const options = {
      ...patient,
      throwIfAbandoned() {
        throw abandoned;
      },
    };
    await assert.rejects(runJob(begin(), 'decode', decodeInput({}), options), abandoned);
  });

  it('lets its thread go when there is nothing to do, and begins again', async () => {
    const heavy = begin({ idleMs: 1 });
    for (let i = 0; i < 5; i += 1) assert.ok(await runJob(heavy, 'decode', decodeInput({}), patient));
  });

  it('fails what has not ended when it is closed', async () => {
    const heavy = begin();
    const waiting = [1, 2].map(() => runJob(heavy, 'decode', decodeInput({}), patient));
    await heavy.close();
    for (const one of waiting) await assert.rejects(one, isStatus(503));
  });
});
