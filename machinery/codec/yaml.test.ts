import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NumberLiteral } from '../../api/number-literal.ts';
import { parseYaml, YamlError } from './yaml.ts';

describe('parseYaml', () => {
  const scalars: [string, unknown][] = [
    ['yes', true],
    ['On', true],
    ['y', true],
    ['TRUE', true],
    ['no', false],
    ['off', false],
    ['N', false],
    ['yEs', 'yEs'],
    ['"yes"', 'yes'],
    ['~', null],
    ['Null', null],
    ['', null],
    ['12', 12],
    ['+12', 12],
    ['-0', 0],
    ['1_000', 1000],
    ['010', 8],
    ['0o17', 15],
    ['0x1F', 31],
    ['0b101', 5],
    ['08', 8],
    ['1.0', 1],
    ['1e3', 1000],
    ['1.5', new NumberLiteral('1.5')],
    ['.5', new NumberLiteral('0.5')],
    ['9223372036854775808', new NumberLiteral('9223372036854776000')],
    ['_1', '_1'],
    ['1.2.3', '1.2.3'],
    ['0x', '0x'],
    ['1:30', '1:30'],
    ['2001-01-01', '2001-01-01'],
    ['2001-01-01T00:00:00Z', '2001-01-01T00:00:00Z'],
    ['!!str 12', '12'],
    ['!!binary aGVsbG8=', 'hello'],
    ['!!float 5', 5],
    ['!local x', 'x'],
    ['"a\\nb"', 'a\nb'],
    ["'it''s'", "it's"],
    ['a # comment', 'a'],
  ];
  for (const [text, value] of scalars) {
    it(`reads ${JSON.stringify(text)}`, () => assert.deepEqual(parseYaml(`x: ${text}\n`).value, { x: value }));
  }

  const documents: [string, string, unknown][] = [
    ['the first document only', 'a: 1\n---\nb: [', { a: 1 }],
    ['a document that ends', 'a: 1\n...\nb: [', { a: 1 }],
    ['comments and a marker before it', '# only\n---\n# more\na: 1\n', { a: 1 }],
    ['a directive', '%YAML 1.1\n---\na: 1\n', { a: 1 }],
    ['a byte order mark', '\ufeffa: 1', { a: 1 }],
    ['a marker inside a block', 'a: |\n  ---\n  x\n', { a: '---\nx\n' }],
    [
      'keys that are not strings',
      'yes: 1\n1.5: 2\n2001-01-01: 3\n? complex\n: 4\n',
      { true: 1, '1.5': 2, '2001-01-01': 3, complex: 4 },
    ],
    ['aliases and merges', 'a: &l {x: 1}\nb:\n  <<: *l\n  z: 2\n', { a: { x: 1 }, b: { x: 1, z: 2 } }],
    ['a set', '!!set {a, b}', { a: null, b: null }],
    ['JSON', '{"a": [1, {"b": "c"}]}', { a: [1, { b: 'c' }] }],
    ['one document of two in braces', '{"a": 1}\n{"b": 2}\n', { a: 1 }],
    ['a number that is too large for any as a text', 'a: 1e400\n', { a: '1e400' }],
    ['nothing', '', undefined],
  ];
  for (const [name, text, value] of documents)
    it(`reads ${name}`, () => assert.deepEqual(parseYaml(text).value ?? undefined, value));

  const duplicates: [string, string[]][] = [
    ['a: 1\nb: 2\na: 3\n', ['line 3: key "a" already set in map']],
    ['x:\n  a: 1\n  a: 2\ny:\n  a: 3\n', ['line 3: key "a" already set in map']],
    ['x: {a: 1, "a": 2}\n', ['line 1: key "a" already set in map']],
    ['{"x":{"a":"1","a":"2"}}', ['line 1: key "a" already set in map']],
    ['{\n"a":1,\n"a":2\n}\n', ['line 3: key "a" already set in map']],
    ['1: a\n1: b\n', ['line 2: key 1 already set in map']],
    ['1: a\n"1": b\n', []],
    ['yes: a\non: b\n', ['line 2: key true already set in map']],
    ['- a: 1\n- a: 1\n', []],
    ['a: a\nb: a\nc: [a, a]\n', []],
    ['a: "a: b"\nb:\nc:\n', []],
  ];
  for (const [text, found] of duplicates) {
    it(`finds duplicates in ${JSON.stringify(text)}`, () => assert.deepEqual(parseYaml(text).duplicates, found));
  }

  const bad = [
    'a: [',
    'a: b: c',
    '@x',
    'a: "x',
    'a: .nan',
    'a: .inf',
    '%YAML 1.2\n---\na: 1',
    'a: &x {b: *x}',
    'a: *none',
    '['.repeat(5000),
    'a:\n\tb: 1',
  ];
  it('refuses what nests endlessly by aliases, in values and in keys, before it costs anything', () => {
    const chain = Array.from({ length: 3000 }, (_, n) => `k${9999 - n}: &a${n} {x: ${n === 0 ? 1 : `*a${n - 1}`}}`);
    assert.throws(() => parseYaml(`${chain.join('\n')}\n`), YamlError);
    const doubled = Array.from(
      { length: 60 },
      (_, n) => `k${n}: &a${n} ${n === 0 ? '[1]' : `[*a${n - 1}, *a${n - 1}]`}`,
    );
    assert.throws(() => parseYaml(`${doubled.join('\n')}\nlast: {[*a59]: 1}\n`), YamlError);
    assert.throws(() => parseYaml(`a: ["${'\\"'.repeat(200_000)}`), YamlError);
    assert.throws(() => parseYaml(`a: !!int ${'x '.repeat(200_000)}y\n`), YamlError);
  });

  const messages: [string, string][] = [
    ['x: a: b\n', 'yaml: mapping values are not allowed in this context'],
    ['a: 1\nx: a: b\n', 'yaml: line 2: mapping values are not allowed in this context'],
    ['a: 1\nx: @at\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: 1\nx: ? y\n', 'yaml: line 2: mapping keys are not allowed in this context'],
    ['a: - b\n', 'yaml: block sequence entries are not allowed in this context'],
    ['a: [1, 2\n', "yaml: line 1: did not find expected ',' or ']'"],
    ['a: {b: 1\n', "yaml: line 1: did not find expected ',' or '}'"],
    ['a: [\n', 'yaml: line 1: did not find expected node content'],
    ['a: "b\n', 'yaml: line 2: found unexpected end of stream'],
    ['a:\n\tb: 1\n', 'yaml: line 2: found character that cannot start any token'],
    ['a: 1\n- b\n', 'yaml: line 1: did not find expected key'],
    ['- a\nb: 1\n', "yaml: line 1: did not find expected '-' indicator"],
    ['a: *none\n', "yaml: unknown anchor 'none' referenced"],
    ['a: &x {b: *x}\n', "yaml: anchor 'x' value contains itself"],
    ['<<: 1\n', 'yaml: map merge requires map or sequence of maps as the value'],
    ['a: >x\n', 'yaml: did not find expected comment or line break'],
    ['a: "\\q"\n', 'yaml: found unknown escape character'],
    ['a: !!int x\n', 'yaml: cannot decode !!str `x` as a !!int'],
    ['a: !!binary "!"\n', 'yaml: !!binary value contains invalid base64 data'],
    ['a: !y!z 1\n', 'yaml: found undefined tag handle'],
    ['%FOO\n---\na: 1\n', 'yaml: found unknown directive name'],
    ['%YAML 1.2\n---\na: 1\n', 'yaml: found incompatible YAML document'],
    ['~: 1\n', 'unsupported map key of type: %!s(<nil>), key: <nil>'],
    ['[a]: 1\n', 'yaml: invalid map key: []interface {}{"a"}'],
    ['{a: 1}: 1\n', 'yaml: invalid map key: map[interface {}]interface {}{"a":1}'],
    ['a: .nan\n', 'json: unsupported value: NaN'],
  ];
  for (const [text, message] of messages)
    it(`says of ${JSON.stringify(text)} what clients know`, () => assert.throws(() => parseYaml(text), { message }));

  for (const text of bad) it(`refuses ${text.slice(0, 30)}`, () => assert.throws(() => parseYaml(text), YamlError));

  it('takes __proto__ for a key like any other', () => {
    const { value } = parseYaml('x: {__proto__: 1}');
    assert.deepEqual(value, { x: JSON.parse('{"__proto__":1}') });
  });

  it('names no more than 100 duplicates', () => {
    assert.equal(parseYaml('a: 1\n'.repeat(1000)).duplicates.length, 100);
  });

  it('refuses what aliases blow up, at once', () => {
    const lines = Array.from(
      { length: 12 },
      (_, i) =>
        `a${i}: &a${i} [${Array(9)
          .fill(i === 0 ? 'x' : `*a${i - 1}`)
          .join(',')}]`,
    );
    const start = performance.now();
    assert.throws(() => parseYaml(lines.join('\n')), YamlError);
    assert.ok(performance.now() - start < 10_000);
  });

  it('shares nothing between aliases', () => {
    const value = parseYaml('a: &l {x: 1}\nb: *l\n').value as { a: unknown; b: unknown };
    assert.notEqual(value.a, value.b);
  });
});
