import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { gunzipSync } from 'node:zlib';
import protobuf from 'protobufjs';
import { type DocumentFormat, OpenApiDocuments } from '../machinery/openapi/openapi-documents.ts';
import type { Kind } from './kind.ts';
import { kinds } from './kind-table.ts';

/** What gnostic's own description says of the parts that we write. */
const { root } = protobuf.parse(
  `
  syntax = "proto3";
  message Any { string yaml = 2; }
  message NamedAny { string name = 1; Any value = 2; }
  message Reference { string _ref = 1; }
  message SchemaOrReference { oneof oneof { Schema schema = 1; Reference reference = 2; } }
  message NamedSchemaOrReference { string name = 1; SchemaOrReference value = 2; }
  message Schemas { repeated NamedSchemaOrReference additional_properties = 1; }
  message ItemsItem { repeated SchemaOrReference schema_or_reference = 1; }
  message AdditionalPropertiesItem { oneof oneof { SchemaOrReference schema_or_reference = 1; bool boolean = 2; } }
  message DefaultItem { oneof oneof { double number = 1; bool boolean = 2; string string = 3; } }
  message Schema {
    bool nullable = 1; string title = 9; double multiple_of = 10; double maximum = 11; bool exclusive_maximum = 12;
    double minimum = 13; bool exclusive_minimum = 14; int32 max_length = 15; int32 min_length = 16; string pattern = 17;
    int32 max_items = 18; int32 min_items = 19; int32 max_properties = 21; int32 min_properties = 22;
    repeated Any enum = 24; repeated SchemaOrReference any_of = 28; Schema not = 29; DefaultItem default = 33;
    bool unique_items = 20; repeated string required = 23; string type = 25; repeated SchemaOrReference all_of = 26;
    repeated SchemaOrReference one_of = 27; ItemsItem items = 30; Schemas properties = 31;
    AdditionalPropertiesItem additional_properties = 32; string description = 34; string format = 35;
    repeated NamedAny specification_extension = 36;
  }
  message MediaType { SchemaOrReference schema = 1; }
  message NamedMediaType { string name = 1; MediaType value = 2; }
  message MediaTypes { repeated NamedMediaType additional_properties = 1; }
  message Parameter { string name = 1; string in = 2; string description = 3; bool required = 4; SchemaOrReference schema = 10; }
  message ParameterOrReference { Parameter parameter = 1; }
  message RequestBody { MediaTypes content = 2; bool required = 3; }
  message RequestBodyOrReference { RequestBody request_body = 1; }
  message Response { string description = 1; MediaTypes content = 3; }
  message ResponseOrReference { Response response = 1; }
  message NamedResponseOrReference { string name = 1; ResponseOrReference value = 2; }
  message Responses { repeated NamedResponseOrReference response_or_reference = 2; }
  message Operation {
    repeated string tags = 1; string operation_id = 5; repeated ParameterOrReference parameters = 6;
    RequestBodyOrReference request_body = 7; Responses responses = 8; repeated NamedAny specification_extension = 13;
  }
  message PathItem {
    Operation get = 4; Operation put = 5; Operation post = 6; Operation delete = 7; Operation patch = 10;
    repeated ParameterOrReference parameters = 13;
  }
  message NamedPathItem { string name = 1; PathItem value = 2; }
  message Paths { repeated NamedPathItem path = 1; }
  message Info { string title = 1; string version = 6; }
  message Components { Schemas schemas = 1; }
  message Document { string openapi = 1; Info info = 2; Paths paths = 4; Components components = 5; }`,
  { keepCase: true },
);

/** The JSON that a decoded message stands for. */
function toJson(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(toJson);
  if (!(value instanceof protobuf.Message)) return value;
  const { name } = value.$type;
  if (name === 'Any') return JSON.parse(String(Reflect.get(value, 'yaml')));
  const members = Object.entries(value.toJSON() as object).map(([key]) => [key, Reflect.get(value, key)] as const);
  if (name === 'Reference') return { $ref: Reflect.get(value, '_ref') };
  // One of several, lists of one, and maps: what is inside is all there is.
  if (name.endsWith('OrReference')) return toJson(members[0]?.[1]);
  if (name.endsWith('Item') && name !== 'PathItem') return toJson([members[0]?.[1]].flat()[0]);
  const isMap = members.length === 1 && Array.isArray(members[0]?.[1]) && isNamed(members[0][1][0]);
  if (isMap && members[0]?.[0] !== 'specification_extension') return fromNamed(members[0]?.[1]);
  const plain = members.filter(([key]) => key !== 'specification_extension');
  const extensions = Reflect.get(value, 'specification_extension') as NamedAny[] | undefined;
  return Object.fromEntries([
    ...plain.map(([key, member]) => [camel(key), toJson(member)]),
    ...(extensions ?? []).map((one) => [one.name, JSON.parse(one.value.yaml)]),
  ]);
}

