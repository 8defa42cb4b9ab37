import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { JsonRecord } from '../../api/json-record.ts';
import { FieldErrors } from '../field-errors.ts';
import type { JsonSchema } from './json-schema.ts';
import { compileSchema } from './structural-schema.ts';

const embeddedRules = { checkKind: () => [], validateMetadata: () => {} };
const gvk = ['example.dev', 'v1', 'Widget'] as const;

function compiled(spec: JsonSchema) {
  const schema: JsonSchema = { type: 'object', properties: { spec, status: { type: 'object' } } };
  return compileSchema(schema, { definition: 'dev.example.v1.Widget', gvk, embeddedRules });
}

const objectOf = (spec: unknown): JsonRecord => ({ apiVersion: 'example.dev/v1', kind: 'Widget', spec });

describe('what a schema does to an object that is read', () => {
  const table: [string, JsonSchema, unknown, { spec: unknown; unknown?: string[] }][] = [
    [
      'drops what it does not name',
      { type: 'object', properties: { a: { type: 'string' } } },
      { a: 1, b: { c: 1 } },
      { spec: { a: 1 }, unknown: ['spec.b'] },
    ],
    [
      'prunes inside what it keeps',
      {
        type: 'object',
        'x-kubernetes-preserve-unknown-fields': true,
        properties: { inner: { type: 'object', properties: { k: { type: 'string' } } } },
      },
      { any: { thing: 1 }, inner: { k: 'v', gone: 1 } },
      { spec: { any: { thing: 1 }, inner: { k: 'v' } }, unknown: ['spec.inner.gone'] },
    ],
    [
      'keeps members of any name, and nothing inside them where nothing names it',
      { type: 'object', additionalProperties: true },
      { a: 1, b: { c: 1 } },
      { spec: { a: 1, b: {} }, unknown: ['spec.b.c'] },
    ],
    [
      'names items of lists',
      { type: 'array', items: { type: 'object', properties: { a: { type: 'string' } } } },
      [{ a: 'x' }, { b: 'y' }],
      { spec: [{ a: 'x' }, {}], unknown: ['spec[1].b'] },
    ],
    [
      'takes metadata of embedded resources for what it is',
      { type: 'object', 'x-kubernetes-embedded-resource': true, 'x-kubernetes-preserve-unknown-fields': true },
      { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x', bogus: 1 }, spec: { any: 1 } },
      {
        spec: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'x' }, spec: { any: 1 } },
        unknown: ['spec.metadata.bogus'],
      },
    ],
    [
      'fills in defaults, also inside of defaults and instead of nulls',
      {
        type: 'object',
        properties: {
          s: { type: 'string', default: 'd' },
          n: { type: 'string', nullable: true, default: 'n' },
          o: { type: 'object', default: {}, properties: { x: { type: 'string', default: 'deep' } } },
          l: { type: 'array', items: { type: 'object', properties: { p: { type: 'string', default: 'TCP' } } } },
          m: { type: 'object', additionalProperties: { type: 'object' } },
        },
      },
      { s: null, n: null, l: [{ p: null }], m: { a: null } },
      { spec: { s: 'd', n: null, l: [{ p: 'TCP' }], m: {}, o: { x: 'deep' } } },
    ],
  ];
  for (const [what, schema, sent, { spec, unknown = [] }] of table) {
    it(what, () => {
      const custom = compiled(schema);
      const { object, strictErrors } = custom.objectSchema.reader?.(objectOf(sent), undefined) ?? assert.fail();
      custom.setDefaults(object);
      assert.deepEqual(object.spec, spec);
      assert.deepEqual(
        strictErrors,
        unknown.map((path) => `unknown field "${path}"`),
      );
    });
  }

  it('refuses metadata that is none', () => {
    const template: JsonSchema = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const { reader } = compiled({ type: 'object', properties: { template } }).objectSchema;
    assert.throws(() => reader?.(objectOf({ template: { metadata: 'x' } }), undefined), {
      message:
        'spec.template.metadata: Invalid value: "x": json: cannot unmarshal string into Go value of type v1.ObjectMeta',
    });
  });

  it('repairs what is stored', () => {
    const template: JsonSchema = { type: 'object', 'x-kubernetes-embedded-resource': true };
    const custom = compiled({ type: 'object', properties: { template, a: { type: 'string', default: 'd' } } });
    const object = objectOf({ b: 1, template: { kind: 5, metadata: { name: 'x', labels: 7 } } });
    assert.equal(custom.readStored(object), true);
    assert.deepEqual(object.spec, { a: 'd', template: { metadata: { name: 'x' } } });
    assert.equal(custom.readStored(object), false, 'what is repaired is as it should be');
  });
});

function problemsOf(schema: JsonSchema, spec: unknown, previous?: unknown): string[] {
  const errors = new FieldErrors();
  const write = { object: objectOf(spec), previous: previous === undefined ? undefined : objectOf(previous) };
  compiled(schema).validate(write, errors);
  return errors.list.map(({ field, message }) => `${field}: ${message}`);
}

