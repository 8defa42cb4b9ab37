/** Random expressions: whatever is written, there is an answer, or an error of the two kinds that there are. */

import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import fc from 'fast-check';
import { Budget } from './budget.ts';
import { CelError } from './cel-error.ts';
import { compile } from './compile.ts';
import { makeEnvironment } from './make-environment.ts';
import { dynType } from './types/cel-type.ts';
import { schemaType } from './types/schema-type.ts';

const schema = {
  type: 'object',
  properties: {
    n: { type: 'integer' },
    s: { type: 'string' },
    l: { type: 'array', items: { type: 'string' } },
    m: { type: 'object', additionalProperties: { type: 'integer' } },
    t: { type: 'string', format: 'date-time' },
    q: { 'x-kubernetes-int-or-string': true },
  },
};
const environment = makeEnvironment({
  variables: { self: schemaType(schema) ?? dynType, object: dynType },
  libraries: ['mutation'],
});
const variables = {
  self: { n: 3, s: 'héllo', l: ['a', 'b', '😀'], m: { a: 1, b: 2 }, t: '2024-01-01T00:00:00Z', q: '5%' },
  object: { metadata: { name: 'x', labels: { a: 'b' } }, list: [1, 'two', null, { three: 3.5 }], big: 1e300 },
};

const atoms = [
  ...['1', '-9223372036854775808', '2u', '0.5', "'é'", "b'\\xff'", 'true', 'null', '[]', '{}', '[1, 2]', "{'a': 1}"],
  ...['self', 'self.n', 'self.s', 'self.l', 'self.m', 'self.t', 'self.q', 'object', 'object.list', 'object.none', 'x'],
  ...["duration('1h')", "quantity('1Gi')", "ip('::1')", "optional.of('a')", 'optional.none()', 'int', "dyn('a')"],
];
const shapes = [
  ...['(A + B)', '(A - B)', '(A * B)', '(A / B)', '(A % B)', '(A == B)', '(A < B)', '(A && B)', '(A || B)', '(A in B)'],
  ...['(A ? B : C)', '!A', '-A', 'A[B]', 'A.?a', 'A[?B]', 'A.a', 'has(A.a)', '[A, B]', '{A: B}', 'size(A)', 'A.size()'],
  ...['A.all(x, B)', 'A.exists(x, B)', 'A.map(x, B)', 'A.filter(x, B)', 'A.exists_one(x, B)', 'A.all(x, y, B)'],
  ...['A.transformList(x, y, B)', 'A.transformMap(x, y, B)', 'A.transformMapEntry(x, y, {y: B})', 'cel.bind(x, A, B)'],
  ...['A.optMap(x, B)', 'A.orValue(B)', 'string(A)', 'int(A)', 'double(A)', 'timestamp(A)', 'type(A)', 'dyn(A)'],
  ...['A.replace(B, C)', 'A.split(B)', 'A.join(B)', 'A.substring(B)', "'%s %d'.format([A, B])", 'A.matches(B)'],
  ...['A.sum()', 'A.min()', 'A.isSorted()', 'A.indexOf(B)', 'sets.contains(A, B)', 'A.find(B)', 'url(A)', 'cidr(A)'],
  ...[
    'semver(A)',
    'quantity(A)',
    'A.add(B)',
    'Object{a: A}',
    'A.getHours()',
    'A.charAt(B)',
    'A.reverse()',
    'A.sortBy(x, x)',
    'A.flatten()',
    'A.distinct()',
    'lists.range(A)',
    'A.slice(0, B)',
  ],
];

const { expression } = fc.letrec<{ expression: string; made: string; atom: string }>((tie) => ({
  expression: fc.oneof({ maxDepth: 5, withCrossShrink: true }, tie('atom'), tie('made')),
  atom: fc.constantFrom(...atoms),
  made: fc
    .tuple(fc.constantFrom(...shapes), tie('expression'), tie('expression'), tie('expression'))
    .map(([shape, ...parts]) => shape.replace(/\b[ABC]\b/g, (name) => parts['ABC'.indexOf(name)] ?? name)),
}));

function run(text: string): void {
  const { program, message } = compile(text, environment);
  if (program === undefined) {
    assert.match(message, /^ERROR: <input>:\d+:\d+: ./);
    return;
  }
  const { min, max } = program.estimateCost();
  assert.ok(min >= 0 && max >= min, `${text} is estimated at ${min} to ${max}`);
  try {
    program.evaluate(variables, new Budget(100_000));
  } catch (error) {
    assert.ok(error instanceof CelError, `${text}: ${error instanceof Error ? error.stack : ''}`);
    assert.notEqual(error.message, '');
  }
}

describe('any expression', () => {
  it('of the language has an answer or an error', () => fc.assert(fc.property(expression, run), { numRuns: 3000 }));

  it('of signs has an answer or an error', () => {
    const signs = fc.constantFrom(...'()[]{}.,?:!-+*/%<>=&|"\'`\\ \n0123456789abxrub_é😀@#$~^;'.split(''));
    fc.assert(
      fc.property(fc.array(signs, { maxLength: 30 }), (parts) => run(parts.join(''))),
      { numRuns: 3000 },
    );
  });
});