interface NamedAny {
  readonly name: string;
  readonly value: { readonly yaml: string };
}

const isNamed = (item: unknown): boolean => item instanceof protobuf.Message && item.$type.name.startsWith('Named');
const fromNamed = (list: readonly { readonly name: string; readonly value: unknown }[]): object =>
  Object.fromEntries(list.map(({ name, value }) => [name, toJson(value)]));
const camel = (key: string): string => key.replace(/_(\w)/g, (_, letter: string) => letter.toUpperCase());

/** Says everything that a definition can say, and a document can. */
const everything = {
  type: 'object',
  title: 'A widget',
  required: ['spec'],
  properties: {
    spec: {
      type: 'object',
      nullable: true,
      minProperties: 1,
      maxProperties: 9,
      properties: {
        size: { type: 'integer', format: 'int32', minimum: 1, maximum: 9.5, exclusiveMaximum: true, multipleOf: 2 },
        low: { type: 'number', minimum: 2, exclusiveMinimum: true, default: 2.5 },
        color: {
          type: 'string',
          minLength: 1,
          maxLength: 9,
          pattern: '^[a-z]+$',
          enum: ['red', 'blue'],
          default: 'red',
        },
        on: { type: 'boolean', default: true, description: 'Whether it runs.' },
        parts: { type: 'array', minItems: 1, maxItems: 3, uniqueItems: true, items: { type: 'string' } },
        labels: { type: 'object', additionalProperties: { type: 'string' } },
        open: { type: 'object', additionalProperties: true },
        port: { 'x-kubernetes-int-or-string': true, not: { enum: [0] } },
        some: {
          type: 'object',
          oneOf: [{ required: ['a'] }, { required: ['b'] }],
          'x-kubernetes-validations': [{ rule: 'true' }],
        },
      },
    },
  },
};

const configMap = kinds.find(({ kind }) => kind === 'ConfigMap');
assert.ok(configMap);
const widget: Kind = {
  ...configMap,
  ...{ group: 'example.dev', version: 'v1', kind: 'Widget', plural: 'widgets' },
  description: {
    definition: 'dev.example.v1.Widget',
    revision: '1',
    listKind: 'WidgetList',
    versions: ['v1'],
    preservesUnknown: false,
    schema: () => everything,
  },
};

const documents = new OpenApiDocuments(() => [...kinds, widget], 'v1.36.0');

async function unpacked(path: string, format: DocumentFormat): Promise<Buffer> {
  const document = documents.v3(path, format);
  assert.ok(document !== undefined);
  return gunzipSync(await document.gzip());
}

describe('OpenAPI 3 in protobuf', () => {
  const type = root.lookupType('Document');
  const groupVersions = [
    'api/v1',
    'apis/apps/v1',
    'apis/batch/v1',
    'apis/autoscaling/v2',
    'version',
    'apis/example.dev/v1',
  ];
  for (const path of groupVersions) {
    it(`says of ${path} what its JSON says`, async () => {
      const [json, message] = await Promise.all([unpacked(path, 'json'), unpacked(path, 'protobuf')]);
      assert.deepEqual(toJson(type.decode(message)), withoutEmpty(JSON.parse(json.toString())));
    });
  }
});

/** Empty members are not on the wire. */
function withoutEmpty(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(withoutEmpty);
  if (typeof value !== 'object' || value === null) return value;
  const members = Object.entries(value).map(
    ([key, member]) => [key, key.startsWith('x-') ? member : withoutEmpty(member)] as const,
  );
  return Object.fromEntries(members.filter(([key, member]) => key.startsWith('x-') || !isEmpty(member)));
}

const isEmpty = (value: unknown): boolean =>
  value === '' || value === false || (typeof value === 'object' && value !== null && Object.keys(value).length === 0);
