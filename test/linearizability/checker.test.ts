import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { checkLinearizability } from './checker.ts';
import type { Answer, Call, Operation } from './history.ts';

const at = (begin: number, end: number, call: Call, answer: Answer, key = 'k'): Operation => ({
  key,
  call,
  answer,
  begin,
  end,
});
const create = (value: string): Call => ({ type: 'create', value });
const update = (value: string, expected?: number): Call => ({ type: 'update', value, expected });
const remove = (expected?: number): Call => ({ type: 'delete', expected });
const read: Call = { type: 'read' };
const ok = (version: number, value?: string): Answer => ({ type: 'ok', version, value });
const missing: Answer = { type: 'missing' };
const unknown: Answer = { type: 'unknown' };
const conflict: Answer = { type: 'conflict' };

const right: Readonly<Record<string, readonly Operation[]>> = {
  nothing: [],
  'one after the other': [
    at(0, 1, read, missing),
    at(2, 3, create('a'), ok(5)),
    at(4, 5, read, ok(5, 'a')),
    at(6, 7, update('b', 5), ok(7)),
    at(8, 9, remove(7), ok(8)),
    at(10, 11, read, missing),
  ],
  'a read at the same time as a write may see either': [
    at(0, 1, create('a'), ok(1)),
    at(2, 9, update('b', 1), ok(2)),
    at(3, 4, read, ok(1, 'a')),
    at(5, 6, read, ok(2, 'b')),
  ],
  'an unknown write that happened': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, update('b', 1), unknown),
    at(4, 5, read, ok(2, 'b')),
  ],
  'an unknown write that did not': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, update('b', 1), unknown),
    at(4, 5, read, ok(1, 'a')),
  ],
  'an unknown write that happened much later': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, update('b', 1), unknown),
    at(4, 5, read, ok(1, 'a')),
    at(6, 7, read, ok(2, 'b')),
  ],
  'an unknown creation, then "exists"': [at(0, 1, create('a'), unknown), at(2, 3, create('b'), { type: 'exists' })],
  'an unknown deletion, then "missing"': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, remove(1), unknown),
    at(4, 5, update('b', 1), missing),
  ],
  'an unknown write, then a conflict': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, update('b', 1), unknown),
    at(4, 5, update('c', 1), conflict),
  ],
  'of two writers with one version one wins': [
    at(0, 1, create('a'), ok(1)),
    at(2, 5, update('b', 1), conflict),
    at(2, 5, update('c', 1), ok(2)),
  ],
  'a refused write changes nothing': [at(0, 1, create('a'), { type: 'refused' }), at(2, 3, read, missing)],
  'keys are independent': [at(0, 1, create('a'), ok(1), 'x'), at(2, 3, read, missing, 'y')],
};

const wrong: Readonly<Record<string, readonly Operation[]>> = {
  'a lost update': [at(0, 1, create('a'), ok(1)), at(2, 3, update('b', 1), ok(2)), at(4, 5, read, ok(1, 'a'))],
  'two winners with one version': [
    at(0, 1, create('a'), ok(1)),
    at(2, 5, update('b', 1), ok(2)),
    at(2, 5, update('c', 1), ok(3)),
  ],
  'two creations': [at(0, 5, create('a'), ok(1)), at(0, 5, create('b'), ok(2))],
  'a read that goes back': [
    at(0, 1, create('a'), ok(1)),
    at(2, 9, update('b', 1), ok(2)),
    at(3, 4, read, ok(2, 'b')),
    at(5, 6, read, ok(1, 'a')),
  ],
  'an old read after an acknowledged deletion': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, remove(1), ok(2)),
    at(4, 5, read, ok(1, 'a')),
  ],
  'a value that nobody wrote': [at(0, 1, create('a'), ok(1)), at(2, 3, read, ok(1, 'z'))],
  'a version that goes back': [at(0, 1, create('a'), ok(5)), at(2, 3, update('b'), ok(4))],
  'a refused write that is seen': [at(0, 1, create('a'), { type: 'refused' }), at(2, 3, read, ok(1, 'a'))],
  'a conflict without a reason': [at(0, 1, create('a'), ok(1)), at(2, 3, update('b', 1), conflict)],
  'an unknown write that comes and goes': [
    at(0, 1, create('a'), ok(1)),
    at(2, 3, update('b', 1), unknown),
    at(4, 5, read, ok(2, 'b')),
    at(6, 7, read, ok(1, 'a')),
  ],
};

