import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { endpointSlices } from '../../api/resources/discovery.ts';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { storedObject } from '../../client/testing/stored-object.ts';
import { computeIntervalMs, ProgrammedRevision } from './programmed-revision.ts';

const slice = (resourceVersion: string, terminating: boolean) =>
  storedObject(endpointSlices, {
    metadata: { name: 's', resourceVersion },
    addressType: 'IPv4',
    endpoints: [{ addresses: ['10.0.0.1'], conditions: { ready: !terminating, serving: true, terminating } }],
  });

interface World {
  readonly revision: ProgrammedRevision;
  readonly written: readonly number[];
  /** The next write fails. */
  breaks(): void;
  pass(ms: number): Promise<void>;
}

/** Three nodes, so that a node writes every 50 ms; `random` is where in that it does. */
async function inWorld(work: (world: World) => Promise<void>, random = 0): Promise<void> {
  const clock = new FakeClock();
  const written: number[] = [];
  let isBroken = false;
  const revision = new ProgrammedRevision({
    ...{ nodeCount: () => 3, clock, logger: silentLogger, random: () => random },
    async write(one) {
      if (isBroken) {
        isBroken = false;
        throw new Error('the API server is away');
      }
      written.push(one);
    },
  });
  const over = new AbortController();
  const running = revision.run(over.signal);
  const pass = async (ms: number) => {
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
    await clock.advance(ms);
    for (let turn = 0; turn < 5; turn += 1) await new Promise(setImmediate);
  };
  await work({ revision, written, pass, breaks: () => (isBroken = true) });
  over.abort();
  await running;
}

describe('the programmed revision', () => {
  it('is written once at first, then only when a slice showed an endpoint that ends', () =>
    inWorld(async ({ revision, written, pass }) => {
      await pass(1_000);
      assert.deepEqual(written, []);
      revision.programmed('5');
      await pass(1_000);
      assert.deepEqual(written, [5]);
      revision.seen(slice('6', false));
      revision.programmed('6');
      await pass(1_000);
      assert.deepEqual(written, [5], 'nobody waits for it');
      revision.seen(slice('8', true));
      await pass(1_000);
      assert.deepEqual(written, [5], 'it is not programmed yet');
      revision.programmed('8');
      await pass(1_000);
      assert.deepEqual(written, [5, 8]);
      revision.programmed('9');
      await pass(1_000);
      assert.deepEqual(written, [5, 8]);
    }));

  it('is written at most once in the interval, and then the newest', () =>
    inWorld(async ({ revision, written, pass }) => {
      revision.programmed('5');
      await pass(0);
      for (const one of ['6', '7', '8']) {
        revision.seen(slice(one, true));
        revision.programmed(one);
        await pass(10);
      }
      assert.deepEqual(written, [5]);
      await pass(50);
      assert.deepEqual(written, [5, 8]);
    }));

  it('is spread over the interval', () =>
    inWorld(async ({ revision, written, pass }) => {
      revision.programmed('5');
      await pass(24);
      assert.deepEqual(written, []);
      await pass(1);
      assert.deepEqual(written, [5]);
    }, 0.5));

  it('is tried again when it could not be written', () =>
    inWorld(async ({ revision, written, pass, breaks }) => {
      breaks();
      revision.programmed('5');
      await pass(0);
      assert.deepEqual(written, []);
      await pass(1_000);
      assert.deepEqual(written, [5]);
    }));

  it('begins again where the store was put back', () =>
    inWorld(async ({ revision, written, pass }) => {
      revision.seen(slice('90', true));
      revision.programmed('90');
      await pass(100);
      revision.programmed('40');
      await pass(100);
      revision.seen(slice('41', true));
      revision.programmed('41');
      await pass(100);
      assert.deepEqual(written, [90, 40, 41]);
    }));
});

describe('the interval between writes', () => {
  for (const [nodes, ms] of [
    [1, 50],
    [10, 50],
    [100, 500],
    [1_000, 5_000],
    [5_000, 5_000],
  ] as const)
    it(`is ${ms} ms with ${nodes} nodes`, () => assert.equal(computeIntervalMs(nodes), ms));
});
