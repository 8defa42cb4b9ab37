import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { goQuote, goValue } from '../../api/go-text.ts';
import { NumberLiteral } from '../../api/number-literal.ts';
import { JsonError, maxDepth, parseJson } from './json.ts';

describe('parseJson', () => {
  const good = [
    'null',
    'true',
    '[]',
    '{}',
    '[1,-2,0,"a"]',
    ' {"a" : [ {"b":{}} , [] ] }\n',
    '"\\u00e9\\n\\"\\/"',
    '-0',
  ];
  for (const text of good) {
    it(`reads ${text}`, () =>
      assert.deepEqual(
        parseJson(text).value,
        JSON.parse(text, (_, v) => (v === 0 ? 0 : v)),
      ));
  }

  const bad: [string, string][] = [
    ['', 'unexpected end of JSON input'],
    [' \n', 'unexpected end of JSON input'],
    ['{', 'unexpected end of JSON input'],
    ['{"a"', 'unexpected end of JSON input'],
    ['"a', 'unexpected end of JSON input'],
    ['"a\\', 'unexpected end of JSON input'],
    ['tru', 'unexpected end of JSON input'],
    ['-', 'unexpected end of JSON input'],
    ['}', "invalid character '}' looking for beginning of value"],
    ["{'a':1}", "invalid character '\\'' looking for beginning of object key string"],
    ['{"a":1,}', "invalid character '}' looking for beginning of object key string"],
    ['{"a" 1}', "invalid character '1' after object key"],
    ['{"a":1 /* c */}', "invalid character '/' after object key:value pair"],
    ['[1 2]', "invalid character '2' after array element"],
    ['[1,]', "invalid character ']' looking for beginning of value"],
    ['not json', "invalid character 'o' in literal null (expecting 'u')"],
    ['NaN', "invalid character 'N' looking for beginning of value"],
    ['{} x', "invalid character 'x' after top-level value"],
    ['01', "invalid character '1' after top-level value"],
    ['1.', 'unexpected end of JSON input'],
    ['[1.x]', "invalid character 'x' after decimal point in numeric literal"],
    ['[1e+]', "invalid character ']' in exponent of numeric literal"],
    ['-a', "invalid character 'a' in numeric literal"],
    ['"a\nb"', "invalid character '\\n' in string literal"],
    ['"\\x"', "invalid character 'x' in string escape code"],
    ['"\\u12g4"', "invalid character 'g' in \\u hexadecimal character escape"],
    ['\u0000', "invalid character '\\x00' looking for beginning of value"],
    ['é', "invalid character 'Ã' looking for beginning of value"],
    ['['.repeat(maxDepth + 1), 'exceeded max depth'],
  ];
  it('takes __proto__ for a key like any other', () => {
    const { value } = parseJson('{"__proto__":{"a":1}}');
    assert.deepEqual(Object.entries(value as object), [['__proto__', { a: 1 }]]);
    assert.equal(Object.getPrototypeOf(value), Object.prototype);
  });

  it('names a duplicate once, and no more than 100', () => {
    assert.deepEqual(parseJson('{"a":1,"a":2,"a":3}').duplicates, ['a']);
    const many = Array.from({ length: 1000 }, (_, i) => `"k${i}":1,"k${i}":2`).join();
    assert.equal(parseJson(`{${many}}`).duplicates.length, 100);
  });

  for (const [text, message] of bad) {
    it(`refuses ${JSON.stringify(text.slice(0, 20))}`, () => {
      assert.throws(
        () => parseJson(text),
        (error) => error instanceof JsonError && error.message === message,
      );
    });
  }

  it('keeps the text of numbers that JavaScript would change', () => {
    for (const text of ['1.0', '1e2', '1.5', '9007199254740993', '99999999999999999999', '1e400']) {
      assert.deepEqual(parseJson(`[${text}]`).value, [new NumberLiteral(text)]);
    }
  });

  it('names duplicate keys by path and lets the last one win', () => {
    const { value, duplicates } = parseJson('{"a":1,"b":{"c":[{"d":1,"d":2}]},"a":3}');
    assert.deepEqual(value, { a: 3, b: { c: [{ d: 2 }] } });
    assert.deepEqual(duplicates, ['b.c[0].d', 'a']);
  });

  it('reads half a surrogate pair as the replacement character', () => {
    assert.equal(parseJson('"\\ud800x\\ud83d\\ude00"').value, '\ufffdx😀');
  });

  it('treats constructor as a plain key', () => {
    assert.ok(Object.hasOwn(parseJson('{"constructor":{"prototype":1}}').value as object, 'constructor'));
  });

  it('takes 3 MiB of opened arrays quickly', () => {
    const start = performance.now();
    assert.throws(() => parseJson('['.repeat(3 << 20)), JsonError);
    assert.ok(Array.isArray(parseJson(`[${'[],'.repeat(1 << 20)}0]`).value));
    assert.ok(performance.now() - start < 10_000);
  });
});

describe('Go texts', () => {
  it('quotes as %q', () => assert.equal(goQuote('a"\\\n\u0000é\u00a0'), '"a\\"\\\\\\n\\x00é\\u00a0"'));
  it('prints maps with sorted keys', () => {
    assert.equal(
      goValue({ spec: { paused: 'yes', a: [1, null, true] } }),
      'map[spec:map[a:[1 <nil> true] paused:yes]]',
    );
  });
});
