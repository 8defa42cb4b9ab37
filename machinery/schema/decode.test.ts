import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import { NumberLiteral } from '../../api/number-literal.ts';
import { parseJson } from '../json/json.ts';
import { DecodeError, decode } from './decode.ts';
import { encode } from './encode.ts';

const core = (kind: string): string => `io.k8s.api.core.v1.${kind}`;
const pod = (spec: unknown) => ({ apiVersion: 'v1', kind: 'Pod', metadata: { name: 'a' }, spec });

describe('decoding by the schema', () => {
  it('names unknown fields by their path and leaves them out', () => {
    const { object, strictErrors } = decode(core('Pod'), pod({ bogus: 1, containers: [{ name: 'c', nope: {} }] }));
    assert.deepEqual(strictErrors, ['unknown field "spec.bogus"', 'unknown field "spec.containers[0].nope"']);
    assert.deepEqual(Object.keys(object.spec as object), ['containers']);
  });

  const documents: [string, string, string[]][] = [
    [
      'as they stand in the text',
      '{"kind":"Pod","nope":1,"metadata":{"name":"a","labels":{"x":"1","x":"2"}},"spec":{"hostname":"a","no":1,"hostname":"b"},"kind":"Pod","last":1}',
      [
        'unknown field "nope"',
        'duplicate field "metadata.labels.x"',
        'unknown field "spec.no"',
        'duplicate field "spec.hostname"',
        'duplicate field "kind"',
        'unknown field "last"',
      ],
    ],
    ['once for a field that is unknown twice', '{"nope":1,"nope":{"a":1,"a":2}}', ['unknown field "nope"']],
    [
      'of items by their index',
      '{"spec":{"containers":[{"name":"a"},{"name":"b","name":"c","bad":1}]}}',
      ['duplicate field "spec.containers[1].name"', 'unknown field "spec.containers[1].bad"'],
    ],
  ];
  for (const [what, text, found] of documents) {
    it(`tells strict errors ${what}`, () => {
      const { value, places } = parseJson(text);
      assert.deepEqual(decode(core('Pod'), value, places).strictErrors, found);
    });
  }

  it('tells no more than a hundred strict errors', () => {
    const many = Object.fromEntries(Array.from({ length: 150 }, (_, index) => [`x${index}`, 1]));
    assert.equal(decode(core('Pod'), pod(many)).strictErrors.length, 100);
  });

  const refusals: [string, string, unknown, string][] = [
    [
      'an array for a struct',
      'Service',
      { spec: [] },
      'json: cannot unmarshal array into Go struct field Service.spec of type v1.ServiceSpec',
    ],
    [
      'a string for a number',
      'Service',
      { spec: { ports: [{ port: 'x' }] } },
      'json: cannot unmarshal string into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      'a fraction for a whole number',
      'Service',
      { spec: { ports: [{ port: 1.5 }] } },
      'json: cannot unmarshal number 1.5 into Go struct field ServicePort.spec.ports.port of type int32',
    ],
    [
      'a number beyond 32 bits',
      'Pod',
      { spec: { priority: 2147483648 } },
      'json: cannot unmarshal number 2147483648 into Go struct field PodSpec.spec.priority of type int32',
    ],
    [
      'a number in a map of strings',
      'ConfigMap',
      { data: { a: 1 } },
      'json: cannot unmarshal number into Go struct field ConfigMap.data of type string',
    ],
    [
      'a named type',
      'Secret',
      { type: 1 },
      'json: cannot unmarshal number into Go struct field Secret.type of type v1.SecretType',
    ],
    ['bad base64', 'Secret', { data: { a: 'x y' } }, 'illegal base64 data at input byte 1'],
    [
      'a bad time',
      'Pod',
      { status: { startTime: 'yesterday' } },
      'parsing time "yesterday" as "2006-01-02T15:04:05Z07:00": cannot parse "yesterday" as "2006"',
    ],
  ];
  for (const [what, kind, value, message] of refusals) {
    it(`refuses ${what}`, () => assert.throws(() => decode(core(kind), value), new DecodeError(message)));
  }

  const tooExact = 'number 9007199254740993 cannot be kept exactly: whole numbers beyond 2^53 are rounded';
  it('refuses whole numbers that would be rounded, and keeps those that are not', () => {
    const tolerating = (tolerationSeconds: unknown) => pod({ tolerations: [{ tolerationSeconds }] });
    const literal = (text: string) => new NumberLiteral(text);
    assert.throws(() => decode(core('Pod'), tolerating(literal('9007199254740993'))), new DecodeError(tooExact));
    const { object } = decode(core('Pod'), tolerating(literal('9007199254740994')));
    assert.deepEqual(object.spec, { containers: [], tolerations: [{ tolerationSeconds: 9007199254740994 }] });
    const revision = 'io.k8s.api.apps.v1.ControllerRevision';
    const holding = (value: unknown) => ({ data: { a: [value] } });
    assert.throws(() => decode(revision, holding(literal('9007199254740993'))), new DecodeError(tooExact));
    // Go reads a fraction, and what is beyond 64 bits, as we do.
    for (const text of ['1.50', '1e2', '99999999999999999999'])
      assert.deepEqual(decode(revision, holding(literal(text))).object.data, { a: [Number(text)] });
  });

  const definitionOf = (schema: unknown) => ({ spec: { versions: [{ schema: { openAPIV3Schema: schema } }] } });
  const crd = 'io.k8s.apiextensions-apiserver.pkg.apis.apiextensions.v1.CustomResourceDefinition';
  it('reads schemas inside schemas', () => {
    const schema = { items: { type: 'string', nope: 1, required: [] }, additionalProperties: true };
    const { object, strictErrors } = decode(crd, definitionOf({ properties: { a: schema } }));
    const { versions } = object.spec as { versions: { schema: { openAPIV3Schema: { properties: object } } }[] };
    assert.deepEqual(versions[0]?.schema.openAPIV3Schema.properties, {
      a: { items: { type: 'string', required: [] }, additionalProperties: true },
    });
    assert.deepEqual(strictErrors, []);
    for (const wrong of [
      { items: { required: {} } },
      { additionalProperties: 'x' },
      { items: { items: [{ type: 5 }] } },
    ])
      assert.throws(() => decode(crd, definitionOf(wrong)), DecodeError);
  });

  it('drops null, and what Go drops when it is empty', () => {
    const { object } = decode(core('Pod'), pod({ containers: null, hostNetwork: false, nodeName: '', priority: 0 }));
    assert.deepEqual(object.spec, { containers: [], priority: 0 });
  });

  it('treats the names of JavaScript as any other name', () => {
    const data = JSON.parse('{"__proto__": "x", "constructor": "y"}') as unknown;
    const { object } = decode(core('ConfigMap'), { data });
    assert.deepEqual(Object.keys(object.data as object).sort(), ['__proto__', 'constructor']);
    assert.equal(({} as Record<string, unknown>).x, undefined);
    assert.deepEqual(decode(core('ConfigMap'), JSON.parse('{"__proto__": {"data": {}}}')).strictErrors, [
      'unknown field "__proto__"',
    ]);
  });

  it('rounds amounts of resources to thousandths and times to UTC', () => {
    const { object } = decode(core('Pod'), {
      spec: { containers: [{ name: 'c', resources: { limits: { cpu: '1n', memory: 1 } } }] },
      status: { startTime: '2026-01-02T03:04:05+02:00' },
    });
    const { spec, status } = object as { spec: { containers: { resources: unknown }[] }; status: unknown };
    assert.deepEqual(spec.containers[0]?.resources, { limits: { cpu: '1m', memory: '1' } });
    assert.deepEqual(status, { startTime: '2026-01-02T01:04:05Z' });
  });
});

describe('encoding', () => {
  it('shows required empty lists as null and drops optional ones', () => {
    const object = { spec: { containers: [], volumes: [] } };
    encode(core('Pod'), object);
    assert.deepEqual(object.spec, { containers: null });
  });

  it('shows structs by value', () => {
    const object: Record<string, unknown> = { spec: { containers: [{ name: 'c' }] } };
    encode(core('Pod'), object);
    assert.deepEqual(object.spec, { containers: [{ name: 'c', resources: {} }] });
    assert.deepEqual(object.status, {});
  });
});
