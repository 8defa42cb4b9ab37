import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonRecord } from '../../../api/json-record.ts';
import { FieldErrors } from '../../field-errors.ts';
import type { JsonSchema, Rule } from '../json-schema.ts';
import { compileSchema } from '../structural-schema.ts';

const embeddedRules = { checkKind: () => [], validateMetadata: () => {} };

interface Write {
  readonly schema: JsonSchema;
  readonly spec: unknown;
  readonly previous?: unknown;
}

/** What is told of a write to an object whose `spec` is of the schema, errors first and then warnings. */
function toldOf({ schema, spec, previous }: Write, rootRules: Rule[] = []): string[] {
  const root: JsonSchema = { type: 'object', properties: { spec: schema }, 'x-kubernetes-validations': rootRules };
  const compiled = compileSchema(root, {
    definition: 'dev.example.v1.W',
    gvk: ['example.dev', 'v1', 'W'],
    embeddedRules,
  });
  const objectOf = (value: unknown): JsonRecord => ({
    apiVersion: 'example.dev/v1',
    kind: 'W',
    metadata: { name: 'w' },
    spec: value,
  });
  const object = objectOf(spec);
  const errors = new FieldErrors();
  compiled.validate({ object, previous: previous === undefined ? undefined : objectOf(previous) }, errors);
  const warnings = compiled.warnings(object).map((text) => `warning: ${text}`);
  return [...errors.list.map(({ field, message }) => `${field}: ${message}`), ...warnings];
}

const ruled = (schema: JsonSchema, ...rules: Rule[]): JsonSchema => ({ ...schema, 'x-kubernetes-validations': rules });
const withFields = (properties: Record<string, JsonSchema>): JsonSchema => ({ type: 'object', properties });
const number: JsonSchema = { type: 'integer' };

describe('CEL rules of a schema', () => {
  const pair = withFields({ min: number, max: number });
  const table: [string, Write, string[]][] = [
    ['hold', { schema: ruled(pair, { rule: 'self.min <= self.max' }), spec: { min: 1, max: 2 } }, []],
    [
      'do not hold',
      { schema: ruled(pair, { rule: 'self.min <= self.max' }), spec: { min: 3, max: 2 } },
      ['spec: Invalid value: failed rule: self.min <= self.max'],
    ],
    [
      'say why, where, and of which kind it is',
      {
        schema: ruled(pair, {
          rule: 'self.max < 100',
          messageExpression: "'max is ' + string(self.max)",
          reason: 'FieldValueForbidden',
          fieldPath: '.max',
        }),
        spec: { max: 100 },
      },
      ['spec.max: Forbidden: max is 100'],
    ],
    [
      'show plain values',
      {
        schema: withFields({ t: ruled({ type: 'string' }, { rule: "self != 'x'", message: ' no x ' }) }),
        spec: { t: 'x' },
      },
      ['spec.t: Invalid value: "x": no x'],
    ],
    [
      'of several items',
      {
        schema: { type: 'array', items: ruled(number, { rule: 'self > 1', reason: 'FieldValueDuplicate' }) },
        spec: [1, 2, 0],
      },
      ['spec[0]: Duplicate value: 1', 'spec[2]: Duplicate value: 0'],
    ],
    [
      'fail',
      { schema: ruled(pair, { rule: 'self.min > 0', message: 'positive' }), spec: {} },
      ['spec: Invalid value: "object": no such key: min evaluating rule: positive'],
    ],
    [
      'are not run over what is of a wrong type',
      { schema: ruled(pair, { rule: 'self.min > 0' }), spec: { min: 'x' } },
      [
        'spec.min: Invalid value: "string": spec.min in body must be of type integer: "string"',
        '<nil>: Invalid value: null: some validation rules were not checked because the object was invalid; correct the existing errors to complete validation',
      ],
    ],
    [
      'that cost too much are the last',
      {
        schema: ruled(
          { type: 'array', items: number },
          { rule: 'self.all(a, self.all(b, a + b >= 0))' },
          { rule: 'false' },
        ),
        spec: Array.from({ length: 2000 }, (_, index) => index),
      },
      [
        `spec: Invalid value: "array": 'operation cancelled: actual cost limit exceeded': no further validation rules will be run due to call cost exceeds limit for rule: self.all(a, self.all(b, a + b >= 0))`,
      ],
    ],
  ];
  for (const [what, write, expected] of table) it(what, () => assert.deepEqual(toldOf(write), expected));

  it('at the root see the name', () =>
    assert.deepEqual(toldOf({ schema: pair, spec: {} }, [{ rule: "self.metadata.name != 'w'", message: 'no w' }]), [
      '<nil>: Invalid value: no w',
    ]));
});

describe('CEL rules and what was there before', () => {
  const fixed = ruled({ type: 'string' }, { rule: 'self == oldSelf', message: 'fixed' });
  const once = ruled(
    { type: 'string' },
    { rule: 'oldSelf.hasValue() ? oldSelf.value() == self : self != "no"', optionalOldSelf: true, message: 'once' },
  );
  const listed: JsonSchema = {
    type: 'array',
    'x-kubernetes-list-type': 'map',
    'x-kubernetes-list-map-keys': ['k'],
    items: withFields({ k: { type: 'string' }, v: ruled(number, { rule: 'self >= oldSelf' }) }),
  };
  const plain = ruled({ type: 'string' }, { rule: "self == 'y'" });
  const table: [string, Write, string[]][] = [
    ['are not asked of what is new', { schema: withFields({ a: fixed }), spec: { a: 'x' } }, []],
    [
      'are asked of what changes',
      { schema: withFields({ a: fixed }), spec: { a: 'x' }, previous: { a: 'y' } },
      ['spec.a: Invalid value: "x": fixed'],
    ],
    [
      'are asked of what is new where they say so',
      { schema: withFields({ a: once }), spec: { a: 'no' } },
      ['spec.a: Invalid value: "no": once'],
    ],
    [
      'find items by their keys',
      {
        schema: listed,
        spec: [
          { k: 'b', v: 4 },
          { k: 'c', v: 0 },
        ],
        previous: [{ k: 'b', v: 5 }],
      },
      ['spec[0].v: Invalid value: 4: failed rule: self >= oldSelf'],
    ],
    [
      'warn of what is unchanged',
      { schema: withFields({ b: plain, c: number }), spec: { b: 'x', c: 1 }, previous: { b: 'x' } },
      [`warning: spec.b: Invalid value: "x": failed rule: self == 'y'`],
    ],
    [
      'refuse what is changed',
      { schema: withFields({ b: plain }), spec: { b: 'z' }, previous: { b: 'x' } },
      [`spec.b: Invalid value: "z": failed rule: self == 'y'`],
    ],
  ];
  for (const [what, write, expected] of table) it(what, () => assert.deepEqual(toldOf(write), expected));
});
