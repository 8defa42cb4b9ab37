import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { FieldErrors, FieldPath } from '../../machinery/field-errors.ts';
import type { JsonSchema } from '../../machinery/structural/json-schema.ts';
import { newSchemaOptions, type SchemaOptions, validateSchema } from './structural-rules.ts';

/** Places below `s.properties[a]`, where the schema under test stands. */
function problemsOf(schema: JsonSchema): string[] {
  const errors = new FieldErrors();
  const root: JsonSchema = { type: 'object', properties: { a: schema } };
  validateSchema(root, FieldPath.of('s'), newSchemaOptions, errors);
  return errors.list.map(({ field, message }) => `${field.replace('s.properties[a]', '')}: ${message}`);
}

describe('structural schemas', () => {
  const table: [string, JsonSchema, string[]][] = [
    ['a word', { type: 'string', pattern: '^(?i)x$', maxLength: 3 }, []],
    [
      'a number or a text',
      { 'x-kubernetes-int-or-string': true, anyOf: [{ type: 'integer' }, { type: 'string' }] },
      [],
    ],
    ['a map', { type: 'object', additionalProperties: { type: 'string' } }, []],
    ['no type', {}, ['.type: Required value: must not be empty for specified object fields']],
    [
      'items without type',
      { type: 'array', items: {} },
      ['.items.type: Required value: must not be empty for specified array items'],
    ],
    [
      'an unknown type',
      { type: 'word' },
      [
        '.type: Unsupported value: "word": supported values: "array", "boolean", "integer", "number", "object", "string"',
      ],
    ],
    [
      'properties and additional ones',
      { type: 'object', properties: { b: { type: 'string' } }, additionalProperties: { type: 'string' } },
      ['.additionalProperties: Forbidden: additionalProperties and properties are mutual exclusive'],
    ],
    [
      'structure in a junctor',
      { type: 'object', allOf: [{ title: 't', 'x-kubernetes-map-type': 'atomic', properties: { metadata: {} } }] },
      [
        '.allOf[0].properties[metadata]: Forbidden: must not be specified in a nested context',
        '.allOf[0].title: Forbidden: must be empty to be structural',
        '.allOf[0].x-kubernetes-map-type: Forbidden: must be undefined to be structural',
        '.allOf[0].type: Required value: must be object if x-kubernetes-map-type is specified',
      ],
    ],
    [
      'an embedded list',
      {
        type: 'array',
        items: { type: 'string' },
        'x-kubernetes-embedded-resource': true,
        'x-kubernetes-preserve-unknown-fields': true,
      },
      ['.type: Invalid value: "array": must be object if x-kubernetes-embedded-resource is true'],
    ],
    [
      'a look-ahead',
      { type: 'string', pattern: '(?!x)' },
      [
        '.pattern: Invalid value: "(?!x)": must be a valid regular expression, but isn\'t: error parsing regexp: invalid or unsupported Perl syntax: `(?!`',
      ],
    ],
    [
      'a default of another type',
      { type: 'integer', default: 'x' },
      ['.default: Invalid value: "string":  in body must be of type integer: "string"'],
    ],
    [
      'a default beyond the bounds',
      { type: 'integer', maximum: 3, exclusiveMaximum: true, default: 3 },
      ['.default: Invalid value: 3:  in body should be less than 3'],
    ],
    [
      'a bound that is no whole number',
      { type: 'integer', format: 'int32', minimum: 0.5, default: 1 },
      ['.default: Invalid value: "": Minimum boundary value must be of type integer with format int32 in '],
    ],
    [
      'a default deeper inside',
      {
        type: 'array',
        items: { type: 'object', required: ['b'], properties: { b: { type: 'string' } } },
        default: [{}],
      },
      ['.default.[0].b: Required value'],
    ],
  ];
  for (const [what, schema, expected] of table)
    it(`${expected.length === 0 ? 'may be' : 'are not'} ${what}`, () => assert.deepEqual(problemsOf(schema), expected));
});

