import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import {
  checkConfigMapKey,
  checkDns1035Label,
  checkDns1123Label,
  checkDns1123Subdomain,
  checkLabelValue,
  checkPathSegment,
  checkPortName,
  checkQualifiedName,
} from './names.ts';

describe('names', () => {
  const table: [string, (text: string) => string[], string[], string[]][] = [
    ['DNS label', checkDns1123Label, ['a', '0', 'a-b', 'a'.repeat(63)], ['', '-a', 'a-', 'A', 'a.b', 'a'.repeat(64)]],
    ['DNS subdomain', checkDns1123Subdomain, ['a', 'a.b', '0.1-2'], ['', '.a', 'a..b', 'a_b', 'a'.repeat(254)]],
    ['RFC 1035 label', checkDns1035Label, ['a', 'a-0'], ['0a', '', 'a.b']],
    ['label value', checkLabelValue, ['', 'A_b.c-1'], ['-', 'a b', 'a'.repeat(64)]],
    ['qualified name', checkQualifiedName, ['a', 'x.y/Z_1'], ['', '/a', 'a/', 'a/b/c', 'A/b', 'é']],
    ['config key', checkConfigMapKey, ['a', 'A.b', '.a'], ['', '.', '..', '..a', 'a b']],
    ['path segment', checkPathSegment, ['', 'system:x', 'A'], ['.', '..', 'a/b', 'a%b']],
    ['port name', checkPortName, ['http', 'a', '8-a'], ['', '80', 'a--b', '-a', 'A', 'a'.repeat(16)]],
  ];
  for (const [name, check, right, wrong] of table) {
    it(`${name}: what is right and what is wrong`, () => {
      for (const text of right) assert.deepEqual(check(text), [], text);
      for (const text of wrong) assert.notDeepEqual(check(text), [], text);
    });
  }

  it('are explained in the words that people know', () => {
    assert.deepEqual(checkQualifiedName('/x'), ['prefix part must be non-empty']);
    assert.equal(
      checkDns1123Label('A')[0],
      "a lowercase RFC 1123 label must consist of lower case alphanumeric characters or '-', and must start and end with an alphanumeric character (e.g. 'my-name',  or '123-abc', regex used for validation is '[a-z0-9]([-a-z0-9]*[a-z0-9])?')",
    );
  });
});
