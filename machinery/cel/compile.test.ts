/** What the compiler says of expressions that are wrong, in upstream's words, with the place. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { compile } from './compile.ts';
import { makeEnvironment } from './make-environment.ts';
import { boolType, dynType, intType, listOf, mapOf, objectOf, showOutputType, stringType } from './types/cel-type.ts';

const environment = makeEnvironment({
  variables: {
    object: dynType,
    self: objectOf('selfType', {
      a: intType,
      s: stringType,
      l: listOf(stringType),
      m: mapOf(stringType, intType),
      o: objectOf('selfType.o', { b: boolType }),
    }),
    'authorizer.requestResource': stringType,
  },
});

const operand =
  "{'[', '{', '(', '.', '-', '!', 'true', 'false', 'null', NUM_FLOAT, NUM_INT, NUM_UINT, STRING, BYTES, IDENTIFIER}";

describe('what does not compile', () => {
  const table: readonly (readonly [expression: string, message: string])[] = [
    ['object.x ==', `1:12: Syntax error: mismatched input '<EOF>' expecting ${operand}`],
    ['nope(', `1:6: Syntax error: mismatched input '<EOF>' expecting ${operand.replace("'.'", "')', '.'")}`],
    ['/abs', `1:1: Syntax error: extraneous input '/' expecting ${operand}`],
    ['-a-', `1:4: Syntax error: mismatched input '<EOF>' expecting ${operand}`],
    ['10.1.2.3', "1:5: Syntax error: mismatched input '.2' expecting <EOF>"],
    ['has space', "1:5: Syntax error: extraneous input 'space' expecting <EOF>"],
    ['../up', "1:2: Syntax error: no viable alternative at input '..'"],
    ['true ? 1', "1:9: Syntax error: mismatched input '<EOF>' expecting ':'"],
    ['nothere', "1:1: undeclared reference to 'nothere' (in container '')"],
    ['a.b', "1:1: undeclared reference to 'a' (in container '')"],
    ['foo(1)', "1:4: undeclared reference to 'foo' (in container '')"],
    ['constructor.prototype', "1:1: undeclared reference to 'constructor' (in container '')"],
    ['self.missing == 1', "1:5: undefined field 'missing'"],
    ['self.o.toString', "1:7: undefined field 'toString'"],
    ['self.a.b', "1:7: type 'int' does not support field selection"],
    ["self.a + 'x'", "1:8: found no matching overload for '_+_' applied to '(int, string)'"],
    ['self.s.substring(true)', "1:17: found no matching overload for 'substring' applied to 'string.(bool)'"],
    ['[].filter(x, x) + 1', "1:17: found no matching overload for '_+_' applied to '(list(bool), int)'"],
    [
      'optional.none()[type(optional.none())]',
      "1:16: found no matching overload for '_[_]' applied to '(optional_type(dyn), type(optional_type(dyn)))'",
    ],
    ['self.s.matches("(")', '1:16: invalid matches argument'],
    ["duration('x') > duration('1s')", '1:10: invalid duration argument'],
    ['self.l.all(1, true)', '1:12: argument must be a simple name'],
    ['has(self)', '1:5: invalid argument to has() macro'],
    [
      'self.a.all(x, true)',
      "1:5: expression of type 'int' cannot be range of a comprehension (must be list, map, or dynamic)",
    ],
    ["[1, 'a']", "1:5: expected type 'int' but found 'string'"],
    ['9223372036854775808', '1:1: invalid int literal'],
    ['true &&\n  nothere', "2:3: undeclared reference to 'nothere' (in container '')"],
    ['('.repeat(300), '1:251: expression recursion limit exceeded: 250'],
    ['import', '1:1: reserved identifier: import'],
  ];
  for (const [expression, message] of table)
    it(JSON.stringify(expression.slice(0, 40)), () =>
      assert.equal(compile(expression, environment).message?.split('\n')[0], `ERROR: <input>:${message}`),
    );

  it('is shown under its place, wide where characters are', () =>
    assert.equal(
      compile("'é' + x", environment).message,
      "ERROR: <input>:1:7: undeclared reference to 'x' (in container '')\n | 'é' + x\n | .．....^",
    ));

  it('is told all at once, in the order of the text', () => {
    const { message, issues = [] } = compile('y + x', environment);
    assert.deepEqual(
      issues.map(({ line, column }) => [line, column]),
      [
        [1, 0],
        [1, 4],
      ],
    );
    assert.match(message ?? '', /'y'[^']*''\)\n \| y \+ x\n \| \^\nERROR: <input>:1:5: undeclared reference to 'x'/);
  });

  it('may be as wide as it likes, and as long as it may', () => {
    const wide = Array.from({ length: 2000 }, () => 'true').join(' && ');
    assert.equal(compile(wide, environment).message, undefined);
    assert.match(compile(`'${'a'.repeat(100_000)}'`, environment).message ?? '', /code point size exceeds limit/);
  });
});

describe('what compiles', () => {
  const table: readonly (readonly [expression: string, type: string])[] = [
    ['object.x.y', 'dyn'],
    ['self.l.map(x, x.size())', 'list(int)'],
    ['self.m', 'map(string, int)'],
    ['self.o', 'selfType.o'],
    ['[]', 'list(dyn)'],
    ['null', 'null_type'],
    ['self.?s', 'optional_type(string)'],
    ['object.x ? self.a : 1', 'int'],
    ["quantity('1')", 'kubernetes.Quantity'],
    ['self.l.exists(i, v, i == 0)', 'bool'],
    ["'%d %s'.format([1, 'a'])", 'string'],
    ['type(1)', 'type(int)'],
    ['authorizer.requestResource', 'string'],
  ];
  for (const [expression, type] of table)
    it(`${expression} is ${type}`, () => {
      const { program } = compile(expression, environment);
      assert.equal(program && showOutputType(program.outputType), type);
    });

  it('says which variables it reads', () =>
    assert.deepEqual(
      [...(compile('self.a == 1 || object.x', environment).program?.variables ?? [])],
      ['self', 'object'],
    ));
});