for (const [name, history] of Object.entries(right)) {
  test(`linearizable: ${name}`, () => assert.equal(checkLinearizability(history).isLinearizable, true));
}

for (const [name, history] of Object.entries(wrong)) {
  test(`not linearizable: ${name}`, () => assert.equal(checkLinearizability(history).isLinearizable, false));
}

test('the verdict names the key, how far it went, and what does not fit', () => {
  const bad = at(4, 5, read, ok(1, 'a'), 'bad');
  const verdict = checkLinearizability([
    at(0, 1, create('a'), ok(1), 'good'),
    at(0, 1, create('a'), ok(1), 'bad'),
    at(2, 3, remove(1), ok(2), 'bad'),
    bad,
  ]);
  assert.ok(!verdict.isLinearizable);
  assert.deepEqual([verdict.key, verdict.longest.length, verdict.stuckOn], ['bad', 2, [bad]]);
});

test('a history made by a real register is linearizable, with one answer changed it is mostly not', () => {
  let caught = 0;
  let changed = 0;
  const seed = fc.noBias(fc.array(fc.nat(), { minLength: 40, maxLength: 120 }));
  fc.assert(
    fc.property(seed, fc.nat(), (numbers, which) => {
      const history = simulate(numbers);
      assert.equal(checkLinearizability(history).isLinearizable, true);
      const reads = history.filter(({ call, answer }) => call.type === 'read' && answer.type === 'ok');
      const target = reads[which % Math.max(1, reads.length)];
      if (target === undefined) return;
      changed += 1;
      const lie = history.map((one) => (one === target ? { ...one, answer: ok(10_000, 'never written') } : one));
      if (!checkLinearizability(lie).isLinearizable) caught += 1;
    }),
    { seed: 4, numRuns: 100 },
  );
  assert.ok(changed > 50 && caught === changed, `${caught} of ${changed}`);
});

test('a long history of many keys with much going on at a time is checked quickly', () => {
  const numbers = Array.from({ length: 20_000 }, (_, n) => (n * 2_654_435_761) % 1_000_003);
  const keys = Array.from({ length: 40 }, (_, key) => numbers.slice(key * 500, (key + 1) * 500));
  const history = keys.flatMap((own, key) => simulate(own).map((operation) => ({ ...operation, key: `k${key}` })));
  const begin = performance.now();
  assert.equal(checkLinearizability(history).isLinearizable, true);
  assert.ok(performance.now() - begin < 10_000);
});

/** Operations on one register that overlap; each takes effect at a moment of its own, some answers get lost. */
function simulate(numbers: readonly number[]): Operation[] {
  let value: string | undefined;
  let version = 0;
  let counter = 0;
  return numbers.map((number, n) => {
    const effect = n * 10;
    const begin = effect - (number % 37);
    const end = effect + ((number >> 3) % 41);
    const isLost = number % 23 === 0;
    const happens = !isLost || number % 2 === 0;
    const written = `v${n}`;
    const kind = number % 5;
    const result = (call: Call, answer: Answer): Operation => at(begin, end, call, isLost ? unknown : answer);
    if (kind <= 1) return result(read, value === undefined ? missing : ok(version, value));
    if (value === undefined) {
      if (kind === 4) return result(remove(), missing);
      if (happens) {
        counter += 1;
        [value, version] = [written, counter];
      }
      return result(create(written), ok(counter));
    }
    const expected = number % 3 === 0 ? version - 1 : version;
    const call = kind === 4 ? remove(expected) : update(written, expected);
    if (expected !== version) return result(call, conflict);
    if (happens) {
      counter += 1;
      [value, version] = kind === 4 ? [undefined, 0] : [written, counter];
    }
    return result(call, ok(counter));
  });
}