describe('values of a schema', () => {
  const table: [string, JsonSchema, unknown, string[]][] = [
    [
      'a wrong type',
      { type: 'integer' },
      'x',
      ['spec: Invalid value: "string": spec in body must be of type integer: "string"'],
    ],
    ['a whole number', { type: 'number' }, 1, []],
    ['a number or a text', { 'x-kubernetes-int-or-string': true }, 'x', []],
    [
      'neither a number nor a text',
      { 'x-kubernetes-int-or-string': true },
      true,
      ['spec: Invalid value: "boolean": spec in body must be of type integer,string: "boolean"'],
    ],
    ['a null that may be', { type: 'string', nullable: true }, null, []],
    ['a text of four characters', { type: 'string', maxLength: 3 }, 'äöü', []],
    [
      'a text that is too long',
      { type: 'string', maxLength: 3 },
      'äöüß',
      ['spec: Too long: may not be more than 3 bytes'],
    ],
    [
      'a text that is too short',
      { type: 'string', minLength: 2 },
      '😀',
      ['spec: Invalid value: "😀": spec in body should be at least 2 chars long'],
    ],
    [
      'another than those that there are',
      { type: 'string', enum: ['a', 1] },
      'c',
      ['spec: Unsupported value: "c": supported values: "a", "1"'],
    ],
    [
      'a fraction where a bound is one',
      { type: 'integer', minimum: 0.5 },
      1,
      ['<nil>: Invalid value: "": Minimum boundary value must be of type integer (default format) in spec'],
    ],
    [
      'too large a number',
      { type: 'integer', format: 'int32' },
      2 ** 31,
      ['<nil>: Invalid value: "": Checked value must be of type integer with format int32 in spec'],
    ],
    ['too many', { type: 'array', maxItems: 1 }, [1, 2], ['spec: Too many: 2: must have at most 1 items']],
    ['nothing of what is required', { type: 'object', required: ['a'] }, {}, ['spec.a: Required value']],
    [
      'none of several',
      { type: 'object', anyOf: [{ required: ['a'] }, { required: ['b', 'c'] }] },
      {},
      ['<nil>: Invalid value: "": "spec" must validate at least one schema (anyOf)', 'spec.a: Required value'],
    ],
    [
      'two of several',
      { type: 'object', oneOf: [{ minProperties: 0 }, {}] },
      {},
      ['<nil>: Invalid value: "": "spec" must validate one and only one schema (oneOf). Found 2 valid alternatives'],
    ],
    [
      'not all',
      { type: 'integer', allOf: [{ minimum: 3 }, { maximum: 5 }] },
      1,
      [
        'spec: Invalid value: 1: spec in body should be greater than or equal to 3',
        '<nil>: Invalid value: "": "spec" must validate all the schemas (allOf)',
      ],
    ],
    [
      'an item twice',
      { type: 'array', items: { type: 'string' }, 'x-kubernetes-list-type': 'set' },
      ['a', 'b', 'a', 'a'],
      ['spec[2]: Duplicate value: "a"'],
    ],
    [
      'keys twice',
      {
        type: 'array',
        items: { type: 'object', properties: { k: { type: 'string' } } },
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
      },
      [{ k: 'a' }, { k: 'a', v: 1 }],
      ['spec[1]: Duplicate value: {"k":"a"}'],
    ],
    [
      'a resource of no kind',
      { type: 'object', 'x-kubernetes-embedded-resource': true },
      { apiVersion: 'a/b/c' },
      ['spec.kind: Required value', 'spec.apiVersion: Invalid value: "a/b/c": unexpected GroupVersion string: a/b/c'],
    ],
  ];
  for (const [what, schema, value, expected] of table)
    it(`${expected.length === 0 ? 'may be' : 'may not be'} ${what}`, () =>
      assert.deepEqual(problemsOf(schema, value), expected));
});

describe('what was wrong before', () => {
  const short: JsonSchema = { type: 'string', maxLength: 1 };
  const table: [string, JsonSchema, [unknown, unknown], string[]][] = [
    ['is passed over', { type: 'object', properties: { a: short } }, [{ a: 'long' }, { a: 'long' }], []],
    [
      'is told when it changes',
      { type: 'object', properties: { a: short } },
      [{ a: 'longer' }, { a: 'long' }],
      ['spec.a: Too long: may not be more than 1 bytes'],
    ],
    [
      'is told of items that have no keys',
      { type: 'array', items: short },
      [['long', 'x'], ['long']],
      ['spec[0]: Too long: may not be more than 1 bytes'],
    ],
    [
      'is passed over in items with the same keys',
      {
        type: 'array',
        'x-kubernetes-list-type': 'map',
        'x-kubernetes-list-map-keys': ['k'],
        items: { type: 'object', properties: { k: { type: 'string' }, v: short } },
      },
      [[{ k: 'b' }, { k: 'a', v: 'long' }], [{ k: 'a', v: 'long' }]],
      [],
    ],
    [
      'needs not become unique',
      { type: 'array', 'x-kubernetes-list-type': 'set' },
      [
        ['a', 'a', 'b', 'b'],
        ['a', 'a'],
      ],
      [],
    ],
  ];
  for (const [what, schema, [value, previous], expected] of table)
    it(what, () => assert.deepEqual(problemsOf(schema, value, previous), expected));
});
