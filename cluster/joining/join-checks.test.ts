import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { parseTarget, titleOf } from './first-contact.ts';
import { checkClock, whyVersionsDiffer } from './join-checks.ts';

describe('parseTarget', () => {
  const hosts: readonly (readonly [text: string, title: string])[] = [
    ['master', 'master:6443'],
    ['10.0.0.1', '10.0.0.1:6443'],
    ['10.0.0.1:7443', '10.0.0.1:7443'],
    ['https://m.example:6443/', 'm.example:6443'],
    ['[fd00::1]:7443', '[fd00::1]:7443'],
    ['fd00::1', '[fd00::1]:6443'],
  ];
  for (const [text, title] of hosts) it(`reads ${text}`, () => assert.equal(titleOf(parseTarget(text)), title));
  for (const text of ['', 'a b', 'http://m', 'm:0', 'm:70000', 'm:x', 'm/path', '[fd00::1']) {
    it(`refuses ${JSON.stringify(text)}`, () => assert.throws(() => parseTarget(text), /is no host to join/));
  }
});

describe('checkClock', () => {
  const now = Date.UTC(2026, 0, 1);
  it('takes what is near, and what is not known', () => {
    checkClock(now - 59_000, now);
    checkClock(undefined, now);
  });
  it('says which way it is off', () => {
    assert.throws(() => checkClock(now - 3_600_000, now), /3600 s ahead of the master’s.*timedatectl/);
    assert.throws(() => checkClock(now + 120_000, now), /120 s behind the master’s/);
  });
});

describe('whyVersionsDiffer', () => {
  const own = { major: 1, minor: 36 };
  const cases: readonly (readonly [version: string, why: RegExp | undefined])[] = [
    ['v1.36.0+longshore.0.1.0', undefined],
    ['v1.39.2+longshore.0.9.0', undefined],
    ['v1.40.0+longshore.1.0.0', /too old for the master’s/],
    ['v1.35.0+longshore.0.1.0', /newer than the master’s.*upgrade the master first/],
    ['v1.36.0', /no API server of Longshore/],
    ['', /no API server of Longshore/],
  ];
  for (const [version, why] of cases) {
    it(`judges "${version}"`, () => {
      const found = whyVersionsDiffer(version, own);
      if (why === undefined) assert.equal(found, undefined);
      else assert.match(found ?? '', why);
    });
  }
});
