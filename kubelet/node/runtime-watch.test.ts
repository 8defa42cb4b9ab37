import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { silentLogger } from '../../base/logger.ts';
import { FakeClock } from '../../base/testing/fake-clock.ts';
import { RuntimeError } from '../runtime/runtime.ts';
import { RuntimeWatch } from './runtime-watch.ts';

type Answer = () => Promise<string>;
const answers: Answer = () => Promise.resolve('27.0');
const hangs: Answer = () => new Promise(() => undefined);
const refuses: Answer = () => Promise.reject(new RuntimeError('Unavailable', 'connection refused'));

const settle = () => new Promise(setImmediate);

/** Watches a runtime that answers as `answer` says, for as long as `play` takes. */
async function watch(
  play: (parts: { watch: RuntimeWatch; clock: FakeClock; set(answer: Answer): void }) => Promise<void>,
) {
  const clock = new FakeClock(0);
  const stop = new AbortController();
  let answer = answers;
  let told = 0;
  const subject = new RuntimeWatch({
    runtime: {
      version: () => answer(),
      listImages: async () => [],
      supportsRecursiveReadOnly: async () => true,
    },
    clock,
    logger: silentLogger,
    onChange: () => {
      told += 1;
    },
  });
  const running = subject.run(stop.signal);
  await play({
    watch: subject,
    clock,
    set(next) {
      answer = next;
    },
  });
  stop.abort();
  await running;
  return told;
}

describe('RuntimeWatch', () => {
  it('knows the version once the runtime has answered', async () => {
    await watch(async ({ watch }) => {
      assert.equal(watch.hasAnswered, false);
      await settle();
      assert.deepEqual([watch.hasAnswered, watch.facts.version, watch.trouble], [true, '27.0', undefined]);
      assert.equal(watch.facts.recursiveReadOnly, true);
    });
  });

  for (const [what, broken, first] of [
    ['hangs', hangs, 'slow'],
    ['refuses', refuses, 'down'],
  ] as const)
    it(`tells of one that ${what} at once, and lets the node be ready for a minute`, async () => {
      const told = await watch(async ({ watch, clock, set }) => {
        await settle();
        set(broken);
        await clock.advance(20_000);
        assert.equal(watch.trouble?.type, first);
        assert.equal(watch.whyNotReady, undefined);
        await clock.advance(60_000);
        assert.equal(watch.trouble?.type, 'down');
        assert.match(watch.whyNotReady ?? '', /^container runtime is down: /);
        set(answers);
        // A question that got lost is given up by the runtime; the next one is answered.
        await clock.advance(20_000);
      });
      assert.ok(told >= 2, `told ${told} times`);
    });

  it('is well again as soon as the runtime answers', async () => {
    await watch(async ({ watch, clock, set }) => {
      set(refuses);
      await clock.advance(75_000);
      assert.ok(watch.whyNotReady !== undefined);
      set(answers);
      await clock.advance(2_000);
      assert.deepEqual([watch.trouble, watch.whyNotReady], [undefined, undefined]);
    });
  });

  it('takes an answer that comes late', async () => {
    await watch(async ({ watch, clock, set }) => {
      await settle();
      let answer: (version: string) => void = () => undefined;
      set(() => new Promise((resolve) => (answer = resolve)));
      await clock.advance(20_000);
      assert.equal(watch.trouble?.type, 'slow');
      answer('27.1');
      await settle();
      assert.deepEqual([watch.trouble, watch.facts.version], [undefined, '27.1']);
    });
  });
});