describe('what a definition need not follow', () => {
  const problems = (schema: JsonSchema, options: Partial<SchemaOptions>) => {
    const errors = new FieldErrors();
    validateSchema(
      { type: 'object', properties: { a: schema } },
      FieldPath.of('s'),
      { ...newSchemaOptions, ...options },
      errors,
    );
    return errors.list.length;
  };
  const table: [keyof SchemaOptions, JsonSchema][] = [
    ['allowsNonStructural', {}],
    ['allowsOddSets', { type: 'array', items: { type: 'object' }, 'x-kubernetes-list-type': 'set' }],
    [
      'allowsOddListItems',
      { type: 'array', items: { type: 'string', nullable: true }, 'x-kubernetes-list-type': 'set' },
    ],
    ['allowsUnprunedDefaults', { type: 'object', default: { b: 1 } }],
  ];
  for (const [option, schema] of table)
    it(option, () => assert.deepEqual([problems(schema, {}), problems(schema, { [option]: true })], [1, 0]));
});

describe('rules in a schema', () => {
  const ruled = (
    rule: object,
    schema: JsonSchema = { type: 'object', properties: { 'b-c': { type: 'string', maxLength: 9 } } },
  ) => problemsOf({ ...schema, 'x-kubernetes-validations': [rule] }).map((text) => text.replace(/\{.*\}: /, ''));
  const at = '.x-kubernetes-validations[0]';
  const table: [string, object, string[]][] = [
    ['a field', { rule: 'self.b__dash__c == "x"' }, []],
    ['a field that is asked for', { rule: '!has(self.b__dash__c)' }, []],
    ['its former value', { rule: 'self == oldSelf' }, []],
    ['a field by its path', { rule: 'true', fieldPath: "['b-c']" }, []],
    [
      'a field that is not there',
      { rule: 'self.nope == 1' },
      [
        `${at}.rule: Invalid value: compilation failed: ERROR: <input>:1:5: undefined field 'nope'\n | self.nope == 1\n | ....^`,
      ],
    ],
    [
      'no field by its path',
      { rule: 'true', fieldPath: 'b' },
      [`${at}.fieldPath: Invalid value: "b": must be a valid path`],
    ],
    [
      'a blank message',
      { rule: 'true', message: ' ' },
      [`${at}.message: Invalid value: " ": must be non-empty if specified`],
    ],
    ['a number', { rule: '1' }, [`${at}.rule: Invalid value: cel expression must evaluate to a bool`]],
    ['nothing', { rule: ' ' }, [`${at}.rule: Required value: rule is not specified`]],
  ];
  for (const [what, rule, expected] of table)
    it(`${expected.length === 0 ? 'may' : 'may not'} say ${what}`, () => assert.deepEqual(ruled(rule), expected));

  it('may not cost too much', () => {
    const schema: JsonSchema = { type: 'array', items: { type: 'string' } };
    const advice =
      '(try simplifying the rule, or adding maxItems, maxProperties, and maxLength where arrays, maps, and strings are declared)';
    assert.deepEqual(ruled({ rule: 'self.all(a, self.all(b, a != b))' }, schema), [
      `${at}.rule: Forbidden: estimated rule cost exceeds budget by factor of more than 100x ${advice}`,
      `${at}.rule: Forbidden: contributed to estimated rule cost total exceeding cost limit for entire OpenAPIv3 schema`,
      `s: Forbidden: x-kubernetes-validations estimated rule cost total for entire OpenAPIv3 schema exceeds budget by factor of more than 100x ${advice}`,
    ]);
  });

  it('may match the keys of a map, which cost nothing to an estimate', () => {
    const schema: JsonSchema = {
      type: 'object',
      maxProperties: 16,
      additionalProperties: { type: 'string', maxLength: 4096 },
    };
    assert.deepEqual(ruled({ rule: 'self.all(key, key.matches("^([a-z0-9]+/)?[A-Za-z0-9]{1,63}$"))' }, schema), []);
    assert.deepEqual(ruled({ rule: 'self.all(key, key.split("/")[0].size() < 253)' }, schema), []);
    const unbounded: JsonSchema = { ...schema, additionalProperties: { type: 'string' } };
    const [refusal] = ruled({ rule: 'self.all(key, self[key].matches("^[a-z]*[A-Za-z0-9]+[a-z]{0,9}$"))' }, unbounded);
    assert.match(refusal ?? '', /estimated rule cost exceeds budget/);
  });

  it('do not know the former items of a plain list', () => {
    const items = { type: 'string', maxLength: 9, 'x-kubernetes-validations': [{ rule: 'self == oldSelf' }] };
    assert.deepEqual(problemsOf({ type: 'array', maxItems: 9, items }), [
      '.items.x-kubernetes-validations[0].rule: Invalid value: "self == oldSelf": oldSelf cannot be used on the uncorrelatable portion of the schema within s.properties[a]',
    ]);
  });
});
