import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { matchesPattern, patternProblem } from './patterns.ts';

describe('patterns', () => {
  it('are read as Go reads them, and refused in its words', () => {
    const cases: [string, string | undefined][] = [
      ['^(?P<name>[a-z]+)$', undefined],
      ['(?i)ABC|(?U:a+)', undefined],
      ['\\pN\\p{Greek}[[:word:]]\\Q..\\E\\z', undefined],
      ['(?=a)', 'invalid or unsupported Perl syntax: `(?=`'],
      ['(?!a)', 'invalid or unsupported Perl syntax: `(?!`'],
      ['(a)\\1', 'invalid escape sequence: `\\1`'],
      ['(', 'missing closing ): `(`'],
      ['[a', 'missing closing ]: `[a`'],
      ['[z-a]', 'invalid character class range: `z-a`'],
      ['*', 'missing argument to repetition operator: `*`'],
      ['a**', 'invalid nested repetition operator: `**`'],
      ['a{1001}', 'invalid repeat count: `{1001}`'],
      ['a\\', 'trailing backslash at end of expression'],
      ['a'.repeat(20_000), 'expression too large'],
    ];
    for (const [pattern, why] of cases) {
      assert.equal(patternProblem(pattern), why && `error parsing regexp: ${why}`, pattern.slice(0, 50));
    }
  });

  it('match anywhere in the text, as Go has it', () => {
    assert.equal(matchesPattern('b+', 'abc'), true);
    assert.equal(matchesPattern('^b+$', 'abc'), false);
    assert.equal(matchesPattern('(?i)^B$', 'b'), true);
    assert.equal(matchesPattern('^[^\\pL]$', 'é'), false);
    assert.equal(matchesPattern('^.$', '🦜'), true);
    assert.equal(matchesPattern('a$', 'a\n'), false);
  });

  it('take time in proportion to the text, whatever they are', { timeout: 60_000 }, () => {
    const text = `${'a'.repeat(200_000)}!`;
    for (const pattern of ['(a+)+$', '(a|a)+$', '(a|aa)+$', '^(([a-z])+.)+[A-Z]([a-z])+$', '(.*)(.*)(.*)(.*)x$']) {
      assert.equal(matchesPattern(pattern, text), false, pattern);
    }
  });
});
