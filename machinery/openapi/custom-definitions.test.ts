import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { objectSchemaOf } from '../schema/schema.ts';
import type { JsonSchema } from '../structural/json-schema.ts';
import { type CustomResource, customDefinitions } from './custom-definitions.ts';
import type { Dialect } from './json-schema.ts';

function resourceOf(schema: JsonSchema | undefined, preservesUnknown = false): CustomResource {
  return {
    ...{ group: 'example.dev', version: 'v1', kind: 'Widget', plural: 'widgets', namespaced: true },
    ...{ singular: 'widget', shortNames: [], categories: [], verbs: [], subresources: [] },
    schema: objectSchemaOf('io.k8s.api.core.v1.ConfigMap'),
    description: {
      definition: 'dev.example.v1.Widget',
      revision: '1',
      listKind: 'Widgets',
      versions: ['v1'],
      preservesUnknown,
      schema: () => schema,
    },
  };
}

function describedAs(schema: JsonSchema | undefined, dialect: Dialect, preservesUnknown?: boolean) {
  const entries = customDefinitions(resourceOf(schema, preservesUnknown), dialect, {});
  return new Map(entries.map(([name, make]) => [name, make()]));
}

/** What is said of the field `a`. */
function fieldAs(schema: JsonSchema, dialect: Dialect): unknown {
  const whole = describedAs({ type: 'object', properties: { a: schema } }, dialect).get('dev.example.v1.Widget');
  const { properties } = whole as { properties: Record<string, unknown> };
  return properties.a;
}

const gvk = (kind: string) => [{ group: 'example.dev', kind, version: 'v1' }];
const metadata = (definition: string) => ({
  allOf: [{ $ref: `#/components/schemas/io.k8s.apimachinery.pkg.apis.meta.v1.${definition}` }],
});

describe('what documents say of custom kinds', () => {
  it('is their schema, with what every object has', () => {
    const spec: JsonSchema = {
      type: 'object',
      description: 'As it should be.',
      properties: { size: { type: 'integer' } },
    };
    const made = describedAs({ type: 'object', description: 'A widget.', properties: { spec } }, 'v3');
    assert.deepEqual([...made.keys()], ['dev.example.v1.Widget', 'dev.example.v1.Widgets']);
    const described =
      "Standard object's metadata. More info: https://git.k8s.io/community/contributors/devel/sig-architecture/api-conventions.md#metadata";
    assert.deepEqual(made.get('dev.example.v1.Widget'), {
      type: 'object',
      description: 'A widget.',
      properties: {
        apiVersion: { type: 'string' },
        kind: { type: 'string' },
        metadata: { description: described, ...metadata('ObjectMeta') },
        spec,
      },
      'x-kubernetes-group-version-kind': gvk('Widget'),
    });
    const list = made.get('dev.example.v1.Widgets');
    assert.deepEqual(list?.['x-kubernetes-group-version-kind'], gvk('Widgets'));
    assert.deepEqual(list?.required, ['items']);
  });

  it('is nothing of their fields, where there is no schema, or in version 2 where there may be others', () => {
    const nothing = { type: 'object', 'x-kubernetes-group-version-kind': gvk('Widget') };
    const open: JsonSchema = { type: 'object', properties: {}, 'x-kubernetes-preserve-unknown-fields': true };
    assert.deepEqual(describedAs(undefined, 'v3').get('dev.example.v1.Widget'), nothing);
    assert.deepEqual(describedAs(open, 'v2').get('dev.example.v1.Widget'), nothing);
    assert.deepEqual(describedAs({ type: 'object' }, 'v2', true).get('dev.example.v1.Widget'), nothing);
    assert.ok(describedAs(open, 'v3').get('dev.example.v1.Widget')?.properties);
  });

  const intOrString: JsonSchema[] = [{ type: 'integer' }, { type: 'string' }];
  const marked: JsonSchema = { 'x-kubernetes-int-or-string': true };
  const required: JsonSchema[] = [{ required: ['b'] }];
  const b: JsonSchema = { type: 'string' };
  const preserved = { 'x-kubernetes-preserve-unknown-fields': true } as const;
  const cases: readonly (readonly [name: string, schema: JsonSchema, v3: JsonSchema, v2: JsonSchema])[] = [
    [
      'limits',
      { type: 'integer', minimum: 1, default: 3 },
      { type: 'integer', minimum: 1, default: 3 },
      { type: 'integer', minimum: 1, default: 3 },
    ],
    ['a number or text', marked, { ...marked, anyOf: intOrString }, marked],
    ['a number or text, said twice', { ...marked, anyOf: intOrString }, { ...marked, anyOf: intOrString }, marked],
    [
      'a number or text, and more',
      { ...marked, anyOf: [{ enum: [1] }] },
      { ...marked, anyOf: [{ enum: [1] }], allOf: [{ anyOf: intOrString }] },
      marked,
    ],
    [
      'null',
      { type: 'object', nullable: true, properties: { b } },
      { type: 'object', nullable: true, properties: { b } },
      {},
    ],
    [
      'a required null',
      { type: 'object', required: ['b', 'c'], properties: { b: { ...b, nullable: true } } },
      { type: 'object', required: ['b', 'c'], properties: { b: { ...b, nullable: true } } },
      { type: 'object', required: ['c'], properties: { b: {} } },
    ],
    [
      'one of several',
      { type: 'object', oneOf: required, anyOf: required, allOf: required, not: { required: ['c'] } },
      { type: 'object', oneOf: required, anyOf: required, allOf: required, not: { required: ['c'] } },
      { type: 'object' },
    ],
    [
      'unknown fields',
      { type: 'object', properties: { b }, ...preserved },
      { type: 'object', properties: { b }, ...preserved },
      preserved,
    ],
    [
      'a list of unknown things',
      { type: 'array', items: b, ...preserved },
      { type: 'array', items: b, ...preserved },
      preserved,
    ],
    [
      'any members',
      { type: 'object', additionalProperties: true },
      { type: 'object', additionalProperties: true },
      { type: 'object', additionalProperties: true },
    ],
  ];
  for (const [name, schema, v3, v2] of cases)
    it(`is in each version what it can say of ${name}`, () => {
      assert.deepEqual(fieldAs(schema, 'v3'), v3);
      assert.deepEqual(fieldAs(schema, 'v2'), v2);
    });

  it('is of a resource inside that it is one', () => {
    const template = fieldAs({ type: 'object', required: ['spec'], 'x-kubernetes-embedded-resource': true }, 'v3');
    const { required: named, properties } = template as { required: string[]; properties: object };
    assert.deepEqual(named, ['spec', 'kind', 'apiVersion']);
    assert.deepEqual(Object.keys(properties), ['apiVersion', 'kind', 'metadata']);
  });
});
