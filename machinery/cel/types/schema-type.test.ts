import assert from 'node:assert/strict';
import { describe, it } from 'node:test';
import type { Variables } from '../environment.ts';
import { makeEnvironment } from '../make-environment.ts';
import { said } from '../testing/said.ts';
import { definitionType } from './definition-type.ts';
import { escapeProperty } from './property-names.ts';
import { schemaType, type TypedSchema } from './schema-type.ts';

describe('names of properties', () => {
  const table: readonly (readonly [property: string, name: string | undefined])[] = [
    ['plain', 'plain'],
    ['x-y', 'x__dash__y'],
    ['a.b/c', 'a__dot__b__slash__c'],
    ['a__b', 'a__underscores__b'],
    ['namespace', '__namespace__'],
    ['1st', undefined],
    ['a b', undefined],
    ['', undefined],
  ];
  for (const [property, name] of table)
    it(JSON.stringify(property), () => assert.equal(escapeProperty(property), name));
});

const schema: TypedSchema = {
  type: 'object',
  properties: {
    count: { type: 'integer' },
    ratio: { type: 'number' },
    secret: { type: 'string', format: 'byte' },
    since: { type: 'string', format: 'date-time' },
    day: { type: 'string', format: 'date' },
    wait: { type: 'string', format: 'duration' },
    port: { 'x-kubernetes-int-or-string': true },
    'x-y': { type: 'boolean' },
    set: { type: 'array', items: { type: 'integer' }, 'x-kubernetes-list-type': 'set' },
    named: {
      type: 'array',
      items: { type: 'object', properties: { name: { type: 'string' }, value: { type: 'integer' } } },
      'x-kubernetes-list-type': 'map',
      'x-kubernetes-list-map-keys': ['name'],
    },
    labels: { type: 'object', additionalProperties: { type: 'string' } },
    open: { type: 'object', 'x-kubernetes-preserve-unknown-fields': true },
    anything: { 'x-kubernetes-preserve-unknown-fields': true },
    pod: { type: 'object', 'x-kubernetes-embedded-resource': true },
  },
};

describe('values of a schema', () => {
  const self = {
    ...{ count: 3, ratio: 1, secret: 'YWJj', since: '2024-01-01T00:00:00Z', day: '2024-01-02', wait: '1h' },
    ...{ port: '80%', 'x-y': true, set: [1, 2], labels: { a: 'b' }, open: { x: 1 }, anything: 1 },
    named: [
      { name: 'a', value: 1 },
      { name: 'b', value: 2 },
    ],
    pod: { apiVersion: 'v1', kind: 'Pod', metadata: { name: 'p' } },
  };
  const type = schemaType(schema);
  assert.ok(type);
  const environment = makeEnvironment({ variables: { self: type } });
  const table: readonly (readonly [expression: string, answer: string])[] = [
    ['self.count / 2', '1'],
    ['self.ratio / 2.0', '0.5'],
    ["self.secret == b'abc'", 'true'],
    ["self.since < timestamp('2024-01-01T00:00:01Z') && self.day > self.since", 'true'],
    ["self.wait == duration('60m')", 'true'],
    ["type(self.port) == string && self.port.endsWith('%')", 'true'],
    ['self.x__dash__y', 'true'],
    ['self.set == [2, 1]', 'true'],
    ['self.set + [2, 3]', '[1,2,3]'],
    ["self.named.filter(x, x.name == 'b')[0].value", '2'],
    ['(self.named + self.named).size()', '2'],
    ["self.labels.all(k, v, k == 'a' && v == 'b')", 'true'],
    ['self.open.x == 1', "ERROR: <input>:1:10: undefined field 'x'"],
    ['self.anything == 1', "ERROR: <input>:1:5: undefined field 'anything'"],
    ["self.pod.metadata.name == 'p' && self.pod.kind == 'Pod'", 'true'],
    ["self.count == 'a'", "ERROR: <input>:1:12: found no matching overload for '_==_' applied to '(int, string)'"],
  ];
  for (const [expression, answer] of table)
    it(expression, () => assert.equal(said(expression, { self }, environment), answer));

  const wrong: readonly (readonly [value: Variables, answer: string])[] = [
    [{ count: 'x' }, '! invalid data, expected int, got string'],
    [{ count: 1.5 }, '! invalid data, expected int, got float64'],
    [{}, '! no such key: count'],
  ];
  for (const [value, answer] of wrong)
    it(`tell ${JSON.stringify(value)}`, () =>
      assert.equal(said('self.count == 1', { self: value }, environment), answer));
});

describe('values of a published definition', () => {
  const environment = makeEnvironment({ variables: { object: definitionType('io.k8s.api.core.v1.Pod') } });
  const object = {
    metadata: { namespace: 'a' },
    spec: { containers: [{ name: 'x', resources: { limits: { cpu: '1' } } }] },
  };
  const table: readonly (readonly [expression: string, answer: string])[] = [
    ["object.metadata.__namespace__ == 'a'", 'true'],
    ["object.spec.containers.all(c, quantity(c.resources.limits['cpu']).isLessThan(quantity('2')))", 'true'],
    ['object.spec.replicas == 1', "ERROR: <input>:1:12: undefined field 'replicas'"],
  ];
  for (const [expression, answer] of table)
    it(expression, () => assert.equal(said(expression, { object }, environment), answer));
});
