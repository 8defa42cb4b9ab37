import assert from 'node:assert/strict';
import { generateKeyPairSync } from 'node:crypto';
import { describe, it } from 'node:test';
import {
  believedUntil,
  formatKeyList,
  type KeyList,
  KeyStepRefused,
  keyIdOf,
  nextKeyStep,
  parseKeyList,
  reportOf,
  takeKeyStep,
} from './key-list.ts';

const pems = [0, 1, 2].map(() =>
  generateKeyPairSync('ec', { namedCurve: 'P-256' }).privateKey.export({ type: 'pkcs8', format: 'pem' }).toString(),
);
const [first = '', second = '', third = ''] = pems;
const start = Date.UTC(2030, 0, 1);
const hourMs = 3_600_000;

const facts = (now: number, newKey = second, held: Readonly<Record<string, string[]>> = {}) => ({
  now,
  newKey,
  force: false,
  secretsOf: (id: string) => held[id] ?? [],
});

/** After the first two steps, with tokens that live for two hours at most. */
function rotated(): KeyList {
  const trusted = takeKeyStep({ keys: [{ pem: first }], longestSeconds: 7_200 }, 'trust', facts(start));
  return takeKeyStep(trusted, 'switch', facts(start + 20_000));
}

const states = (list: KeyList) => reportOf(list).keys.map(({ state }) => state);

describe('the list of keys for service account tokens', () => {
  it('reads a plain PEM, as earlier versions wrote it', () => {
    assert.deepEqual(parseKeyList(first).keys.map(keyIdOf), [keyIdOf({ pem: first })]);
    assert.equal(parseKeyList(first).longestSeconds, undefined);
  });

  it('is read as it was written, in each state', () => {
    const trusted = takeKeyStep({ keys: [{ pem: first }], longestSeconds: 7_200 }, 'trust', facts(start));
    for (const list of [trusted, rotated(), takeKeyStep(rotated(), 'trust', facts(start + hourMs, third))]) {
      const again = parseKeyList(formatKeyList(list));
      assert.deepEqual(reportOf(again), reportOf(list));
      assert.equal(again.longestSeconds, 7_200);
    }
  });

  it('refuses what is none', () => {
    for (const text of ['', 'added: 2030-01-01T00:00:00Z\n', 'x']) assert.throws(() => parseKeyList(text), /no key/);
  });

  it('takes a new key second, and signs with it when every server knows it', () => {
    const one: KeyList = { keys: [{ pem: first }] };
    assert.equal(nextKeyStep(one), 'trust');
    const trusted = takeKeyStep(one, 'trust', facts(start));
    assert.deepEqual(states(trusted), ['signing', 'next']);
    assert.equal(trusted.keys[0]?.pem, first);
    assert.equal(nextKeyStep(trusted), 'switch');
    assert.equal(takeKeyStep(trusted, 'trust', facts(start, third)), trusted, 'taken already');
    assert.throws(() => takeKeyStep(trusted, 'switch', facts(start + 14_000)), KeyStepRefused);
    const switched = takeKeyStep(trusted, 'switch', facts(start + 15_000));
    assert.deepEqual(states(switched), ['signing', 'retired']);
    assert.equal(switched.keys[0]?.pem, second);
    assert.equal(nextKeyStep(switched), 'drop');
  });

  it('switches on a clock that was set back', () => {
    const trusted = takeKeyStep({ keys: [{ pem: first }] }, 'trust', facts(start));
    assert.deepEqual(states(takeKeyStep(trusted, 'switch', facts(start - hourMs))), ['signing', 'retired']);
  });

  it('refuses to switch to nothing', () => {
    assert.throws(() => takeKeyStep({ keys: [{ pem: first }] }, 'switch', facts(start)), /no next key/);
    assert.throws(() => takeKeyStep(rotated(), 'switch', facts(start + hourMs)), /no next key/);
  });

  it('keeps the old key until the longest token of it has ended', () => {
    const list = rotated();
    const [, old] = list.keys;
    const until = old && believedUntil(list, old);
    assert.ok(until !== undefined && until >= start + 20_000 + 2 * hourMs);
    assert.throws(() => takeKeyStep(list, 'drop', facts(until - 1)), /may live until 2030-01-01T02:/);
    assert.deepEqual(states(takeKeyStep(list, 'drop', facts(until))), ['signing']);
    assert.deepEqual(states(takeKeyStep(list, 'drop', { ...facts(start), force: true })), ['signing']);
  });

  it('presumes a year where nobody has written down how long tokens live', () => {
    const list = { ...rotated(), longestSeconds: undefined };
    assert.throws(() => takeKeyStep(list, 'drop', facts(start + 364 * 24 * hourMs)), /may live until 2031/);
  });

  it('keeps it while Secrets have tokens of it, and names them', () => {
    const list = rotated();
    const held = { [keyIdOf({ pem: first })]: ['default/robot'] };
    assert.throws(() => takeKeyStep(list, 'drop', facts(start + 9 * hourMs, '', held)), /default\/robot/);
    const others = { [keyIdOf({ pem: second })]: ['default/robot'] };
    assert.deepEqual(states(takeKeyStep(list, 'drop', facts(start + 9 * hourMs, '', others))), ['signing']);
  });

  it('goes on with a second rotation while keys of the first are believed', () => {
    const list = takeKeyStep(rotated(), 'trust', facts(start + hourMs, third));
    assert.deepEqual(states(list), ['signing', 'next', 'retired']);
    const after = takeKeyStep(list, 'switch', facts(start + 2 * hourMs));
    assert.deepEqual(
      after.keys.map(({ pem }) => pem),
      [third, second, first],
    );
    assert.deepEqual(states(after), ['signing', 'retired', 'retired']);
  });

  it('tells nothing of the keys themselves', () => {
    assert.doesNotMatch(JSON.stringify(reportOf(rotated())), /PRIVATE/);
  });
});
