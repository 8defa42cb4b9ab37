/** The language itself: literals, operators, macros, conversions. The facts are those of CEL's conformance tests. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { Budget, CostLimitError } from '../budget.ts';
import { compile } from '../compile.ts';
import { makeEnvironment } from '../make-environment.ts';
import { said } from '../testing/said.ts';

const overflow = '! integer overflow';
const tables: Readonly<Record<string, readonly (readonly [expression: string, answer: string])[]>> = {
  numbers: [
    ['9223372036854775807 + 1', overflow],
    ['-9223372036854775808 - 1', overflow],
    ['-(-9223372036854775808)', overflow],
    ['-9223372036854775808 / -1', overflow],
    ['4611686018427387904 * 2', overflow],
    ['0u - 1u', '! unsigned integer overflow'],
    ['18446744073709551615u + 1u', '! unsigned integer overflow'],
    ['-7 / 2', '-3'],
    ['-7 % 2', '-1'],
    ['7 / 0', '! division by zero'],
    ['7u % 0u', '! modulus by zero'],
    ['1.0 / 0.0 > 1e308', 'true'],
    ['0x1F', '31'],
    ['2.5 * 2.0', '5'],
    ['1e3 == 1000.0', 'true'],
    ['dyn(1) == 1.0 && dyn(1u) == 1 && dyn(1.5) != 1', 'true'],
    ['1 < 1.5 && 2u > 1 && 2.5 >= 2u', 'true'],
    ['9223372036854775807 < 9223372036854775808.0', 'true'],
    ['dyn(0.0 / 0.0) == 0.0 / 0.0', 'false'],
  ],
  text: [
    ["'a' + \"b\" + '''c'''", '"abc"'],
    [String.raw`'\u00e9\x41\101\n'`, '"éAA\\n"'],
    [String.raw`r'\n' == '\\n'`, 'true'],
    ["size('😀é')", '2'],
    ["'😀é'.size()", '2'],
    ["b'é'.size()", '2'],
    [String.raw`b'\xff' == bytes('ÿ')`, 'false'],
    ["string(b'abc')", '"abc"'],
    [String.raw`string(b'\xff')`, '! invalid UTF-8 in bytes, cannot convert to string'],
    ["'ä'.matches('^.$')", 'true'],
    ["'abc'.contains('b') && 'abc'.startsWith('a') && 'abc'.endsWith('c')", 'true'],
    ["'\u{1F600}' > '\uFFFD'", 'true'],
  ],
  logic: [
    ['false && 1 / 0 == 1', 'false'],
    ['1 / 0 == 1 && false', 'false'],
    ['1 / 0 == 1 || true', 'true'],
    ['1 / 0 == 1 || false', '! division by zero'],
    ['1 / 0 == 1 && 1 % 0 == 1', '! division by zero'],
    ['true ? 1 : 1 / 0', '1'],
    ["dyn('x') && true", '! no such overload'],
    ["dyn('x') && false", 'false'],
    ['!!true', 'true'],
    ['dyn(1) ? 1 : 2', '! no such overload'],
  ],
  'lists and maps': [
    ['[1, 2] + [3]', '[1,2,3]'],
    ['[1, 2][2]', '! index out of bounds: 2'],
    ['[1, 2][-1]', '! index out of bounds: -1'],
    ['[1, 2][dyn(1.0)]', '2'],
    ["{'a': 1}['b']", '! no such key: b'],
    ["{'a': 1}.a", '1'],
    ['{1: 2}[dyn(1.0)]', '2'],
    ["'a' in {'a': 1} && !('b' in {'a': 1})", 'true'],
    ['1 in [2, 1] && dyn(1.0) in [1]', 'true'],
    ['[1, [2]] == [1, [2]]', "ERROR: <input>:1:5: expected type 'int' but found 'list(int)'"],
    ["{'a': [1]} == {'a': [1]}", 'true'],
    ["{'a': 1, 'a': 2}", '! Failed with repeated key'],
    ["has({'a': 1}.a) && !has({'a': 1}.b)", 'true'],
    ['[?optional.none(), ?optional.of(2)]', '[2]'],
    ["{?'a': optional.none(), 'b': 1}", '{"b":1}'],
  ],
  macros: [
    ['[1, 2, 3].all(x, x > 0)', 'true'],
    ['[0, 1].all(x, 1 / x > 5)', 'false'],
    ['[0, 1].all(x, 1 / x > 0)', '! division by zero'],
    ['[0, 1].exists(x, 1 / x > 0)', 'true'],
    ['[1, 2, 2].exists_one(x, x == 2)', 'false'],
    ['[1, 2].existsOne(x, x == 2)', 'true'],
    ['[1, 2, 3].filter(x, x > 1).map(x, x * 2)', '[4,6]'],
    ['[1, 2, 3].map(x, x > 1, x * 2)', '[4,6]'],
    ["{'a': 1}.all(k, k == 'a')", 'true'],
    ['[1, 2].map(x, [3, 4].map(y, x * y))', '[[3,4],[6,8]]'],
    ['[5, 6].all(i, v, v == i + 5)', 'true'],
    ["{'a': 1}.exists(k, v, k == 'a' && v == 1)", 'true'],
    ['[1, 2].existsOne(i, v, i == v)', 'false'],
    ['[1, 2].transformList(i, v, v > 1, i)', '[1]'],
    ["{'a': 1, 'b': 2}.transformMap(k, v, v > 1, v * 2)", '{"b":4}'],
    ["{'a': 'x'}.transformMapEntry(k, v, {v: k})", '{"x":"a"}'],
    ["{'a': 1, 'b': 1}.transformMapEntry(k, v, {v: k}).size()", '! insert failed: key 1 already exists'],
    ['cel.bind(x, [1, 2], x + x)', '[1,2,1,2]'],
    ['cel.bind(x, 1 / 0, true || x == 1)', 'true'],
    ['cel.bind(a, 1, [2, 3].map(b, cel.bind(c, a + b, c * 2)))', '[6,8]'],
  ],
  'optional values': [
    ["{'a': {'b': 1}}.?a.b.orValue(7)", '1'],
    ["{'a': {'b': 1}}.?x.b.orValue(7)", '7'],
    ['[1][?3].hasValue()', 'false'],
    ['optional.of(1).value()', '1'],
    ['optional.none().value()', '! optional.none() dereference'],
    ['optional.none().or(optional.of(2)).value()', '2'],
    ['optional.of(1).orValue(1 / 0)', '1'],
    ['optional.of(3).optMap(x, x + 1).value()', '4'],
    ['optional.none().optMap(x, x).hasValue()', 'false'],
    ["optional.of({'a': 1}).optFlatMap(m, m.?a).value()", '1'],
    ["optional.ofNonZeroValue('').hasValue()", 'false'],
  ],
  conversions: [
    ["int('-42')", '-42'],
    ["int('x')", "! type conversion error from 'string' to 'int'"],
    ['int(1e19)', overflow],
    ['uint(-1)', '! unsigned integer overflow'],
    ['int(-1.9)', '-1'],
    ["double('1.5')", '1.5'],
    ["bool('TRUE')", 'true'],
    ['string(1.0)', '"1"'],
    ['string(1e100)', '"1e+100"'],
    ['string(true)', '"true"'],
    ["type(1) == int && type([]) == list && type('') != bytes", 'true'],
    ['type(timestamp(0)) == google.protobuf.Timestamp', 'true'],
    ["string(duration('1h30m'))", '"5400s"'],
    ["string(duration('-1.5s'))", '"-1.5s"'],
    ["duration('1h') - duration('90m') == duration('-30m')", 'true'],
    ["timestamp('2024-02-29T12:00:00.5+02:00')", '"2024-02-29T10:00:00.5Z"'],
    ["timestamp('2024-01-01T00:00:00Z') + duration('24h')", '"2024-01-02T00:00:00Z"'],
    ["timestamp('9999-12-31T23:59:59Z') + duration('1s')", '! timestamp overflow'],
    ["timestamp('2024-03-31T23:30:00Z').getDate('+01:00')", '1'],
    ["timestamp('2024-07-01T00:00:00Z').getHours('Europe/Berlin')", '2'],
    ["timestamp('2024-12-31T00:00:00Z').getDayOfYear()", '365'],
  ],
};

describe('expressions', () => {
  for (const [what, table] of Object.entries(tables))
    describe(`with ${what}`, () => {
      for (const [expression, answer] of table) it(expression, () => assert.equal(said(expression), answer));
    });

  it('look at no more of JSON than they name', () => {
    const object = {
      get expensive(): never {
        throw new Error('nobody has asked for it');
      },
      spec: { replicas: 3 },
    };
    assert.equal(said('object.spec.replicas + 1', { object }), '4');
  });

  it('know only what is an own property', () => {
    assert.equal(said("has(object.constructor) || 'toString' in object", { object: {} }), 'false');
    assert.equal(said('object.__proto__', { object: {} }), '! no such key: __proto__');
  });
});

describe('costs', () => {
  const environment = makeEnvironment({ variables: {} });
  const spent = (expression: string): number => {
    const budget = new Budget(1_000_000);
    compile(expression, environment).program?.evaluate({}, budget);
    return budget.spent;
  };
  const table: readonly (readonly [expression: string, cost: number])[] = [
    ['1', 0],
    ['1 + 1', 1],
    ['[1, 2]', 10],
    ["{'a': 1}", 30],
    ["'aaaaaaaaaaaaaaaaaaaa' + 'b'", 3],
    ["'aaaaaaaaaaaaaaaaaaaa'.contains('bbbbbbbbbbbbbbb')", 4],
    ["'aaaaaaaaaaaaaaaaaaaa'.matches('bbbbbbbb')", 6],
    ['1 in [2, 3, 4]', 13],
    ['[1, 2, 3].sum()', 13],
  ];
  for (const [expression, cost] of table) it(expression, () => assert.equal(spent(expression), cost));

  const ten = '[0,1,2,3,4,5,6,7,8,9]';
  const deep = (count: number, body: string): string =>
    Array.from({ length: count }).reduceRight<string>((inner, _, i) => `${ten}.all(x${i}, ${inner})`, body);
  const hostile: readonly (readonly [what: string, expression: string])[] = [
    ['loops in loops', deep(8, 'true')],
    ['failures that are swallowed', deep(7, '1 / 0 == 1 || true')],
    ['a pattern for each item', deep(6, `'${'a'.repeat(2000)}'.matches('(a+)+$')`)],
    ['a large pattern over few texts', deep(4, `'${'a'.repeat(900)}'.find('(a{0,90}b?){0,9}$') != 'b'`)],
    ['texts that are compared again and again', deep(7, `'${'a'.repeat(900)}' == '${'a'.repeat(900)}'`)],
  ];
  for (const [what, expression] of hostile)
    it(`ends ${what}`, () => assert.throws(() => spent(expression), CostLimitError));
});
