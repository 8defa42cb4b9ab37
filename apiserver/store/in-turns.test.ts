import assert from 'node:assert/strict';
import { PassThrough } from 'node:stream';
import { test } from 'node:test';
import { inTurns } from './in-turns.ts';

const objects = () => new PassThrough({ objectMode: true });

test('what arrives in one turn of the event loop comes together', async () => {
  const stream = objects();
  const turns = inTurns<number>(stream);
  const first = turns.next();
  for (const one of [1, 2, 3]) stream.write(one);
  assert.deepEqual((await first).value, [1, 2, 3]);
  const second = turns.next();
  stream.write(4);
  assert.deepEqual((await second).value, [4]);
});

test('a reader that is slower than the stream gets everything, in order', async () => {
  const stream = objects();
  const count = 5_000;
  const turns = inTurns<number>(stream);
  const taken: number[] = [];
  const writing = (async () => {
    for (let one = 0; one < count; one += 1) {
      if (!stream.write(one)) await new Promise((resolve) => stream.once('drain', resolve));
    }
    stream.end();
  })();
  for await (const turn of turns) {
    taken.push(...turn);
    await new Promise((resolve) => setTimeout(resolve, 1));
  }
  await writing;
  assert.deepEqual(
    taken,
    Array.from({ length: count }, (_, one) => one),
  );
});

test('an error is thrown once everything before it was taken', async () => {
  const stream = objects();
  const turns = inTurns<number>(stream);
  const first = turns.next();
  stream.write(1);
  setImmediate(() => stream.destroy(new Error('broken')));
  assert.deepEqual((await first).value, [1]);
  await assert.rejects(turns.next(), /broken/);
});

test('a stream that is closed without an end ends the reading', async () => {
  const stream = objects();
  const turns = inTurns<number>(stream);
  const first = turns.next();
  stream.destroy();
  assert.equal((await first).done, true);
});
